"""The ledger of gaps in memory: numbers are places in the trail's list, from 1."""

import time
from collections.abc import Sequence

from adapters.memory.trail import MemoryTrail
from application.gap_ledger import GapQuery
from domain.gap import Acknowledgement, Gap, LedgerGap


class MemoryGapLedger:
    """
    Reads the gaps of a `MemoryTrail`, and takes note of them.

    Args:
        trail: The trail.
    """

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def gaps(self, query: GapQuery) -> Sequence[LedgerGap]:
        found = [
            gap
            for gap in map(self._kept, range(len(self._trail.gaps), 0, -1))
            if (gap.is_open or not query.only_open)
            and query.topic in (None, gap.topic)
            and (query.before is None or gap.id < query.before)
        ]
        return found[: query.limit]

    async def find(self, gap_id: int) -> LedgerGap | None:
        return self._kept(gap_id) if 1 <= gap_id <= len(self._trail.gaps) else None

    async def acknowledge(self, gap_id: int, *, by: str, reason: str) -> LedgerGap | None:
        found = await self.find(gap_id)
        if found is None or found.acknowledged is not None:
            return None
        self._trail.acknowledged[gap_id] = Acknowledgement(
            at=time.time_ns() // 1000, by=by, reason=reason
        )
        return self._kept(gap_id)

    def _kept(self, number: int) -> LedgerGap:
        gap: Gap = self._trail.gaps[number - 1]
        stream = self._trail.streams[gap.stream_id - 1]
        return LedgerGap(
            id=number,
            kind=gap.kind,
            topic=stream.topic,
            incarnation=stream.incarnation,
            stream_id=gap.stream_id,
            partition=gap.partition,
            first_offset=gap.first_offset,
            next_offset=gap.next_offset,
            cause=gap.cause.value,
            evidence=gap.evidence,
            first_seen=0,
            acknowledged=self._trail.acknowledged.get(number),
        )
