"""Records that cannot be audited: what is kept of them, and what is said of why."""

from application.quarantine_protection import QuarantineProtection
from domain.consumed import ConsumedRecord
from domain.errors import RecordTooLargeError, TransformationError
from domain.quarantine import QuarantinedRecord
from domain.unquoted import unquoted


def too_large(record: ConsumedRecord, limit: int) -> RecordTooLargeError:
    """The error for a record whose key and value are larger together than `limit` bytes."""
    return RecordTooLargeError(
        f"{record.topic}, partition {record.partition}, offset {record.offset}",
        key_size=len(record.key or b""),
        value_size=len(record.value or b""),
        limit=limit,
    )


def quarantined(
    record: ConsumedRecord,
    stream_id: int,
    error: Exception,
    protection: QuarantineProtection | None,
) -> QuarantinedRecord:
    """
    The record to quarantine: with its bytes, protected, or by reference where it is too large.

    Args:
        record: The record.
        stream_id: The stream that it belongs to.
        error: What is wrong with it.
        protection: What protects the bytes; None keeps them as they are.
    """
    is_too_large = isinstance(error, RecordTooLargeError)
    is_protected = protection is not None and protection.concerns(record.topic)
    kept = QuarantinedRecord(
        stream_id=stream_id,
        topic=record.topic,
        kafka_partition=record.partition,
        kafka_offset=record.offset,
        kafka_timestamp=record.timestamp if record.timestamp >= 0 else None,
        key=None if is_too_large else record.key,
        value=None if is_too_large else record.value,
        headers=tuple((name, value) for name, value in record.headers),
        error_type=type(error).__name__,
        error_message=_storable(unquoted(error) if is_protected else _message(error)),
        key_size=_size(record.key) if is_too_large else None,
        value_size=_size(record.value) if is_too_large else None,
    )
    if protection is not None and is_protected:
        return protection.protect(kept)
    return kept


def _message(error: Exception) -> str:
    if isinstance(error, TransformationError):
        return str(error)
    return (
        f"decoding failed unexpectedly ({type(error).__name__}: {error}). This is a defect of "
        f"cdc-audit: please report it with the record's bytes, which are kept here."
    )


def _size(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _storable(message: str) -> str:
    """A message may quote the record: no store takes NUL or half a surrogate pair as text."""
    return message.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
