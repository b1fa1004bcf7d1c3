"""Reads quarantined records back, as they are kept: `QuarantineProtection.reveal` opens them."""

import base64
from collections.abc import Sequence
from typing import Any, LiteralString

from adapters.postgres.pool import Session
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry

# Milliseconds, as Kafka has them: `timestamptz` holds microseconds, so none is lost.
RECORD: LiteralString = """
    e.stream_id, e.topic, e.kafka_partition, e.kafka_offset,
    (extract(EPOCH FROM e.kafka_timestamp) * 1000)::bigint,
    e.raw_key, e.raw_value, e.raw_headers, e.error_type, e.error_message, e.encryption_key_id,
    e.key_size, e.value_size
"""
"""What to select of `processing_error AS e` for `quarantined_record`."""

ENTRY: LiteralString = f"""
    {RECORD}, e.id, s.cluster_id, s.topic_id, e.accounted,
    (extract(EPOCH FROM e.created_at) * 1000000)::bigint, e.retry_count, e.max_retries,
    (extract(EPOCH FROM e.next_retry_at) * 1000000)::bigint,
    (extract(EPOCH FROM e.resolved_at) * 1000000)::bigint, e.resolution, e.resolution_note
"""
"""What to select of `processing_error AS e` and `kafka_stream AS s` for `quarantine_entry`."""

_RECORD_COLUMNS = 13

_FIND = f"""
SELECT {RECORD} FROM processing_error AS e
WHERE e.stream_id = %s AND e.kafka_partition = %s AND e.kafka_offset = %s
"""  # noqa: S608 - constants

Pairs = Sequence[tuple[str, str | None]]
Row = tuple[Any, ...]


async def find_quarantined(
    session: Session, stream_id: int, partition: int, offset: int
) -> QuarantinedRecord | None:
    """Find the record at these coordinates; None if it is not in the quarantine."""
    cursor = await session.execute(_FIND, (stream_id, partition, offset))
    row = await cursor.fetchone()
    return None if row is None else quarantined_record(row)


def quarantined_record(row: Row) -> QuarantinedRecord:
    """Rebuild the record from a row of `RECORD`'s columns."""
    *place, kafka_timestamp, key, value, headers, error_type, message, key_id = row[:-2]
    stream_id, topic, partition, offset = place
    key_size, value_size = row[-2:]
    return QuarantinedRecord(
        stream_id=stream_id,
        topic=topic,
        kafka_partition=partition,
        kafka_offset=offset,
        kafka_timestamp=kafka_timestamp,
        key=key,
        value=value,
        headers=_headers(headers or ()),
        error_type=error_type,
        error_message=message,
        encryption_key_id=key_id,
        key_size=None if key is not None and key_id is None else key_size,
        value_size=None if value is not None and key_id is None else value_size,
    )


def quarantine_entry(row: Row) -> QuarantineEntry:
    """Rebuild the entry from a row of `ENTRY`'s columns."""
    error_id, cluster_id, topic_id, is_accounted, created_at, *rest = row[_RECORD_COLUMNS:]
    retry_count, max_retries, next_retry_at, resolved_at, resolution, note = rest
    return QuarantineEntry(
        error_id=error_id,
        record=quarantined_record(row[:_RECORD_COLUMNS]),
        cluster_id=cluster_id,
        topic_id=topic_id,
        is_accounted=is_accounted,
        created_at=created_at,
        retry_count=retry_count,
        max_retries=max_retries,
        next_retry_at=next_retry_at,
        resolved_at=resolved_at,
        resolution=resolution,
        resolution_note=note,
    )


def _headers(pairs: Pairs) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, None if v is None else base64.b64decode(v)) for name, v in pairs)
