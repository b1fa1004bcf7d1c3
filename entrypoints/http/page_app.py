"""
The page and `/api/v1`: the trail, read by people and programs.

| path | what |
|---|---|
| ``/``, ``/search`` | the latest changes, with filters; works without JavaScript |
| ``/changes/{id}``, ``/put-back`` | one change, before and after; the SQL that reverts it |
| ``/rows``, ``/transactions`` | a row through time; all changes of a transaction |
| ``/diff`` | a row, or the rows of a table, at two times |
| ``/statistics`` | how much happened, by table, operation and user |
| ``/quarantine``, ``/gaps``, ``/health`` | what the trail lacks, and what can be done about it |
| ``/changes/stream`` | the lines of `/` as they arrive (Server-Sent Events) |
| ``/status`` | the pipeline's state in the header of the page |
| ``/api/v1/changes``, ``/{id}``, ``/stream`` | the same for programs |
| ``/login``, ``/logout`` | a session for a token, or from an OpenID provider |
| ``/static/...`` | style, scripts, icon |

    SecurityHeaders ──▶ OwnHosts ──▶ session ──▶ AccessGuard ──▶ routes
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from application.reports import PipelineStatus
from domain.access import NotAllowedError
from domain.errors import RepositoryError
from entrypoints.http.access_guard import AccessGuard
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.api_problems import AWAY, is_api, problem_of, problem_response
from entrypoints.http.api_routes import api_routes
from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.page_access import PageAccess, in_session, login_pages, open_access
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_security import OwnHosts, SecurityHeaders
from entrypoints.http.page_site import site_routes
from entrypoints.http.site import TrailSite

logger = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"


def page_app(  # noqa: PLR0913 - everything has a default but the site
    site: TrailSite,
    *,
    status: Callable[[], PipelineStatus] | None = None,
    closing: asyncio.Event | None = None,
    allowed_hosts: Sequence[str] = (),
    access: PageAccess | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ASGIApp:
    """
    Make the application.

    Args:
        site: The trail, and what can be looked after in it.
        status: Tells the pipeline's state for the header; None where no pipeline runs here.
        closing: Set when the server is about to stop: live streams end then.
        allowed_hosts: Host names that requests may name, besides the loopback ones.
        access: Who may look, and where looks are written down; None lets everybody, and
            writes nothing down.
        clock: Tells the time, for "5 min ago".
    """
    access = access or open_access()
    trail = site.questions.trail
    live = LiveChanges(trail, closing or asyncio.Event())
    render = Renderer(status=status, clock=clock)

    async def failed(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if isinstance(error, RepositoryError):
            logger.warning("trail not readable for a request", extra={"error": str(error)})
        if is_api(request):
            return problem_response(problem, error)
        return render.problem(request, problem)

    app = Starlette(
        routes=[
            *site_routes(site, live, render),
            *login_pages(access, render.html).routes(),
            Mount("/api/v1", routes=api_routes(site, live, access.log)),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={
            BadParameterError: failed,
            RepositoryError: failed,
            **dict.fromkeys(AWAY, failed),
            HTTPException: failed,
            NotAllowedError: failed,
            Exception: failed,
        },
    )
    # Around the application, not within: Starlette answers 500 outside its own middleware.
    guarded = AccessGuard(app, identities=access.identities, log=access.log, refuse=failed)
    return SecurityHeaders(OwnHosts(in_session(guarded, access), allowed=allowed_hosts))
