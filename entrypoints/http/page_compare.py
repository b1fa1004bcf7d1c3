"""
The page that compares two times: of a row, or of the rows of a table that were changed between.

    /diff?table=...&key=...&earlier=...&later=...    a row, column by column
    /diff?table=...&earlier=...&later=...            a table, row by row

An address without times is completed, so that the one people paste always means the same.
"""

from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.questions import TrailQuestions
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from entrypoints.http.api_parameters import BadParameterError, read_time, shown
from entrypoints.http.api_problems import NOT_FOUND
from entrypoints.http.api_structs import Problem
from entrypoints.http.looks import note_rows
from entrypoints.http.page_compare_view import compared_row
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_forms import on_to, parameters_of
from entrypoints.http.page_links import diff_url, row_fields, row_url, table_fields, url
from entrypoints.http.page_missing import missing_view
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_row_name import (
    NAMES,
    named,
    named_table,
    no_such_row,
    row_name,
)
from entrypoints.http.page_scope import seen_site
from entrypoints.http.page_times import for_input, iso, within_calendar
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_TIMES = ("earlier", "later")
_DAY = 86_400_000_000
_MOST_ROWS = 100
_INLINE = "inline"


class DiffAsk(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked.

    Attributes:
        given: The parameters as they came.
        earlier: The earlier time; microseconds since 1970, UTC.
        later: The later time; never before the earlier one.
    """

    given: Mapping[str, str]
    earlier: int
    later: int

    def address(self, names: Mapping[str, str]) -> str | None:
        """The same question about what has these names."""
        times = {"earlier": iso(self.earlier), "later": iso(self.later)}
        return diff_url(names, **times, view=self.given.get("view", ""))


class ComparePages:
    """
    The routes of two times.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/diff", self.show),)

    async def show(self, request: Request) -> Response:
        """Two times of a row; of a table, where no key is given."""
        given = parameters_of(request, (*NAMES, *_TIMES, "view"), stripped=_TIMES)
        asked = self._asked(given)
        if not all(given.get(name) for name in _TIMES):
            note_rows(request, 0)
            names = {name: given[name] for name in NAMES if given.get(name)}
            return on_to(asked.address(names) or "/diff")
        ask = seen_site(self._site, request).questions
        if given.get("key"):
            return await self._rows(request, asked, ask)
        return await self._tables(request, asked, ask)

    async def _rows(self, request: Request, asked: DiffAsk, ask: TrailQuestions) -> Response:
        found = await ask.find.rows(row_name(asked.given))
        if len(found) == 1:
            return await self._row(request, found[0], asked, ask)
        note_rows(request, len(found))
        if not found:
            return self._render.problem(request, no_such_row(row_name(asked.given)))
        rows = [{**named(row), "url": asked.address(row_fields(row))} for row in found]
        return self._render.page(request, "rows.html", {"what": "row", "rows": rows})

    async def _row(
        self, request: Request, row: RowIdentity, asked: DiffAsk, ask: TrailQuestions
    ) -> Response:
        found = await ask.compare.row(row, earlier=asked.earlier, later=asked.later)
        note_rows(request, 1)
        missing = missing_view(found.earlier.may_be_incomplete, found.later.may_be_incomplete)
        context = {
            **self._context(asked, row_fields(row)),
            "name": named(row),
            "home_url": row_url(row),
            "rows": [compared_row(found, self._render.clock())],
            "has_more": False,
            "missing": missing,
        }
        return self._render.page(request, "diff.html", context)

    async def _tables(self, request: Request, asked: DiffAsk, ask: TrailQuestions) -> Response:
        found = await ask.find.tables(row_name(asked.given))
        if len(found) == 1:
            return await self._table(request, found[0], asked, ask)
        note_rows(request, 0)
        if not found:
            return self._render.problem(request, _no_such_table(asked.given["table"]))
        tables = [
            {**named_table(table), "key": None, "url": asked.address(table_fields(table))}
            for table in found
        ]
        return self._render.page(request, "rows.html", {"what": "table", "rows": tables})

    async def _table(
        self, request: Request, table: SourceTable, asked: DiffAsk, ask: TrailQuestions
    ) -> Response:
        found = await ask.compare.table(
            table, earlier=asked.earlier, later=asked.later, limit=_MOST_ROWS
        )
        note_rows(request, len(found.rows))
        now = self._render.clock()
        rows = [compared_row(row, now) for row in found.rows]
        context = {
            **self._context(asked, table_fields(table)),
            "name": {**named_table(table), "key": None},
            "home_url": url("/search", table_fields(table)),
            "rows": rows,
            "has_more": found.has_more,
            "missing": missing_view(found.may_be_incomplete),
        }
        return self._render.page(request, "diff.html", context)

    def _context(self, asked: DiffAsk, fields: Mapping[str, str]) -> Mapping[str, object]:
        """What both kinds show."""
        now = self._render.clock()
        between = {"since": iso(asked.earlier + 1), "until": iso(asked.later + 1)}
        return {
            "fields": fields,
            "earlier": time_view(asked.earlier, now),
            "later": time_view(asked.later, now),
            "inputs": {"earlier": for_input(asked.earlier), "later": for_input(asked.later)},
            "is_inline": asked.given.get("view") == _INLINE,
            "between_url": url("/search", {**fields, **between}),
            "table_url": asked.address({n: v for n, v in fields.items() if n != "key"}),
        }

    def _asked(self, given: Mapping[str, str]) -> DiffAsk:
        """The times as they are given, the earlier one first; else the last day until now."""
        if not given.get("table"):
            raise BadParameterError("table", "is missing: two times are compared of one table.")
        now = self._render.now()
        later = read_time("later", given["later"]) if given.get("later") else now
        later = within_calendar(later)
        earlier = read_time("earlier", given["earlier"]) if given.get("earlier") else later - _DAY
        earlier, later = sorted((within_calendar(earlier), later))
        return DiffAsk(given=given, earlier=earlier, later=later)


def _no_such_table(name: str) -> Problem:
    return Problem(
        title="Not found",
        status=NOT_FOUND,
        detail=f"the trail knows no table {visible(shown(name))}. Its tables are on the page of "
        f"the trail's health.",
    )
