"""The page of a row: what happened to it, what it was at any time, and what became of a column."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.find_row import RowName
from application.questions import TrailQuestions
from application.row_at import RowAnswer
from application.row_history import RowHistoryPage
from domain.row_identity import RowIdentity
from entrypoints.http.api_parameters import (
    BadParameterError,
    read_id,
    read_place,
    read_time,
    write_place,
)
from entrypoints.http.looks import note_rows
from entrypoints.http.page_forms import parameters_of
from entrypoints.http.page_links import diff_url, row_fields, row_url, url
from entrypoints.http.page_missing import missing_view
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_row_name import NAMES, named, no_such_row, row_name
from entrypoints.http.page_row_view import column_history, entry_view, points_of, state_view
from entrypoints.http.page_scope import seen_site
from entrypoints.http.page_times import for_input, iso
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_BESIDES = ("at", "change", "side", "column", "before")
_STRIPPED = ("at", "change", "side")
_MILLISECOND = 1_000
_PAGE = 50


class RowAsk(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked of a row.

    Attributes:
        name: How it is named.
        at: The moment at which it is shown; None where a change says when.
        change: The change before or after which it is shown.
        side: ``before`` or ``after`` it.
        column: The column whose history is shown.
        before: Where the page of the history begins.
    """

    name: RowName
    at: int | None
    change: str | None
    side: str
    column: str | None
    before: str | None


class RowPages:
    """
    The routes of rows.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/rows", self.row),)

    async def row(self, request: Request) -> Response:
        """One row; several of that name are listed."""
        asked = _read(request)
        ask = seen_site(self._site, request).questions
        found = await ask.find.rows(asked.name)
        if not found:
            note_rows(request, 0)
            return self._render.problem(request, no_such_row(asked.name))
        if len(found) > 1:
            note_rows(request, len(found))
            rows = [named(row) for row in found]
            return self._render.page(request, "rows.html", {"what": "row", "rows": rows})
        return await self._one(request, found[0], asked, ask)

    async def _one(
        self, request: Request, row: RowIdentity, asked: RowAsk, ask: TrailQuestions
    ) -> Response:
        now = self._render.clock()
        before = read_place(asked.before) if asked.before else None
        page = await ask.history.page(row, before=before, limit=_PAGE)
        answer = await self._state(row, asked, ask)
        note_rows(request, len(page.entries))
        older = None if page.older is None else row_url(row, before=write_place(page.older))
        points = points_of(page.entries, row)
        context = {
            "row": named(row),
            "fields": row_fields(row),
            "keys": [named(key) for key in page.keys if key != row],
            "entries": [entry_view(entry, row, now) for entry in page.entries],
            "points": points,
            "points_json": msgspec.json.encode(points).decode(),
            "state": state_view(answer, row, now),
            "at_input": for_input(answer.at),
            "is_asked": asked.at is not None or asked.change is not None,
            "asked": {"side": asked.side, "change": asked.change if asked.at is None else None},
            "column": None if asked.column is None else visible(asked.column),
            "column_history": column_history(page.entries, asked.column, now),
            "whole_url": row_url(row),
            "search_url": url("/search", row_fields(row)),
            "diff_url": _two_times(row, asked, answer, page),
            "is_first": before is None,
            "older_url": older,
            "missing": missing_view(page.may_be_incomplete),
        }
        return self._render.page(request, "row.html", context)

    async def _state(self, row: RowIdentity, asked: RowAsk, ask: TrailQuestions) -> RowAnswer:
        if asked.at is not None or asked.change is None:
            now = self._render.now()
            return await ask.row_at.at(row, now if asked.at is None else asked.at)
        coordinates = read_id(asked.change)
        change = None if coordinates is None else await ask.trail.change(*coordinates)
        answer = None
        if change is not None:
            is_before = asked.side == "before"
            answer = await (ask.row_at.before(change) if is_before else ask.row_at.after(change))
        if answer is None:
            raise BadParameterError("change", "is no change of a row that can be shown.")
        return answer


def _two_times(
    row: RowIdentity, asked: RowAsk, answer: RowAnswer, page: RowHistoryPage
) -> str | None:
    """What has become of the row since the moment that is shown; of now, since its first change."""
    is_asked = asked.at is not None or asked.change is not None
    since = answer.at
    if not is_asked and page.entries:
        first = page.entries[-1].change.record.change_timestamp
        since = -(-first // _MILLISECOND) * _MILLISECOND  # as the form has it: not before it
    return diff_url(row_fields(row), earlier=iso(since))


def _read(request: Request) -> RowAsk:
    given = parameters_of(request, (*NAMES, *_BESIDES), stripped=_STRIPPED)
    if not given.get("key"):
        raise BadParameterError("key", "is missing: a row is named by its table and its key.")
    return RowAsk(
        name=row_name(given),
        at=read_time("at", given["at"]) if given.get("at") else None,
        change=given.get("change") or None,
        side="before" if given.get("side") == "before" else "after",
        column=given.get("column") or None,
        before=given.get("before") or None,
    )
