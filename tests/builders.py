"""Values for tests: each builder takes what a test is about, and fills in the rest."""

from collections.abc import Collection, Sequence
from typing import Any

from application.ports import RowEncoder
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, PartitionSlice, RawRecord
from domain.control import ControlKind, ControlMessage
from domain.diff import key_columns
from domain.disposition import Tally
from domain.gap import Gap
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceTable
from domain.stream import LogPartition, StreamPartition
from domain.transformed import Advance, TransformedBatch

_Placed = AuditRecord | ControlMessage | QuarantinedRecord

NOON = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z in microseconds: where the builders' change timestamps begin."""

SECOND = 1_000_000
DAY = 86_400 * SECOND


def a_log(partition: int = 0, **fields: Any) -> LogPartition:  # noqa: ANN401 - any field
    """What a broker says of an empty partition of `shop.public.orders`."""
    values: dict[str, Any] = {
        "cluster_id": "cluster",
        "topic": "shop.public.orders",
        "topic_id": "life-1",
        "partition": partition,
        "log_start": 0,
        "log_end": 0,
    }
    values.update(fields)
    return LogPartition(**values)


def a_record(offset: int = 0, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """An UPDATE of one order, a second after the one before it."""
    values: dict[str, Any] = {
        "stream_id": 1,
        "kafka_partition": 0,
        "kafka_offset": offset,
        "change_timestamp": NOON + offset * SECOND,
        "timestamp_source": TimestampSource.SOURCE,
        "connector": "postgresql",
        "source_name": "shop",
        "source_database": "shop",
        "source_schema": "public",
        "source_table": "orders",
        "operation": OperationTypeEnum.UPDATE,
        "old_data": '{"id":1,"status":"new"}',
        "new_data": '{"id":1,"status":"paid"}',
        "changed_columns": ("status",),
        "before_image": BeforeImage.COMPLETE,
        "decoder_version": 1,
    }
    values.update(fields)
    return AuditRecord(**values)


def a_control_message(offset: int = 0, **fields: Any) -> ControlMessage:  # noqa: ANN401 - any field
    """The BEGIN of a transaction."""
    values: dict[str, Any] = {
        "stream_id": 1,
        "kafka_partition": 0,
        "kafka_offset": offset,
        "kafka_timestamp": NOON,
        "kind": ControlKind.TRANSACTION_BEGIN,
        "source_name": "shop",
        "transaction_id": "771",
        "payload": '{"status":"BEGIN","id":"771:24023128"}',
    }
    values.update(fields)
    return ControlMessage(**values)


def a_quarantined_record(offset: int = 0, **fields: Any) -> QuarantinedRecord:  # noqa: ANN401 - any field
    """A record whose value is no JSON."""
    values: dict[str, Any] = {
        "stream_id": 1,
        "topic": "shop.public.orders",
        "kafka_partition": 0,
        "kafka_offset": offset,
        "kafka_timestamp": NOON // 1000,
        "key": b'{"id":1}',
        "value": b"\x00 no json",
        "headers": (("trace", b"\xff"), ("trace", None)),
        "error_type": "ValidationError",
        "error_message": "the value is no JSON",
    }
    values.update(fields)
    return QuarantinedRecord(**values)


def a_raw_record(offset: int = 0, **fields: Any) -> RawRecord:  # noqa: ANN401 - any field
    """A consumed record, its value naming its offset."""
    values: dict[str, Any] = {
        "topic": "shop.public.orders",
        "partition": 0,
        "offset": offset,
        "timestamp": NOON // 1000,
        "key": b'{"id":1}',
        "value": f'{{"offset":{offset}}}'.encode(),
        "headers": (("trace", b"1"),),
    }
    values.update(fields)
    return RawRecord(**values)


def a_batch(
    encoder: RowEncoder,
    records: Sequence[AuditRecord] = (),
    *,
    advances: Sequence[Advance] = (),
    control: Sequence[ControlMessage] = (),
    quarantined: Sequence[QuarantinedRecord] = (),
) -> TransformedBatch:
    """A transformed batch of what is given; without `advances`, they follow from it."""
    stamps = [record.change_timestamp for record in records]
    return TransformedBatch(
        rows=b"".join(encoder.encode(record) for record in records),
        row_count=len(records),
        days=frozenset(stamp // DAY for stamp in stamps),
        advances=advances or advances_of(records, control=control, quarantined=quarantined),
        control=control,
        quarantined=quarantined,
        sources={
            _source_of(record): frozenset({"id", "status", *key_columns(record)})
            for record in records
        },
        newest_change=max(stamps, default=None),
    )


def advances_of(
    records: Sequence[AuditRecord],
    *,
    control: Sequence[ControlMessage] = (),
    quarantined: Sequence[QuarantinedRecord] = (),
    gaps: Sequence[Gap] = (),
) -> tuple[Advance, ...]:
    """How a batch moves its partitions: from the first offset to behind the last, holes absent."""
    everything: Sequence[_Placed] = (*records, *control, *quarantined)
    keys = sorted({(item.stream_id, item.kafka_partition) for item in everything})
    return tuple(_advance(key, records, control, quarantined, gaps) for key in keys)


def a_consumed_batch(batch: TransformedBatch) -> ConsumedBatch:
    """The consumed records that `batch` may have been made of: one at every offset."""
    slices = [
        PartitionSlice(
            partition=a.partition,
            expected=a.expected,
            next_offset=a.next_offset,
            records=[
                a_raw_record(offset, topic=a.partition.topic, partition=a.partition.partition)
                for offset in range(a.expected, a.next_offset)
            ],
        )
        for a in batch.advances
    ]
    return ConsumedBatch(slices, size=0, polled_at=0.0)


def _source_of(record: AuditRecord) -> SourceTable:
    return SourceTable(*(getattr(record, name) for name in SourceTable._fields))


def _advance(
    key: tuple[int, int],
    records: Collection[AuditRecord],
    control: Collection[ControlMessage],
    quarantined: Collection[QuarantinedRecord],
    gaps: Sequence[Gap],
) -> Advance:
    rows = [r for r in records if (r.stream_id, r.kafka_partition) == key]
    messages = [m for m in control if (m.stream_id, m.kafka_partition) == key]
    bad = [q for q in quarantined if (q.stream_id, q.kafka_partition) == key]
    everything: Sequence[_Placed] = (*rows, *messages, *bad)
    offsets = sorted(item.kafka_offset for item in everything)
    baseline = sum(r.operation is OperationTypeEnum.SNAPSHOT for r in rows)
    return Advance(
        partition=StreamPartition(*key, "shop.public.orders"),
        expected=offsets[0],
        next_offset=offsets[-1] + 1,
        tally=Tally(
            audited=len(rows) - baseline,
            baseline=baseline,
            control=len(messages),
            quarantined=len(bad),
            absent=offsets[-1] + 1 - offsets[0] - len(offsets),
        ),
        gaps=tuple(gap for gap in gaps if (gap.stream_id, gap.partition) == key),
    )
