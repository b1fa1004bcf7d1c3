"""The health of the trail: what is missing, accounted for and silent, and what it covers."""

from collections.abc import Sequence

import msgspec

from application.gap_ledger import GapLedger, GapQuery
from application.reading_ports import CoverageReader, MissingPartsReader, TrailHealthReader
from application.trail_facts import (
    Accounting,
    Activity,
    QuarantineCount,
    TableCoverage,
)
from domain.errors import QueryTooWideError
from domain.gap import LedgerGap
from domain.missing_part import Incompleteness
from domain.silence import HOUR, is_silent, usual_silence
from domain.source_table import SourceTable

_WEEK = 7 * 24 * HOUR


class SilentTable(msgspec.Struct, frozen=True, kw_only=True):
    """
    A table that has had no change for longer than usual.

    Attributes:
        source: The table.
        last: Time of its last change; microseconds since 1970, UTC.
        silent_for: How long that is ago; microseconds.
        usual: The longest silence that is usual; microseconds.
    """

    source: SourceTable
    last: int
    silent_for: int
    usual: int


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail says of itself.

    Attributes:
        gaps: Gaps, the newest first, acknowledged ones too; at most 100.
        quarantine: Open quarantine by topic and error type, the most first.
        accounting: What became of all offsets, by stream partition.
        unaccounted: Offsets of which nothing is known: 0, or something is wrong.
        coverage: Tables and columns that the trail has met.
        activity: When each table had changes in the last seven days.
        silent: Tables that are silent for longer than usual, the longest first.
        is_silence_known: False where adding up a week took the database too long: then nothing is
            said of activity and silence.
        may_be_incomplete: Everything that is open.
    """

    gaps: Sequence[LedgerGap]
    quarantine: Sequence[QuarantineCount]
    accounting: Sequence[Accounting]
    unaccounted: int
    coverage: Sequence[TableCoverage]
    activity: Sequence[Activity]
    silent: Sequence[SilentTable]
    is_silence_known: bool
    may_be_incomplete: Incompleteness


class TrailHealth:
    """
    Reports the health of the trail.

    Args:
        health: Reads what the trail says of itself.
        coverage: Knows tables and columns.
        gaps: Knows gaps.
        missing: Knows what is missing.
    """

    def __init__(
        self,
        health: TrailHealthReader,
        coverage: CoverageReader,
        gaps: GapLedger,
        missing: MissingPartsReader,
    ) -> None:
        self._health = health
        self._coverage = coverage
        self._gaps = gaps
        self._missing = missing

    async def report(self, now: int) -> HealthReport:
        """
        Report; silence is judged by the seven days before `now`, microseconds since 1970, UTC.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        accounting = await self._health.accounting()
        activity = await self._activity(now)
        return HealthReport(
            gaps=await self._gaps.gaps(GapQuery(limit=100)),
            quarantine=await self._health.quarantine(),
            accounting=accounting,
            unaccounted=sum(one.unaccounted for one in accounting),
            coverage=await self._coverage.coverage(),
            activity=activity or (),
            silent=silent_tables(activity or (), now),
            is_silence_known=activity is not None,
            may_be_incomplete=await self._missing.missing(
                streams=None, since=None, until=None, limit=100
            ),
        )

    async def _activity(self, now: int) -> Sequence[Activity] | None:
        """The last week's; None where that takes too long: the rest of the report is as good."""
        try:
            return await self._health.activity(now - _WEEK, now + 1)
        except QueryTooWideError:
            return None


def silent_tables(activity: Sequence[Activity], now: int) -> Sequence[SilentTable]:
    """Those that are silent for longer than usual, the longest first."""
    silent = [
        SilentTable(
            source=one.source,
            last=one.last,
            silent_for=now - one.last,
            usual=usual_silence(one.hours) or 0,
        )
        for one in activity
        if is_silent(one.hours, last=one.last, now=now)
    ]
    return sorted(silent, key=lambda one: -one.silent_for)
