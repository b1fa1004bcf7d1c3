"""The documented model of where the trail stands in one partition."""

from datetime import datetime
from typing import Any

import msgspec

from domain.audit_logging import plain_fields


class KafkaOffset(msgspec.Struct, kw_only=True):
    """
    The last processed offset of one partition.

    Attributes:
        topic: Name of the topic.
        partition: Partition of the topic.
        offset: Last processed offset: the trail's next offset - 1; -1 before the first record.
        consumer_group: Group that writes the partition.
        stream_id: The stream; None until it is stored.
        first_offset: First offset that the trail answers for.
        writer: Token of the process that moved it last.
        updated_at: When it last moved.
    """

    topic: str
    partition: int
    offset: int
    consumer_group: str
    stream_id: int | None = None
    first_offset: int | None = None
    writer: str | None = None
    updated_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary that `json.dumps` takes."""
        return plain_fields(self)
