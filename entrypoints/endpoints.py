"""What one process serves over HTTP: health, metrics, and the page."""

import asyncio
from collections.abc import Callable, Sequence

from application.reports import PipelineStatus
from entrypoints.http.config import PageConfig
from entrypoints.http.page_access import PageAccess
from entrypoints.http.page_app import page_app
from entrypoints.http.serving import Endpoint
from entrypoints.http.site import TrailSite
from entrypoints.monitoring import MonitoringService


def service_endpoints(
    page: PageConfig,
    *,
    monitoring: MonitoringService,
    site: TrailSite,
    status: Callable[[], PipelineStatus],
    access: PageAccess,
) -> Sequence[Endpoint]:
    """
    List what is served, health first: probes are answered while the rest starts.

    Args:
        page: Where the page is served, if it is.
        monitoring: Gives health and metrics.
        site: The trail, for the page.
        status: Tells the pipeline's state for the page's header.
        access: Who may look at the page.
    """
    endpoints = list(monitoring.endpoints())
    if page.enabled:
        closing = asyncio.Event()
        app = page_app(
            site,
            status=status,
            closing=closing,
            allowed_hosts=page.allowed_hosts,
            access=access,
        )
        endpoints.append(
            Endpoint(
                name="page",
                app=app,
                host=page.host,
                port=page.port,
                setting="http.port",
                closing=closing,
            )
        )
    return endpoints
