"""Fills the templates, and tells each page who looks at it."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from application.reports import PipelineState, PipelineStatus
from domain.access import Principal, Role
from entrypoints.http.api_structs import Problem
from entrypoints.http.identities import SESSION_CSRF
from entrypoints.http.page_times import count

_TEMPLATES = Path(__file__).parent / "templates"
_QUARANTINED = "quarantined"
_ENDS_HERE = frozenset({"session", "oidc"})
_PLACES = (
    ("/", "Changes"),
    ("/search", "Search"),
    ("/statistics", "Statistics"),
    ("/quarantine", "Quarantine"),
    ("/gaps", "Gaps"),
    ("/health", "Health"),
)
_MICROSECONDS = 1_000_000
_OF_CHANGES = ("/changes/", "/rows", "/diff", "/transactions")


class StatusView(msgspec.Struct, frozen=True):
    """The pipeline's state for the header."""

    state: str
    is_well: bool
    reason: str | None
    quarantined: int
    lag: int | None


class PlaceView(msgspec.Struct, frozen=True):
    """A page in the navigation."""

    url: str
    name: str
    is_here: bool


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who looks.

    Attributes:
        name: Their name; None where nobody is asked.
        role: What they may do.
        csrf: What their forms carry; None where they have none.
        is_operator: Whether they may acknowledge, retry and resolve.
        can_log_out: Whether they have a session that can end.
    """

    name: str | None
    role: str
    csrf: str | None
    is_operator: bool
    can_log_out: bool


class Renderer:
    """
    Makes pages of templates.

    Args:
        status: Tells the pipeline's state; None where no pipeline runs in this process.
        clock: Tells the time.
    """

    def __init__(
        self, *, status: Callable[[], PipelineStatus] | None, clock: Callable[[], datetime]
    ) -> None:
        self._status = status
        self.clock = clock
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,  # else every line of a list asks the disk whether it still is so
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["count"] = count

    def now(self) -> int:
        """The time; microseconds since 1970, UTC."""
        return int(self.clock().timestamp() * _MICROSECONDS)

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], status_code: int = 200
    ) -> Response:
        """A page for whoever sent `request`."""
        who: Principal | None = getattr(request.state, "principal", None)
        told = {**context, "visitor": _visitor(request, who), "places": _places(request.url.path)}
        return self.html(template, told, status_code)

    def html(self, template: str, context: Mapping[str, Any], status_code: int = 200) -> Response:
        """A page for anybody."""
        pipeline = _status_view(self._status()) if self._status else None
        nobody: Mapping[str, Any] = {"visitor": None, "places": ()}
        text = self.text(template, {"pipeline": pipeline, **nobody, **context})
        return HTMLResponse(text, status_code=status_code, headers={"Cache-Control": "no-store"})

    def text(self, template: str, context: Mapping[str, Any]) -> str:
        """A template, filled."""
        return self._templates.get_template(template).render(**context)

    def problem(self, request: Request, problem: Problem) -> Response:
        """A page that says what is wrong."""
        return self.page(request, "problem.html", {"problem": problem}, problem.status)


def _visitor(request: Request, who: Principal | None) -> Visitor | None:
    if who is None:
        return None
    is_operator = who.role.includes(Role.OPERATOR)
    can_log_out = who.via in _ENDS_HERE
    csrf: str | None = request.session.get(SESSION_CSRF)
    if csrf is None and (is_operator or can_log_out):
        csrf = secrets.token_urlsafe(32)
        request.session[SESSION_CSRF] = csrf
    return Visitor(
        name=None if who.via == "open" else who.name,
        role=who.role.value,
        csrf=csrf,
        is_operator=is_operator,
        can_log_out=can_log_out,
    )


def _places(path: str) -> list[PlaceView]:
    found = [
        PlaceView(url, name, path == url or (url != "/" and path.startswith(f"{url}/")))
        for url, name in _PLACES
    ]
    if path.startswith(_OF_CHANGES):
        found[0] = msgspec.structs.replace(found[0], is_here=True)
    return found


def _status_view(status: PipelineStatus) -> StatusView:
    return StatusView(
        state=status.state.value,
        is_well=status.state in (PipelineState.RUNNING, PipelineState.STANDBY),
        reason=status.reason,
        quarantined=status.records.get(_QUARANTINED, 0),
        lag=status.lag,
    )
