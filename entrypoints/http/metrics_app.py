"""The metrics application: `/metrics`, as Prometheus and OpenMetrics clients ask for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import CdcAuditError

logger = logging.getLogger(__name__)

REFRESH_TIMEOUT = 2.0
"""Seconds that a scrape waits for fresh numbers before it is answered with the last ones."""


class MetricsText(Protocol):
    """Something that can write its metrics down."""

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """
        Write all metrics in the format that suits the header `accept` best.

        Returns:
            The body and its content type.
        """
        ...


def create_metrics_app(
    metrics: MetricsText, *, refresh: Callable[[], Awaitable[None]] | None = None
) -> Starlette:
    """
    Make the application.

    Args:
        metrics: What is written down.
        refresh: Called before each scrape, for numbers that must be asked for. When it fails or
            takes longer than `REFRESH_TIMEOUT`, the scrape goes on without.
    """

    async def scrape(request: Request) -> Response:
        if refresh is not None:
            try:
                await asyncio.wait_for(refresh(), REFRESH_TIMEOUT)
            except (TimeoutError, CdcAuditError) as error:
                logger.warning("metrics not refreshed", extra={"error": str(error)})
        body, content_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return Starlette(routes=[Route("/metrics", scrape)])
