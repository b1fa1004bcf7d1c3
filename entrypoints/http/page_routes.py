"""The pages: templates filled with what the trail answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from application.query_trail import QueryTrail, TrailPage
from application.reports import PipelineState, PipelineStatus
from application.trail_query import StoredRecord, TrailQuery
from domain.operation import OperationTypeEnum
from entrypoints.http.api_changes import begin
from entrypoints.http.api_parameters import (
    FILTERS,
    BadParameterError,
    Filters,
    read_filters,
    read_id,
    trail_query,
    write_cursor,
    write_place,
)
from entrypoints.http.api_problems import UNPROCESSABLE, no_such_change, problem_of
from entrypoints.http.api_structs import Problem
from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.looks import counted, note_rows
from entrypoints.http.page_times import for_input
from entrypoints.http.page_values import visible
from entrypoints.http.page_view import change_view, row_view

_TEMPLATES = Path(__file__).parent / "templates"
_ROW = "_row.html"
_QUARANTINED = "quarantined"


class StatusView(msgspec.Struct, frozen=True):
    """The pipeline's state for the header."""

    state: str
    is_well: bool
    reason: str | None
    quarantined: int
    lag: int | None


class Pages:
    """
    The routes of the page.

    Args:
        trail: Answers questions to the trail.
        live: Makes streams of changes.
        status: Tells the pipeline's state; None where no pipeline runs in this process.
        clock: Tells the time.
    """

    def __init__(
        self,
        trail: QueryTrail,
        live: LiveChanges,
        *,
        status: Callable[[], PipelineStatus] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._trail = trail
        self._live = live
        self._status = status
        self._clock = clock
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (
            Route("/", self.changes),
            Route("/changes/stream", self.stream),
            Route("/changes/{id}", self.change),
            Route("/status", self.status),
        )

    async def changes(self, request: Request) -> Response:
        """The latest changes."""
        parameters = request.query_params
        filters = Filters()
        try:
            filters = read_filters(parameters.multi_items(), besides=("before",))
            query = trail_query(filters, before=parameters.get("before"))
        except BadParameterError as error:
            shown = {name: parameters[name] for name in FILTERS if name in parameters}
            return self._list(Filters(**shown), problem=problem_of(error))
        page = await self._trail.latest(query)
        note_rows(request, len(page.changes))
        return self._list(filters, query=query, page=page)

    async def change(self, request: Request) -> Response:
        """One change."""
        text = request.path_params["id"]
        coordinates = read_id(text)
        stored = None if coordinates is None else await self._trail.change(*coordinates)
        note_rows(request, int(stored is not None))
        if stored is None:
            return self.problem(request, no_such_change(text))
        return self.html("change.html", {"change": change_view(stored, self._clock())})

    async def stream(self, request: Request) -> Response:
        """Lines of the list, as the changes are committed."""
        filters = read_filters(request.query_params.multi_items(), besides=("after",))
        query = trail_query(filters)
        return self._live.response(
            await begin(self._trail, request), query, counted(request, self._line)
        )

    async def status(self, _: Request) -> Response:
        """The state in the header, for itself."""
        return self.html("_status.html", {})

    def problem(self, _: Request, problem: Problem) -> Response:
        """A page that says what is wrong."""
        return self.html("problem.html", {"problem": problem}, status_code=problem.status)

    def _list(
        self,
        filters: Filters,
        *,
        query: TrailQuery | None = None,
        page: TrailPage | None = None,
        problem: Problem | None = None,
    ) -> Response:
        now = self._clock()
        changes = page.changes if page else ()
        used = filters.used()
        older = page.older if page else None
        is_first = query is not None and query.before is None
        context = {
            "filters": filters,
            "used": {name: visible(value) for name, value in used.items()},
            "inputs": _inputs(query),
            "problem": problem,
            "operations": list(OperationTypeEnum),
            "rows": [row_view(stored, now) for stored in changes],
            "is_first": is_first,
            "newest_url": _url("/", used),
            "older_url": _url("/", {**used, "before": write_place(older)}) if older else None,
            "stream_url": _url("/changes/stream", {**used, "after": write_cursor(page.cursor)})
            if page and is_first
            else None,
            "without": {
                name: _url("/", {n: v for n, v in used.items() if n != name}) for name in used
            },
        }
        code = UNPROCESSABLE if problem else 200
        return self.html("changes.html", context, status_code=code)

    def _line(self, stored: StoredRecord) -> str:
        row = row_view(stored, self._clock())
        return self._templates.get_template(_ROW).render(row=row)

    def html(self, template: str, context: Mapping[str, Any], status_code: int = 200) -> Response:
        """A template, filled."""
        text = self._templates.get_template(template).render(
            pipeline=_status_view(self._status()) if self._status else None, **context
        )
        return HTMLResponse(text, status_code=status_code, headers={"Cache-Control": "no-store"})


def _status_view(status: PipelineStatus) -> StatusView:
    return StatusView(
        state=status.state.value,
        is_well=status.state in (PipelineState.RUNNING, PipelineState.STANDBY),
        reason=status.reason,
        quarantined=status.records.get(_QUARANTINED, 0),
        lag=status.lag,
    )


def _inputs(query: TrailQuery | None) -> Mapping[str, str]:
    """The times as an input of type datetime-local takes them."""
    if query is None:
        return {"since": "", "until": ""}
    return {
        "since": for_input(query.since) if query.since is not None else "",
        "until": for_input(query.until) if query.until is not None else "",
    }


def _url(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
