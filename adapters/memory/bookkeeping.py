"""The books of a trail in memory."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.trail import MemoryTrail
from application.bookkeeping import Books
from application.gap_ledger import GapQuery
from domain.account import Account, Trace
from domain.disposition import Disposition
from domain.gap import LedgerGap
from domain.operation import OperationTypeEnum
from domain.stream import StreamPartition


class MemoryBooks:
    """The books of one partition, as they were when they were opened."""

    def __init__(
        self, account: Account, gaps: Sequence[LedgerGap], traces: Sequence[Trace]
    ) -> None:
        self.account = account
        self.gaps = gaps
        self._traces = traces

    async def traces(self, *, whole: bool = False) -> AsyncGenerator[Trace]:
        for trace in self._traces:
            yield trace if whole else Trace(trace.offset, trace.disposition)


class MemoryBookkeeping:
    """
    Opens the books of a `MemoryTrail`.

    Args:
        trail: The trail.
    """

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def partitions(self) -> Sequence[StreamPartition]:
        found = [StreamPartition(s, p, self._trail.topic_of(s)) for s, p in self._trail.offsets]
        return sorted(found, key=lambda part: (part.topic, part.stream_id, part.partition))

    @asynccontextmanager
    async def open(self, partition: StreamPartition) -> AsyncGenerator[Books]:
        offset = self._trail.offsets[partition.stream_id, partition.partition]
        stream = self._trail.streams[partition.stream_id - 1]
        account = Account(
            partition=partition,
            cluster_id=stream.cluster_id,
            topic_id=stream.topic_id,
            first_offset=offset.first_offset,
            next_offset=offset.next_offset,
            tally=offset.tally,
        )
        every = await MemoryGapLedger(self._trail).gaps(GapQuery(limit=len(self._trail.gaps)))
        place = (partition.stream_id, partition.partition)
        gaps = [gap for gap in every if (gap.stream_id, gap.partition) == place]
        gaps.sort(key=lambda gap: (gap.first_offset, gap.next_offset))
        yield MemoryBooks(account, gaps, self._traces(partition))

    def _traces(self, partition: StreamPartition) -> Sequence[Trace]:
        place = (partition.stream_id, partition.partition)
        found = [
            Trace(offset, _disposition(stored.record.operation), stored.record)
            for (s, p, offset), stored in self._trail.records.items()
            if (s, p) == place
        ]
        found += [
            Trace(message.kafka_offset, Disposition.CONTROL)
            for message in self._trail.control
            if (message.stream_id, message.kafka_partition) == place
        ]
        found += [
            Trace(offset, Disposition.QUARANTINED)
            for (s, p, offset) in self._trail.quarantine
            if (s, p) == place and (s, p, offset) not in self._trail.records
        ]
        return sorted(found, key=lambda trace: (trace.offset, trace.disposition))


def _disposition(operation: OperationTypeEnum) -> Disposition:
    is_baseline = operation is OperationTypeEnum.SNAPSHOT
    return Disposition.BASELINE if is_baseline else Disposition.AUDITED
