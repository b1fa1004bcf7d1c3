"""What the trail says of itself, for somebody who may see some tables (see `scoped_readers`)."""

from collections.abc import Collection, Sequence

import msgspec

from application.gap_ledger import GapLedger, GapQuery
from application.quarantine_ledger import QuarantineLedger, QuarantineQuery
from application.reading_ports import CoverageReader, MissingPartsReader, TrailHealthReader
from application.trail_facts import Accounting, Activity, QuarantineCount, TableCoverage
from domain.access import TableScope
from domain.gap import LedgerGap
from domain.missing_part import Incompleteness
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent

_LOOK = 500
_EVERY_PART = 10_000


def sees_topic(scope: TableScope, topic: str) -> bool:
    """Whether the topic is that of a table that may be seen: ``prefix.schema.table``."""
    *_, schema, table = ("", *topic.split("."))
    return scope.sees(None, schema or None, table)


class ScopedHealth:
    """
    Health of what may be seen.

    Args:
        health: Health of the whole trail.
        scope: What may be seen.
    """

    def __init__(self, health: TrailHealthReader, scope: TableScope) -> None:
        self._health = health
        self._scope = scope

    async def quarantine(self) -> Sequence[QuarantineCount]:
        """Open records of the quarantine of topics that may be seen."""
        found = await self._health.quarantine()
        return [one for one in found if sees_topic(self._scope, one.topic)]

    async def accounting(self) -> Sequence[Accounting]:
        """What became of the offsets of topics that may be seen."""
        found = await self._health.accounting()
        return [one for one in found if sees_topic(self._scope, one.topic)]

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        """When tables that may be seen had changes."""
        found = await self._health.activity(since, until)
        return [
            one
            for one in found
            if self._scope.sees(
                one.source.source_database, one.source.source_schema, one.source.source_table
            )
        ]


class ScopedCoverage:
    """
    Tables that may be seen.

    Args:
        coverage: Knows all tables.
        scope: What may be seen.
    """

    def __init__(self, coverage: CoverageReader, scope: TableScope) -> None:
        self._coverage = coverage
        self._scope = scope

    async def coverage(self) -> Sequence[TableCoverage]:
        """Those that were met, and may be seen."""
        found = await self._coverage.coverage()
        return [
            one
            for one in found
            if self._scope.sees(
                one.source.source_database, one.source.source_schema, one.source.source_table
            )
        ]


class ScopedMissingParts:
    """
    What is missing of what may be seen.

    Args:
        missing: Knows all that is missing.
        scope: What may be seen.
    """

    def __init__(self, missing: MissingPartsReader, scope: TableScope) -> None:
        self._missing = missing
        self._scope = scope

    async def missing(
        self, *, streams: Collection[int] | None, since: int | None, until: int | None, limit: int
    ) -> Incompleteness:
        """What is missing; of streams that are named, all: somebody saw changes of them."""
        if streams is not None:
            return await self._missing.missing(
                streams=streams, since=since, until=until, limit=limit
            )
        found = await self._missing.missing(
            streams=None, since=since, until=until, limit=_EVERY_PART
        )
        parts = tuple(part for part in found.parts if sees_topic(self._scope, part.topic))
        return Incompleteness(parts[:limit], has_more=len(parts) > limit)


class ScopedGaps:
    """
    Gaps of topics that may be seen.

    Args:
        gaps: All gaps.
        scope: What may be seen.
    """

    def __init__(self, gaps: GapLedger, scope: TableScope) -> None:
        self._gaps = gaps
        self._scope = scope

    async def gaps(self, query: GapQuery) -> Sequence[LedgerGap]:
        """Those that `query` asks for, and may be seen."""
        found: list[LedgerGap] = []
        wide = msgspec.structs.replace(query, limit=_LOOK)
        while len(found) < query.limit:
            looked = await self._gaps.gaps(wide)
            found += [gap for gap in looked if sees_topic(self._scope, gap.topic)]
            if len(looked) < _LOOK:
                break
            wide = msgspec.structs.replace(wide, before=looked[-1].id)
        return found[: query.limit]

    async def find(self, gap_id: int) -> LedgerGap | None:
        """The gap with this number, if it may be seen."""
        found = await self._gaps.find(gap_id)
        return found if found is not None and sees_topic(self._scope, found.topic) else None

    async def acknowledge(self, gap_id: int, *, by: str, reason: str) -> LedgerGap | None:
        """Take note of a gap that may be seen."""
        if await self.find(gap_id) is None:
            return None
        return await self._gaps.acknowledge(gap_id, by=by, reason=reason)


class ScopedQuarantine:
    """
    The quarantine of topics that may be seen.

    Args:
        quarantine: All of it.
        scope: What may be seen.
    """

    def __init__(self, quarantine: QuarantineLedger, scope: TableScope) -> None:
        self._quarantine = quarantine
        self._scope = scope

    async def search(self, query: QuarantineQuery) -> Sequence[QuarantineEntry]:
        """The page that `query` asks for, of what may be seen."""
        found: list[QuarantineEntry] = []
        wide = msgspec.structs.replace(query, limit=_LOOK)
        while len(found) < query.limit:
            looked = await self._quarantine.search(wide)
            found += [entry for entry in looked if sees_topic(self._scope, entry.record.topic)]
            if len(looked) < _LOOK:
                break
            wide = msgspec.structs.replace(wide, behind=looked[-1].error_id)
        return found[: query.limit]

    async def find(self, error_id: int) -> QuarantineEntry | None:
        """The entry with this number, if it may be seen."""
        found = await self._quarantine.find(error_id)
        if found is None or not sees_topic(self._scope, found.record.topic):
            return None
        return found

    async def history(self, error_id: int) -> Sequence[QuarantineEvent]:
        """What happened to an entry that may be seen."""
        if await self.find(error_id) is None:
            return ()
        return await self._quarantine.history(error_id)

    async def resolve(self, error_ids: Sequence[int], *, reason: str) -> Sequence[int]:
        """Resolve those that may be seen."""
        seen = [error_id for error_id in error_ids if await self.find(error_id) is not None]
        return await self._quarantine.resolve(seen, reason=reason) if seen else ()
