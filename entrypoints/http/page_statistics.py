"""How much happened: a chart and a table for it, the busiest rows, operations and users."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.trail_facts import ChangeCount
from application.trail_statistics import Rates
from domain.errors import RepositoryError
from domain.source_table import SourceTable
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.api_problems import problem_of
from entrypoints.http.looks import note_rows
from entrypoints.http.page_facets import facet_lists
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_links import source_url
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_row_name import named
from entrypoints.http.page_scope import seen_site, visitor_of
from entrypoints.http.page_times import clock, day, iso
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_HOUR = 3_600_000_000
_MICROSECONDS = 1_000_000
_MOST_ROWS = 10
_WINDOWS = {"24": "24 hours", "168": "7 days"}
_FRESH = 15 * _MICROSECONDS
"""How long an answer is good for: many people may have the page open."""


class Series(msgspec.Struct, frozen=True):
    """The line of one table: changes of each hour."""

    name: str
    values: Sequence[int]


class Chart(msgspec.Struct, frozen=True):
    """What the chart draws: beginnings of hours in seconds since 1970, and a line a table."""

    x: Sequence[int]
    series: Sequence[Series]


class StatisticsPages:
    """
    The routes of statistics.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render
        self._kept: dict[tuple[str, ...], Rates] = {}

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (
            Route("/statistics", self.statistics),
            Route("/overview", self.overview),
        )

    async def statistics(self, request: Request) -> Response:
        """All of it, as a page."""
        hours = request.query_params.get("hours", "24")
        if hours not in _WINDOWS:
            raise BadParameterError("hours", f"must be one of {', '.join(_WINDOWS)}.")
        context = {
            **await self._context(request, hours),
            **await self._busiest(request, hours),
            "windows": _WINDOWS,
            "hours": hours,
        }
        return self._render.page(request, "statistics.html", context)

    async def overview(self, request: Request) -> Response:
        """The chart, as a part of the first page."""
        return self._render.page(request, "_overview.html", await self._context(request, "24"))

    async def _context(self, request: Request, hours: str) -> Mapping[str, object]:
        try:
            rates = await self._rates(request, hours)
        except RepositoryError as error:
            note_rows(request, 0)
            return {"problem": problem_of(error).detail, "window": _WINDOWS[hours]}
        note_rows(request, len(rates.tables))
        chart = chart_of(rates)
        return {
            "problem": None,
            "window": _WINDOWS[hours],
            "chart": chart,
            "chart_json": msgspec.json.encode(chart).decode(),
            "hour_rows": _hour_rows(chart),
            "total": sum(one.changes for one in rates.tables),
            "tables": self._tables(rates.tables, rates.since),
            "facet_lists": facet_lists(
                rates.tables, rates.writers, kept={"since": iso(rates.since)}
            )[1:],
        }

    async def _rates(self, request: Request, hours: str) -> Rates:
        now = self._render.now()
        key = (hours, *visitor_of(request).tables.patterns)
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept.until < _FRESH:
            return kept
        ask = seen_site(self._site, request).questions.statistics
        found = await ask.rates(_since(now, hours), now + 1)
        self._kept = {k: v for k, v in self._kept.items() if now - v.until < _FRESH}
        self._kept[key] = found
        return found

    async def _busiest(self, request: Request, hours: str) -> Mapping[str, object]:
        """The rows with the most changes. They may take long to find: the rest does not wait."""
        now = self._render.now()
        ask = seen_site(self._site, request).questions.statistics
        try:
            found = await ask.busiest(_since(now, hours), now + 1, limit=_MOST_ROWS)
        except RepositoryError as error:
            return {"busiest": (), "busiest_problem": problem_of(error).detail}
        rows = [{**named(row), "changes": changes} for row, changes in found]
        return {"busiest": rows, "busiest_problem": None}

    def _tables(self, counts: Sequence[ChangeCount], since: int) -> Sequence[Mapping[str, object]]:
        now = self._render.clock()
        by_table: dict[SourceTable, list[ChangeCount]] = {}
        for one in counts:
            by_table.setdefault(one.source, []).append(one)
        most = max((sum(c.changes for c in found) for found in by_table.values()), default=1)
        rows = [
            {
                "name": visible(source.full_name),
                "url": source_url(source, since=iso(since)),
                "total": (total := sum(one.changes for one in found)),
                "share": round(100 * total / most),
                "operations": [(one.operation.value, one.changes) for one in found],
                "last": time_view(max(one.last for one in found), now),
            }
            for source, found in by_table.items()
        ]
        return sorted(rows, key=lambda row: -int(str(row["total"])))


def _since(now: int, hours: str) -> int:
    """Where the window begins: with the hour that many hours ago."""
    return (now // _HOUR - int(hours) + 1) * _HOUR


def chart_of(rates: Rates) -> Chart:
    """Every hour of the interval, those without changes too: a line that skips them would lie."""
    first, last = rates.since // _HOUR, (rates.until - 1) // _HOUR
    hours = range(first, last + 1)
    series: list[Series] = []
    for rate in rates.rates:
        found = Counter[int]()
        for bucket in rate.hours:
            found[bucket.start // _HOUR] += bucket.changes
        series.append(Series(visible(rate.source_table), [found[hour] for hour in hours]))
    return Chart([hour * _HOUR // _MICROSECONDS for hour in hours], series)


def _hour_rows(chart: Chart) -> Sequence[tuple[str, Sequence[int]]]:
    """The chart as a table, the newest hour first, without hours in which nothing happened."""
    rows: list[tuple[str, Sequence[int]]] = []
    for at, second in enumerate(chart.x):
        values = [one.values[at] for one in chart.series]
        if any(values):
            time = second * _MICROSECONDS
            rows.append((f"{day(time)}, {clock(time)[:5]}", values))
    return rows[::-1]
