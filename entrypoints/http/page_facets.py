"""What a search can be narrowed by: tables, operations and users of its time, with their counts."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.trail_facts import ChangeCount
from application.trail_query import TrailQuery
from domain.errors import RepositoryError
from domain.source_table import SourceTable
from entrypoints.http.api_parameters import read_filters, trail_query
from entrypoints.http.api_problems import problem_of
from entrypoints.http.looks import note_rows
from entrypoints.http.page_links import table_filter, url
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import seen_site
from entrypoints.http.page_times import precise
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_HOUR = 3_600_000_000
_USUAL = 24 * _HOUR
_MOST = 10


class Facet(msgspec.Struct, frozen=True):
    """One of a kind, how many changes it has, and the search for these; None where it has none."""

    name: str
    changes: int
    url: str | None


class FacetList(msgspec.Struct, frozen=True):
    """The facets of a kind, the most first; `none` says that there are none."""

    title: str
    facets: Sequence[Facet]
    none: str


class Interval(msgspec.Struct, frozen=True):
    """The time that is counted; microseconds since 1970, UTC, and in words."""

    since: int
    until: int
    words: str
    is_of_search: bool


class FacetPages:
    """
    The routes of facets.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/facets", self.show),)

    async def show(self, request: Request) -> Response:
        """A part of the search: counts follow its time, and links keep its other filters."""
        filters = read_filters(request.query_params.multi_items())
        now = self._render.now()
        counted = interval_of(trail_query(filters), now)
        ask = seen_site(self._site, request).questions.statistics
        lists: Sequence[FacetList] = ()
        problem: str | None = None
        try:
            found = await ask.facets(counted.since, counted.until, limit=_MOST)
        except RepositoryError as error:
            problem = problem_of(error).detail
        else:
            lists = facet_lists(found.tables, found.writers, kept=filters.used())
        note_rows(request, len(lists))
        context = {"problem": problem, "facet_lists": lists, "counted": counted}
        return self._render.page(request, "_facets.html", context)


def interval_of(query: TrailQuery, now: int) -> Interval:
    """The time of a search; the last day, where it has none."""
    if query.since is None and query.until is None:
        since = (now // _HOUR + 1) * _HOUR - _USUAL
        return Interval(since, now + 1, "the last 24 hours", is_of_search=False)
    until = now + 1 if query.until is None else query.until
    end = "now" if query.until is None else precise(until)
    if query.since is None:
        return Interval(0, until, f"the time until {end}", is_of_search=True)
    words = f"the time from {precise(query.since)} until {end}"
    return Interval(query.since, until, words, is_of_search=True)


def facet_lists(
    counts: Sequence[ChangeCount],
    writers: Sequence[tuple[str | None, int]],
    *,
    kept: Mapping[str, str],
) -> Sequence[FacetList]:
    """The facets, each a link to a search with the filters `kept` and itself."""
    tables, operations = Counter[SourceTable](), Counter[str]()
    for one in counts:
        tables[one.source] += one.changes
        operations[one.operation.value] += one.changes
    named = [(name, number) for name, number in writers if name is not None]

    def narrowed(name: str, value: str | None) -> str | None:
        return None if value is None else url("/search", {**kept, name: value})

    return (
        FacetList(
            "Tables",
            [
                Facet(visible(one.full_name), number, narrowed("table", _filter(one)))
                for one, number in tables.most_common(_MOST)
            ],
            "none",
        ),
        FacetList(
            "Operations",
            [
                Facet(name, number, narrowed("operation", name))
                for name, number in operations.most_common()
            ],
            "none",
        ),
        FacetList(
            "Users",
            [Facet(visible(name), number, narrowed("user", name)) for name, number in named],
            "none that are known",
        ),
    )


def _filter(source: SourceTable) -> str | None:
    return table_filter(source.source_schema, source.source_table)
