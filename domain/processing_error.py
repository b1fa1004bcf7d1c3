"""The documented model of one record in quarantine."""

from datetime import datetime
from typing import Any

import msgspec

from domain.audit_logging import plain_fields


class ProcessingError(msgspec.Struct, kw_only=True):
    """
    A record that could not be audited.

    Attributes:
        topic: Name of the topic.
        partition: Partition of the topic.
        offset: Offset in the partition.
        error_type: Class of the error.
        error_message: What is wrong, and what to do.
        raw_key: Key bytes as they came.
        raw_value: Value bytes as they came.
        id: Number of the error; None until it is stored.
        stream_id: Stream of the record.
        retry_count: How often it was retried.
        max_retries: How often it is retried at most.
        next_retry_at: Not retried before; None means at once.
        created_at: When it was quarantined.
        resolved_at: When it was resolved; None while open.
        resolution: ``retried`` (the trail has its row now) or ``resolved`` (without a row).
        resolution_note: Why, in the words of who resolved it.
    """

    topic: str
    partition: int
    offset: int
    error_type: str
    error_message: str
    raw_key: bytes | None = None
    raw_value: bytes | None = None
    id: int | None = None
    stream_id: int | None = None
    retry_count: int = 0
    max_retries: int | None = None
    next_retry_at: datetime | None = None
    created_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    resolution_note: str | None = None

    @property
    def is_resolved(self) -> bool:
        """Whether somebody, or a retry, has dealt with it."""
        return self.resolved_at is not None

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary that `json.dumps` takes; bytes become base64 text."""
        return plain_fields(self)
