"""The report on the trail's health, where a part of it takes the database too long."""

from collections.abc import Sequence

from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.missing_parts import MemoryMissingPartsReader, MemoryTrailHealthReader
from adapters.memory.trail import MemoryTrail
from application.trail_facts import Activity
from application.trail_health import TrailHealth, silent_tables
from domain.errors import QueryTooWideError
from domain.silence import HOUR
from domain.source_table import SourceTable
from tests.builders import NOON


class BusyTrail(MemoryTrailHealthReader):
    """A trail too large for its database to add up a week of it."""

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        """Give up."""
        raise QueryTooWideError(10, looked_at=f"{until - since} microseconds")


async def test_a_report_says_that_silence_is_not_known_and_tells_the_rest() -> None:
    trail = MemoryTrail()
    busy = BusyTrail(trail)
    health = TrailHealth(busy, busy, MemoryGapLedger(trail), MemoryMissingPartsReader(trail))

    report = await health.report(NOON)

    assert not report.is_silence_known
    assert (list(report.activity), list(report.silent)) == ([], [])
    assert report.unaccounted == 0


def test_the_table_that_is_silent_the_longest_comes_first() -> None:
    def table(name: str, last: int) -> Activity:
        hours = [last - n * HOUR for n in (2, 1, 0)]
        return Activity(SourceTable(source_table=name), hours, last, last)

    found = silent_tables(
        [table("a", NOON - 3 * HOUR), table("b", NOON - 9 * HOUR), table("c", NOON - HOUR)], NOON
    )

    assert [(one.source.source_table, one.silent_for) for one in found] == [
        ("b", 9 * HOUR),
        ("a", 3 * HOUR),
    ]
