"""
What becomes of rows that PostgreSQL refused: quarantined with their bytes, and counted so.

Their bytes are protected as those of undecodable records are. What PostgreSQL says of the row may
quote it: of a protected record, only the code of the error is told.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from adapters.postgres.batch_rows import RefusedLine
from adapters.postgres.pool import Session
from application.quarantine_protection import QuarantineProtection
from domain.consumed import ConsumedBatch, ConsumedRecord
from domain.disposition import Tally
from domain.operation import OperationTypeEnum
from domain.quarantine import QuarantinedRecord
from domain.transformed import TransformedBatch

_KEPT = """
SELECT e.stream_id, e.kafka_partition, e.kafka_offset, e.error_type, e.error_message
FROM processing_error AS e
JOIN unnest(%s::integer [], %s::integer [], %s::bigint [], %s::bigint [])
    AS a (stream_id, kafka_partition, expected, next_offset)
    ON e.stream_id = a.stream_id AND e.kafka_partition = a.kafka_partition
    AND e.kafka_offset >= a.expected AND e.kafka_offset < a.next_offset
WHERE e.accounted
ORDER BY e.stream_id, e.kafka_partition, e.kafka_offset
"""


def quarantined(
    refused: RefusedLine, source: ConsumedBatch, protection: QuarantineProtection | None
) -> QuarantinedRecord:
    """Make the quarantine's record of a refused row, with the bytes that it came from."""
    stream_id, partition, offset = refused.coordinates
    raw = _raw_record(source, stream_id, partition, offset)
    record = _with_bytes(raw, stream_id, error_type=refused.error_type, message=refused.message)
    if protection is None or not protection.concerns(raw.topic):
        return record
    return protection.protect(msgspec.structs.replace(record, error_message=refused.unquoted))


def corrections(
    rows: Sequence[RefusedLine], control: Sequence[RefusedLine]
) -> Mapping[tuple[int, int], Tally]:
    """Say how the tallies change: from what the records were taken for, to quarantined."""
    changes: dict[tuple[int, int], Tally] = {}
    for line in rows:
        baseline = line.operation == OperationTypeEnum.SNAPSHOT
        change = Tally(baseline=-1, quarantined=1) if baseline else Tally(audited=-1, quarantined=1)
        _add(changes, line, change)
    for line in control:
        _add(changes, line, Tally(control=-1, quarantined=1))
    return changes


async def refused_before(
    session: Session, batch: TransformedBatch, source: ConsumedBatch
) -> Sequence[QuarantinedRecord]:
    """
    Find what was refused of a batch that was stored before, and whose answer was lost.

    It is told to who counts, with the bytes of `source`, and not stored again.
    """
    cursor = await session.execute(
        _KEPT,
        [
            [a.partition.stream_id for a in batch.advances],
            [a.partition.partition for a in batch.advances],
            [a.expected for a in batch.advances],
            [a.next_offset for a in batch.advances],
        ],
    )
    own = {(q.stream_id, q.kafka_partition, q.kafka_offset) for q in batch.quarantined}
    return [
        _with_bytes(
            _raw_record(source, stream_id, partition, offset),
            stream_id,
            error_type=error_type,
            message=message,
        )
        async for stream_id, partition, offset, error_type, message in cursor
        if (stream_id, partition, offset) not in own
    ]


def _add(changes: dict[tuple[int, int], Tally], line: RefusedLine, change: Tally) -> None:
    stream_id, partition, _ = line.coordinates
    changes[stream_id, partition] = changes.get((stream_id, partition), Tally()) + change


def _raw_record(
    source: ConsumedBatch, stream_id: int, partition: int, offset: int
) -> ConsumedRecord:
    wanted = next(
        part
        for part in source.slices
        if (part.partition.stream_id, part.partition.partition) == (stream_id, partition)
    )
    return wanted.records[bisect_left(wanted.records, offset, key=attrgetter("offset"))]


def _with_bytes(
    raw: ConsumedRecord, stream_id: int, *, error_type: str, message: str
) -> QuarantinedRecord:
    return QuarantinedRecord(
        stream_id=stream_id,
        topic=raw.topic,
        kafka_partition=raw.partition,
        kafka_offset=raw.offset,
        kafka_timestamp=raw.timestamp if raw.timestamp >= 0 else None,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers),
        error_type=error_type,
        error_message=message,
    )
