"""The health application: `/health`, `/ready` and `/live`, for people and probes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.health import CheckResult, HealthChecker, report_body, status_code
from application.pipeline_health import PipelineHealth

PIPELINE = "pipeline"
"""Key of the pipeline's own check. `/ready` puts its judgement of readiness in its place."""


def create_health_app(
    checker: HealthChecker,
    pipeline: PipelineHealth | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """
    Make the application.

    Args:
        checker: Its checks are run for `/health` and `/ready`.
        pipeline: Judged as well; None where this process runs no pipeline.
        clock: Gives the time of a report.
    """

    async def health(_: Request) -> Response:
        results = await checker.results()
        if pipeline is not None:
            results[PIPELINE] = pipeline.health()
        return _answer(results, clock())

    async def ready(_: Request) -> Response:
        results = await checker.results()
        if pipeline is not None:
            results[PIPELINE] = pipeline.readiness()
        return _answer(results, clock())

    async def live(_: Request) -> Response:
        results = {} if pipeline is None else {PIPELINE: pipeline.liveness()}
        return _answer(results, clock())

    return Starlette(
        routes=[Route("/health", health), Route("/ready", ready), Route("/live", live)],
    )


def _answer(results: Mapping[str, CheckResult], now: datetime) -> Response:
    return Response(
        msgspec.json.encode(report_body(results, now)),
        status_code=status_code(results),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
