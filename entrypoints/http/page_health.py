"""The page of the trail's health: what is missing, accounted for and silent, and what it covers."""

from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.trail_facts import Accounting, QuarantineCount, TableCoverage
from application.trail_health import HealthReport, SilentTable
from domain.disposition import Tally
from entrypoints.http.looks import note_rows
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_links import source_url, url
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import seen_site
from entrypoints.http.page_times import span
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_FATES = (
    ("audited", "Changes in the trail"),
    ("baseline", "Rows read while bootstrapping, in the trail"),
    ("control", "Heartbeats, transaction boundaries, tombstones and the like"),
    ("skipped", "Left out by a rule of yours"),
    ("quarantined", "Could not be audited; their bytes are kept"),
    ("absent", "Offsets without a record: transaction markers, compacted records"),
)


class HealthPages:
    """
    The routes of the trail's health.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/health", self.show),)

    async def show(self, request: Request) -> Response:
        """All that the trail says of itself, as far as somebody may see it."""
        now = self._render.now()
        report = await seen_site(self._site, request).questions.health.report(now)
        note_rows(request, len(report.coverage))
        open_gaps = sum(gap.is_open for gap in report.gaps)
        waiting = sum(one.records for one in report.quarantine)
        context = {
            "open_gaps": open_gaps,
            "waiting": waiting,
            "unaccounted": report.unaccounted,
            "is_well": not (open_gaps or waiting or report.unaccounted),
            "quarantine": [self._waiting(one) for one in report.quarantine],
            "silent": [self._silent(one) for one in report.silent],
            "is_silence_known": report.is_silence_known,
            "fates": _fates(report),
            "streams": [self._stream(one) for one in report.accounting],
            "coverage": [self._covered(one, report) for one in report.coverage],
        }
        return self._render.page(request, "health.html", context)

    def _waiting(self, one: QuarantineCount) -> Mapping[str, object]:
        return {
            "topic": visible(one.topic),
            "error": visible(one.error_type),
            "records": one.records,
            "url": url("/quarantine", {"topic": one.topic, "error": one.error_type}),
            "oldest": time_view(one.oldest, self._render.clock()),
        }

    def _silent(self, one: SilentTable) -> Mapping[str, object]:
        return {
            "name": visible(one.source.full_name),
            "url": source_url(one.source),
            "last": time_view(one.last, self._render.clock()),
            "for": span(one.silent_for),
            "usual": span(one.usual),
        }

    def _stream(self, one: Accounting) -> Mapping[str, object]:
        moved = one.moved_at
        return {
            "topic": visible(one.topic),
            "partition": one.partition,
            "first": one.first_offset,
            "next": one.next_offset,
            "total": one.tally.total,
            "unaccounted": one.unaccounted,
            "moved": None if moved is None else time_view(moved, self._render.clock()),
        }

    def _covered(self, one: TableCoverage, report: HealthReport) -> Mapping[str, object]:
        now = self._render.clock()
        last = next((a.last for a in report.activity if a.source == one.source), None)
        return {
            "name": visible(one.source.full_name),
            "url": source_url(one.source),
            "columns": [visible(name) for name in one.columns],
            "first": time_view(one.first_seen, now),
            "last": None if last is None else time_view(last, now),
        }


def _fates(report: HealthReport) -> Sequence[tuple[str, str, int]]:
    total = sum((one.tally for one in report.accounting), start=Tally())
    numbers: Mapping[str, int] = msgspec.structs.asdict(total)
    return [(name, meaning, numbers[name]) for name, meaning in _FATES]
