"""The audit store in memory. It keeps every promise of the port but that of surviving."""

import time
import uuid
from collections.abc import Callable, Sequence

import msgspec

from adapters.memory.redelivery import mark_redeliveries
from adapters.memory.row_encoder import MemoryRowEncoder, split_rows
from adapters.memory.trail import MemoryOffset, MemoryStream, MemoryTrail, PartitionKey
from application.ports import RowEncoder
from application.trail_query import StoredRecord
from domain.assignment import Judgement, StoredPosition, judge, remade_gap
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord
from domain.disposition import Tally
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.errors import FencedError
from domain.operation import OperationTypeEnum
from domain.quarantine import QuarantinedRecord
from domain.stream import Claim, LogPartition, StreamPartition
from domain.transformed import Advance, TransformedBatch

Refusal = Callable[[AuditRecord], str | None]


class MemoryAuditStore:
    """
    Stores audit records in a `MemoryTrail`.

    Args:
        trail: Shared with other stores and readers; a new one if None.
        group: Our consumer group.
        refuses: Says why the database would refuse a record, or None if it takes it.

    Attributes:
        trail: Where they are stored.
        available: Set it to False, and every method raises `ConnectionError`.
        lose_next_answer: Set it to True, and the next append stores, and then raises.
        writer: This store's token.
    """

    def __init__(
        self,
        trail: MemoryTrail | None = None,
        *,
        group: str = "cdc_audit_consumer",
        refuses: Refusal | None = None,
    ) -> None:
        self.trail = trail if trail is not None else MemoryTrail()
        self.available = True
        self.lose_next_answer = False
        self.writer = uuid.uuid4().hex
        self._group = group
        self._refuses = refuses

    async def encoder(self) -> RowEncoder:
        self._check_available()
        return MemoryRowEncoder()

    async def begin(self, partitions: Sequence[LogPartition], *, reset: str) -> bool:
        self._check_available()
        if self.trail.begun:
            return False
        self.trail.begun = True
        for log in partitions:
            stream = self._stream(log)
            start = log.log_end if reset == "latest" else log.log_start
            self.trail.offsets[stream.stream_id, log.partition] = MemoryOffset(
                start, start, None, None
            )
        return True

    async def claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        self._check_available()
        judged = [(log, self._judge(log)) for log in partitions]
        return [self._claim(log, judgement) for log, judgement in judged]

    async def give_up(self, partitions: Sequence[StreamPartition]) -> None:
        self._check_available()
        for key in map(_key, partitions):
            if (offset := self.trail.offsets.get(key)) and offset.writer == self.writer:
                self.trail.offsets[key] = msgspec.structs.replace(offset, writer=None)

    async def append(
        self,
        batch: TransformedBatch,
        source: ConsumedBatch,
        *,
        sending: Callable[[], None] | None = None,
    ) -> Sequence[QuarantinedRecord]:
        self._check_available()
        if self._stored_already(batch):
            return self._refused_before(batch)
        self._check_expected(batch)
        if sending and batch.rows:
            sending()
        rows = tuple(split_rows(batch.rows))
        refused = {r: why for r in rows if self._refuses and (why := self._refuses(r))}
        quarantined = [_quarantined(record, source, why) for record, why in refused.items()]
        self._insert([record for record in rows if record not in refused])
        for bad in quarantined:
            self.trail.refused[bad.stream_id, bad.kafka_partition, bad.kafka_offset] = bad
        for bad in (*batch.quarantined, *quarantined):
            self.trail.quarantine[bad.stream_id, bad.kafka_partition, bad.kafka_offset] = bad
        self.trail.control += batch.control
        for table, columns in batch.sources.items():
            self.trail.sources[table] = columns | self.trail.sources.get(table, frozenset())
        for advance in batch.advances:
            self._advance(advance, [r for r in refused if _belongs(r, advance.partition)])
        mark_redeliveries(self.trail, batch.advances)
        if self.lose_next_answer:
            self.lose_next_answer = False
            raise DatabaseConnectionError("the answer to COMMIT was lost. Append it again.")
        return quarantined

    def _insert(self, records: Sequence[AuditRecord]) -> None:
        now = time.time_ns() // 1000
        for record in records:
            key = (record.stream_id, record.kafka_partition, record.kafka_offset)
            topic = self.trail.topic_of(record.stream_id)
            self.trail.records[key] = StoredRecord(record, topic, now)

    def _check_available(self) -> None:
        if not self.available:
            raise DatabaseConnectionError("the in-memory database is away. Set `available`.")

    def _stream(self, log: LogPartition, *, renew: bool = False) -> MemoryStream:
        stream = self.trail.stream(log.cluster_id, log.topic)
        if stream is None or renew:
            incarnation = stream.incarnation + 1 if stream else 1
            number = len(self.trail.streams) + 1
            if stream:
                self._end(stream, log)
            stream = MemoryStream(number, log.cluster_id, log.topic, incarnation, log.topic_id)
            self.trail.streams.append(stream)
        elif stream.topic_id is None and log.topic_id is not None:
            stream = msgspec.structs.replace(stream, topic_id=log.topic_id)
            self.trail.streams[stream.stream_id - 1] = stream
        return stream

    def _end(self, stream: MemoryStream, log: LogPartition) -> None:
        for (stream_id, partition), offset in sorted(self.trail.offsets.items()):
            if stream_id == stream.stream_id:
                gap = remade_gap(
                    log,
                    stream_id,
                    stream.topic_id,
                    partition=partition,
                    next_offset=offset.next_offset,
                )
                self.trail.gaps.append(gap)

    def _judge(self, log: LogPartition) -> Judgement:
        stream = self.trail.stream(log.cluster_id, log.topic)
        if stream is None:
            return Judgement(log.log_start)
        offset = self.trail.offsets.get((stream.stream_id, log.partition))
        owners = [
            other.consumer_group
            for (stream_id, _), other in self.trail.offsets.items()
            if stream_id == stream.stream_id and other.consumer_group is not None
        ]
        stored = StoredPosition(
            stream_id=stream.stream_id,
            topic_id=stream.topic_id,
            next_offset=offset.next_offset if offset else None,
            consumer_group=owners[0] if owners else None,
        )
        return judge(stored, log, group=self._group)

    def _claim(self, log: LogPartition, judgement: Judgement) -> Claim:
        before = self.trail.stream(log.cluster_id, log.topic)
        renew = judgement.new_stream and (before is None or before.topic_id != log.topic_id)
        stream = self._stream(log, renew=renew)
        key = (stream.stream_id, log.partition)
        start = judgement.next_offset
        old = self.trail.offsets.get(key, MemoryOffset(start, start, None, None))
        if judgement.gap is not None and not judgement.new_stream:
            self.trail.gaps.append(judgement.gap)
        self.trail.offsets[key] = MemoryOffset(
            old.first_offset,
            start,
            self._group,
            self.writer,
            old.tally + Tally(absent=start - old.next_offset),
        )
        self.trail.begun = True
        partition = StreamPartition(stream.stream_id, log.partition, log.topic)
        return Claim(partition, start, log.compacted)

    def _stored_already(self, batch: TransformedBatch) -> bool:
        states = [(a, self.trail.offsets.get(_key(a.partition))) for a in batch.advances]
        return bool(states) and all(
            state is not None
            and state.next_offset == advance.next_offset
            and state.writer == self.writer
            and advance.expected != advance.next_offset
            for advance, state in states
        )

    def _refused_before(self, batch: TransformedBatch) -> Sequence[QuarantinedRecord]:
        parts = {_key(a.partition): range(a.expected, a.next_offset) for a in batch.advances}
        return [
            bad
            for (stream_id, partition, offset), bad in sorted(self.trail.refused.items())
            if offset in parts.get((stream_id, partition), ())
        ]

    def _check_expected(self, batch: TransformedBatch) -> None:
        states = {
            _key(a.partition): self.trail.offsets.get(_key(a.partition)) for a in batch.advances
        }
        for advance in batch.advances:
            state = states[_key(advance.partition)]
            if state is None or state.next_offset != advance.expected:
                positions = {k: s.next_offset if s else 0 for k, s in states.items()}
                raise FencedError(positions, writer=state.writer if state else None)

    def _advance(self, advance: Advance, refused: Sequence[AuditRecord]) -> None:
        key = _key(advance.partition)
        state = self.trail.offsets[key]
        self.trail.offsets[key] = MemoryOffset(
            state.first_offset,
            advance.next_offset,
            self._group,
            self.writer,
            state.tally + advance.tally + _moved(refused),
        )
        self.trail.gaps += advance.gaps


