"""The list of changes, and one change: templates filled with what the trail answers."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.missing_parts import among
from application.query_trail import TrailPage
from application.trail_query import BoundedCount, StoredRecord, TrailQuery
from domain.operation import OperationTypeEnum
from domain.row_identity import row_of
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
from entrypoints.http.page_links import row_url, transaction_of_url, url
from entrypoints.http.page_missing import Todo, missing_view, todo_of
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import seen_site
from entrypoints.http.page_search_links import export_links, two_times_url
from entrypoints.http.page_times import for_input
from entrypoints.http.page_values import visible
from entrypoints.http.page_view import change_view, row_view
from entrypoints.http.site import TrailSite

_ROW = "_row.html"
_BESIDES = ("before", "view")
_LONGEST_NAME = 100
_MOST_COUNTED = 1_000
_MOST_TODO = 100
_FINE = frozenset({"user", "changed", "value", "text", "transaction", "source", "database"})
"""Filters of the search that the first row of fields has no room for."""


class Pages:
    """
    The routes of the list of changes.

    Args:
        site: The trail.
        live: Makes streams of changes.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, live: LiveChanges, render: Renderer) -> None:
        self._site = site
        self._live = live
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (
            Route("/", self.changes),
            Route("/search", self.changes),
            Route("/changes/stream", self.stream),
            Route("/changes/{id}", self.change),
            Route("/status", self.status),
        )

    async def changes(self, request: Request) -> Response:
        """The latest changes."""
        parameters = request.query_params
        try:
            filters = read_filters(parameters.multi_items(), besides=_BESIDES)
            query = trail_query(filters, before=parameters.get("before"))
        except BadParameterError as error:
            shown = {name: parameters[name] for name in FILTERS if name in parameters}
            return self._list(request, Filters(**shown), problem=problem_of(error))
        ask = seen_site(self._site, request).questions
        page = await ask.trail.latest(query)
        note_rows(request, len(page.changes))
        total: BoundedCount | None = None
        todo: Sequence[Todo] = ()
        if request.url.path != "/" and filters.used():
            total = await ask.counter.count(query, at_most=_MOST_COUNTED)
        elif _is_home(request, query, filters):
            missing = await ask.missing.missing(
                streams=None, since=None, until=None, limit=_MOST_TODO
            )
            todo = todo_of(missing)
        return self._list(request, filters, query=query, page=page, total=total, todo=todo)

    async def change(self, request: Request) -> Response:
        """One change."""
        text = request.path_params["id"]
        coordinates = read_id(text)
        ask = seen_site(self._site, request).questions
        stored = None if coordinates is None else await ask.trail.change(*coordinates)
        note_rows(request, int(stored is not None))
        if stored is None:
            return self._render.problem(request, no_such_change(text))
        at = stored.record.change_timestamp
        missing = await among(ask.missing, [stored], since=at, until=at + 1)
        context = {
            "change": change_view(stored, self._render.clock()),
            "links": _links(stored),
            "is_inline": request.query_params.get("view") == "inline",
            "missing": missing_view(missing),
        }
        return self._render.page(request, "change.html", context)

    async def stream(self, request: Request) -> Response:
        """Lines of the list, as the changes are committed."""
        filters = read_filters(request.query_params.multi_items(), besides=("after",))
        query = trail_query(filters)
        trail = seen_site(self._site, request).questions.trail
        return self._live.over(trail).response(
            await begin(trail, request), query, counted(request, self._line)
        )

    async def status(self, _: Request) -> Response:
        """The state in the header, for itself."""
        return self._render.html("_status.html", {})

    def _list(  # noqa: PLR0913 - what a list is made of
        self,
        request: Request,
        filters: Filters,
        *,
        query: TrailQuery | None = None,
        page: TrailPage | None = None,
        total: BoundedCount | None = None,
        todo: Sequence[Todo] = (),
        problem: Problem | None = None,
    ) -> Response:
        now = self._render.clock()
        path = request.url.path
        used = filters.used()
        older = page.older if page else None
        is_first = query is not None and query.before is None
        after = {"after": write_cursor(page.cursor)} if page else {}
        view = request.query_params.get("view", "")[:_LONGEST_NAME].strip()
        kept = {**used, "view": view} if view else used
        context = {
            "path": path,
            "filters": filters,
            "used": {name: visible(value) for name, value in used.items()},
            "view": visible(view),
            "inputs": _inputs(query),
            "is_fine": path != "/" or bool(_FINE & used.keys()),
            "problem": problem,
            "operations": list(OperationTypeEnum),
            "rows": [row_view(stored, now) for stored in (page.changes if page else ())],
            "total": total,
            "todo": todo,
            "is_first": is_first,
            "exports": export_links(used) if path != "/" or used else (),
            "two_times_url": two_times_url(filters, query),
            "facets_url": url("/facets", {} if problem else used),
            "newest_url": url(path, kept),
            "older_url": url(path, {**kept, "before": write_place(older)}) if older else None,
            "stream_url": url("/changes/stream", {**used, **after}) if page and is_first else None,
            "without": {
                name: url(path, {n: v for n, v in kept.items() if n != name}) for name in used
            },
        }
        code = UNPROCESSABLE if problem else 200
        return self._render.page(request, "changes.html", context, status_code=code)

    def _line(self, stored: StoredRecord) -> str:
        return self._render.text(_ROW, {"row": row_view(stored, self._render.clock())})


def _is_home(request: Request, query: TrailQuery, filters: Filters) -> bool:
    return request.url.path == "/" and query.before is None and not filters.used()


def _links(stored: StoredRecord) -> Mapping[str, str | None]:
    """Where one goes on from a change."""
    row = row_of(stored.record)
    has_row = row is not None and stored.record.source_table is not None
    return {
        "row": row_url(row) if row and has_row else None,
        "before": row_url(row, change=stored.id, side="before") if row and has_row else None,
        "after": row_url(row, change=stored.id, side="after") if row and has_row else None,
        "transaction": transaction_of_url(stored),
        "put_back": f"/changes/{stored.id}/put-back",
    }


def _inputs(query: TrailQuery | None) -> Mapping[str, str]:
    """The times as an input of type datetime-local takes them."""
    if query is None:
        return {"since": "", "until": ""}
    return {
        "since": for_input(query.since) if query.since is not None else "",
        "until": for_input(query.until) if query.until is not None else "",
    }
