"""Where one goes on from a search: its changes as a file, its table or row at two times, facets."""

from collections.abc import Mapping, Sequence

import msgspec

from application.trail_query import TrailQuery
from entrypoints.http.api_parameters import Filters
from entrypoints.http.page_links import diff_url, url
from entrypoints.http.page_times import iso, within_calendar

_EXPORT = "/api/v1/export"
_NAMES = ("table", "key", "source", "database")


class ExportLink(msgspec.Struct, frozen=True):
    """A file of all that a search finds."""

    name: str
    url: str
    meaning: str


def export_links(used: Mapping[str, str]) -> Sequence[ExportLink]:
    """All that a search finds, as a file. The API gives it, and asks whoever looks as the page."""
    return [
        ExportLink(
            "CSV",
            url(_EXPORT, {**used, "format": "csv", "safe": "true"}),
            "For spreadsheets: an apostrophe stands before what they would take for a formula",
        ),
        ExportLink(
            "CSV, exact", url(_EXPORT, {**used, "format": "csv"}), "Every cell as it is stored"
        ),
        ExportLink("NDJSON", url(_EXPORT, {**used, "format": "ndjson"}), "A JSON object a line"),
        ExportLink("Parquet", url(_EXPORT, {**used, "format": "parquet"}), "For data tools"),
    ]


def two_times_url(filters: Filters, query: TrailQuery | None) -> str | None:
    """The table or the row of a search at the two ends of its time; None without a table."""
    if query is None or not filters.table:
        return None
    used = filters.used()
    names = {name: used[name] for name in _NAMES if name in used}
    since = "" if query.since is None else iso(within_calendar(query.since) - 1)
    until = "" if query.until is None else iso(within_calendar(query.until) - 1)
    return diff_url(names, earlier=since, later=until)