def _moved(refused: Sequence[AuditRecord]) -> Tally:
    """What refused rows take from the tally of the rows, and give to the quarantined."""
    baseline = sum(record.operation is OperationTypeEnum.SNAPSHOT for record in refused)
    return Tally(audited=baseline - len(refused), baseline=-baseline, quarantined=len(refused))


def _key(partition: StreamPartition) -> PartitionKey:
    return partition.stream_id, partition.partition


def _belongs(record: AuditRecord, partition: StreamPartition) -> bool:
    return (record.stream_id, record.kafka_partition) == _key(partition)


def _quarantined(record: AuditRecord, source: ConsumedBatch, why: str) -> QuarantinedRecord:
    raw = _find(record, source)
    return QuarantinedRecord(
        stream_id=record.stream_id,
        topic=raw.topic,
        kafka_partition=raw.partition,
        kafka_offset=raw.offset,
        kafka_timestamp=raw.timestamp if raw.timestamp >= 0 else None,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers),
        error_type="DataError",
        error_message=why,
    )


def _find(record: AuditRecord, source: ConsumedBatch) -> ConsumedRecord:
    return next(
        raw
        for part in source.slices
        if (part.partition.stream_id, part.partition.partition)
        == (record.stream_id, record.kafka_partition)
        for raw in part.records
        if raw.offset == record.kafka_offset
    )
