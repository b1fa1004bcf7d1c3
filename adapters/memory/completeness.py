"""Transactions whose END record is in a trail in memory."""

import time
from collections.abc import Sequence

from adapters.memory.trail import MemoryTrail
from application.check_completeness import EndsQuery
from domain.audit_record import AuditRecord
from domain.completeness import (
    EndedTransaction,
    PartitionStanding,
    Surroundings,
    TableCount,
    collection_names,
    read_end,
)
from domain.control import ControlKind, ControlMessage
from domain.gap import Gap, GapCause
from domain.redelivery import Certainty


class MemoryEndedTransactions:
    """
    The transactions of a `MemoryTrail`. Control messages count as stored at Kafka's time.

    Args:
        trail: The trail.
    """

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def ended(self, query: EndsQuery) -> Sequence[EndedTransaction]:
        found = [
            self._ended(message)
            for message in self._trail.control
            if message.kind is ControlKind.TRANSACTION_END
            and query.transaction_id in (None, message.transaction_id)
        ]
        wanted = [
            one
            for one in found
            if query.since <= one.recorded_at < query.until
            and (query.after is None or (one.recorded_at, one.end) > query.after)
        ]
        return sorted(wanted, key=lambda one: (one.recorded_at, one.end))[: query.limit]

    async def surroundings(self) -> Surroundings:
        return Surroundings(
            partitions=[
                standing
                for key in sorted(self._trail.offsets)
                if (standing := self._standing(key)) is not None
            ],
            tables={
                (source.source_name, name)
                for source in self._trail.sources
                for name in collection_names(
                    source.source_database, source.source_schema, source.source_table
                )
            },
            begun_at=None,
            now=time.time_ns() // 1000,
        )

    async def record(self, gaps: Sequence[Gap]) -> int:
        new = [gap for gap in gaps if gap not in self._trail.gaps]
        self._trail.gaps += new
        return len(new)

    def _ended(self, message: ControlMessage) -> EndedTransaction:
        m, said = message, read_end(message.payload)
        same = [c for c in self._trail.control if c.transaction_id == m.transaction_id]
        rows = self._rows(m.transaction_id)
        own = [row for row in rows if row.source_name == m.source_name]
        is_met = any(source.source_name == m.source_name for source in self._trail.sources)
        rows = own if own or is_met else rows
        positions = [row.source_position for row in rows if row.source_position is not None]
        named = m.source_name if is_met else None
        return EndedTransaction(
            end=(m.stream_id, m.kafka_partition, m.kafka_offset),
            topic=self._trail.topic_of(m.stream_id),
            cluster_id=self._trail.streams[m.stream_id - 1].cluster_id,
            source_name=rows[0].source_name if rows else named,
            transaction_id=m.transaction_id or "",
            ended_at=m.kafka_timestamp or 0,
            recorded_at=m.kafka_timestamp or 0,
            begins=sum(c.kind is ControlKind.TRANSACTION_BEGIN for c in same),
            ends=sum(c.kind is ControlKind.TRANSACTION_END for c in same),
            tables=tuple(_count(rows, *count) for count in (said.counts if said else ())),
            last_position=max(positions, default=None),
            end_lsn=said.lsn if said else None,
            is_ambiguous=len({(row.source_name, row.source_database) for row in rows}) > 1,
        )

    def _rows(self, transaction_id: str | None) -> Sequence[AuditRecord]:
        hidden = {r.later for r in self._trail.redeliveries.values() if r.certainty is _CERTAIN}
        return [
            stored.record
            for place, stored in sorted(self._trail.records.items())
            if stored.record.transaction_id == transaction_id
            and stored.record.collection_order is not None
            and place not in hidden
        ]

    def _standing(self, key: tuple[int, int]) -> PartitionStanding | None:
        rows = [
            stored.record
            for place, stored in sorted(self._trail.records.items())
            if place[:2] == key and stored.record.source_position is not None
        ]
        if not rows or rows[-1].source_name is None:
            return None
        stream, offset = self._trail.streams[key[0] - 1], self._trail.offsets[key]
        bad = [
            q.kafka_timestamp * 1000
            for place, q in self._trail.quarantine.items()
            if place[:2] == key and q.kafka_timestamp is not None
        ]
        is_holed = any(
            (gap.stream_id, gap.partition) == key and gap.cause is not GapCause.MISSING_CHANGES
            for gap in self._trail.gaps
        )
        return PartitionStanding(
            stream_id=key[0],
            partition=key[1],
            topic=stream.topic,
            cluster_id=stream.cluster_id,
            source_name=rows[-1].source_name,
            next_offset=offset.next_offset,
            last_position=rows[-1].source_position,
            skipped=offset.tally.skipped,
            quarantined_from=min(bad, default=None),
            quarantined_until=max(bad, default=None),
            gap_seen=time.time_ns() // 1000 if is_holed else None,
        )


_CERTAIN = Certainty.CERTAIN


def _count(rows: Sequence[AuditRecord], name: str, expected: int) -> TableCount:
    orders = [
        row.collection_order or 0
        for row in rows
        if name in collection_names(row.source_database, row.source_schema, row.source_table)
    ]
    return TableCount(name, expected, len(orders), len(set(orders)), max(orders, default=0))
