"""Statistics of the trail over an interval: tables, hours, busiest rows, writers, freshness."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from application.missing_parts import among
from application.reading_ports import MissingPartsReader, StatisticsReader, TrailHealthReader
from application.trail_facts import Activity, Bucket, ChangeCount
from domain.missing_part import Incompleteness
from domain.row_identity import RowIdentity

DAY = 86_400_000_000
"""Microseconds: as far back as statistics go where nobody says otherwise."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """
    What happened in an interval. Times are microseconds since 1970, UTC.

    Attributes:
        since: The interval's beginning.
        until: The interval's end; what happened then is left out.
        tables: Changes by table and operation, the most first; with first and last change.
        hours: Changes by hour and operation, in order; hours without changes are left out.
        busiest_keys: The rows with the most changes, and how many.
        writers: Who made the most changes, and how many; None for changes that do not say.
        freshness: For each table with changes: its last change, and when the trail stored one.
        may_be_incomplete: What is missing from the trail in the interval.
    """

    since: int
    until: int
    tables: Sequence[ChangeCount]
    hours: Sequence[Bucket]
    busiest_keys: Sequence[tuple[RowIdentity, int]]
    writers: Sequence[tuple[str | None, int]]
    freshness: Sequence[Activity]
    may_be_incomplete: Incompleteness


class TableRate(msgspec.Struct, frozen=True):
    """
    How often a table changed, whatever schema it is in.

    Attributes:
        source_table: Bare table name.
        hours: Changes by hour and operation, in order; hours without changes are left out.
    """

    source_table: str
    hours: Sequence[Bucket]


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """
    How often tables changed in an interval. Times are microseconds since 1970, UTC.

    Attributes:
        since: The interval's beginning.
        until: The interval's end; what happened then is left out.
        tables: Changes by table and operation, the most first; with first and last change.
        rates: The tables with the most changes, by hour.
        writers: Who made the most changes, and how many; None for changes that do not say.
    """

    since: int
    until: int
    tables: Sequence[ChangeCount]
    rates: Sequence[TableRate]
    writers: Sequence[tuple[str | None, int]]


class Facets(msgspec.Struct, frozen=True):
    """
    What a search can be narrowed by in an interval.

    Attributes:
        tables: Changes by table and operation, the most first.
        writers: Who made the most changes, and how many; None for changes that do not say.
    """

    tables: Sequence[ChangeCount]
    writers: Sequence[tuple[str | None, int]]


class TrailStatistics:
    """
    Adds up the trail.

    Args:
        statistics: Adds up.
        health: Knows when tables had changes.
        missing: Knows what is missing.
    """

    def __init__(
        self,
        statistics: StatisticsReader,
        health: TrailHealthReader,
        missing: MissingPartsReader,
    ) -> None:
        self._statistics = statistics
        self._health = health
        self._missing = missing

    async def between(
        self, since: int, until: int, *, source_table: str | None = None, limit: int = 20
    ) -> Statistics:
        """
        Add up an interval of change timestamps, of one table or of all; microseconds, 1970, UTC.

        Raises:
            QueryTooWideError: It takes too long: take a shorter interval.
            RepositoryError: The trail cannot be read now.
        """
        ask = self._statistics
        return Statistics(
            since=since,
            until=until,
            tables=await ask.by_table(since, until, source_table=source_table),
            hours=await ask.by_hour(since, until, source_table=source_table),
            busiest_keys=await ask.busiest_keys(
                since, until, source_table=source_table, limit=limit
            ),
            writers=await ask.writers(since, until, source_table=source_table, limit=limit),
            freshness=[
                activity
                for activity in await self._health.activity(since, until)
                if source_table in (None, activity.source.source_table)
            ],
            may_be_incomplete=await among(self._missing, (), since=since, until=until),
        )

    async def rates(self, since: int, until: int, *, most: int = 5) -> Rates:
        """
        Tell how often tables changed.

        Args:
            since: From this change timestamp on; microseconds since 1970, UTC.
            until: Before this change timestamp.
            most: So many tables by hour, and writers twice as many.

        Raises:
            QueryTooWideError: It takes too long: take a shorter interval.
            RepositoryError: The trail cannot be read now.
        """
        ask = self._statistics
        counts = await ask.by_table(since, until, source_table=None)
        totals: Counter[str] = Counter()
        for one in counts:
            if one.source.source_table is not None:
                totals[one.source.source_table] += one.changes
        return Rates(
            since=since,
            until=until,
            tables=counts,
            rates=[
                TableRate(name, await ask.by_hour(since, until, source_table=name))
                for name, _ in totals.most_common(most)
            ],
            writers=await ask.writers(since, until, source_table=None, limit=2 * most),
        )

    async def facets(self, since: int, until: int, *, limit: int = 10) -> Facets:
        """
        Tell what a search can be narrowed by; interval as in `rates`.

        Raises:
            QueryTooWideError: It takes too long: take a shorter interval.
            RepositoryError: The trail cannot be read now.
        """
        ask = self._statistics
        return Facets(
            await ask.by_table(since, until, source_table=None),
            await ask.writers(since, until, source_table=None, limit=limit),
        )

    async def busiest(
        self, since: int, until: int, *, limit: int = 10
    ) -> Sequence[tuple[RowIdentity, int]]:
        """
        Tell which rows had the most changes, and how many; interval as in `rates`.

        Raises:
            QueryTooWideError: It takes too long: take a shorter interval.
            RepositoryError: The trail cannot be read now.
        """
        return await self._statistics.busiest_keys(since, until, source_table=None, limit=limit)
