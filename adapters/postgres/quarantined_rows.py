"""Reads quarantined records back, as they are kept: `QuarantineProtection.reveal` opens them."""

import base64
from collections.abc import Sequence

from adapters.postgres.pool import Session
from domain.quarantine import QuarantinedRecord

_FIND = """
SELECT stream_id, topic, kafka_partition, kafka_offset,
    (extract(EPOCH FROM kafka_timestamp) * 1000)::bigint,
    raw_key, raw_value, raw_headers, error_type, error_message, encryption_key_id,
    key_size, value_size
FROM processing_error
WHERE stream_id = %s AND kafka_partition = %s AND kafka_offset = %s
"""

Pairs = Sequence[tuple[str, str | None]]


async def find_quarantined(
    session: Session, stream_id: int, partition: int, offset: int
) -> QuarantinedRecord | None:
    """Find the record at these coordinates; None if it is not in the quarantine."""
    cursor = await session.execute(_FIND, (stream_id, partition, offset))
    row = await cursor.fetchone()
    if row is None:
        return None
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


def _headers(pairs: Pairs) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, None if v is None else base64.b64decode(v)) for name, v in pairs)
