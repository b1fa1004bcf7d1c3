"""Adds up a trail in memory, and counts what a search finds."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from adapters.memory.missing_parts import sortable
from adapters.memory.row_reader import shown
from adapters.memory.trail import MemoryTrail
from adapters.memory.trail_reader import is_of
from application.ports import TrailReader
from application.trail_facts import Bucket, ChangeCount
from application.trail_query import BoundedCount, StoredRecord, TrailQuery
from domain.row_identity import RowIdentity, row_of
from domain.source_table import SourceTable

_HOUR = 3_600_000_000


class MemoryStatisticsReader:
    """Adds up a `MemoryTrail`."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def by_table(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[ChangeCount]:
        found = self._between(since, until, source_table, tables)
        groups = {(s.source, s.record.operation) for s in found}
        counts = [
            ChangeCount(
                source=source,
                operation=operation,
                changes=len(times),
                first=min(times),
                last=max(times),
            )
            for source, operation in groups
            if (
                times := [
                    s.record.change_timestamp
                    for s in found
                    if (s.source, s.record.operation) == (source, operation)
                ]
            )
        ]
        return sorted(counts, key=lambda c: (-c.changes, sortable(c.source), c.operation))

    async def by_hour(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[Bucket]:
        counts = Counter(
            (s.record.change_timestamp // _HOUR * _HOUR, s.record.operation)
            for s in self._between(since, until, source_table, tables)
        )
        return [Bucket(start, operation, n) for (start, operation), n in sorted(counts.items())]

    async def busiest_keys(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[RowIdentity, int]]:
        counts = Counter(
            row
            for s in self._between(since, until, source_table, tables)
            if (row := row_of(s.record)) is not None
        )
        return sorted(
            counts.items(),
            key=lambda item: (-item[1], sortable(item[0].source), item[0].record_key),
        )[:limit]

    async def writers(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[str | None, int]]:
        counts = Counter(
            s.record.change_user for s in self._between(since, until, source_table, tables)
        )
        return sorted(counts.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))[
            :limit
        ]

    def _between(
        self,
        since: int,
        until: int,
        table: str | None,
        tables: Collection[SourceTable] | None,
    ) -> Sequence[StoredRecord]:
        return [
            s
            for s in shown(self._trail)
            if since <= s.record.change_timestamp < until
            and table in (None, s.record.source_table)
            and (tables is None or is_of(s, tables))
        ]


class MemoryChangeCounter:
    """
    Counts changes in memory.

    Args:
        reader: Reads the same trail.
    """

    def __init__(self, reader: TrailReader) -> None:
        self._reader = reader

    async def count(self, query: TrailQuery, *, at_most: int) -> BoundedCount:
        whole = msgspec.structs.replace(query, before=None, limit=at_most + 1)
        found = await self._reader.search(whole)
        return BoundedCount(min(len(found), at_most), len(found) <= at_most)
