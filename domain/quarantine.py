"""Records that could not be audited: kept with their bytes, retried or resolved."""

import msgspec


class QuarantinedRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A consumed record that could not be audited, as `processing_error` keeps it.

    Attributes:
        stream_id: The stream that it came from.
        topic: Name of the topic.
        kafka_partition: Partition of the topic.
        kafka_offset: Offset in the partition.
        kafka_timestamp: Milliseconds since 1970, as Kafka gives it; None where it has none.
        key: Raw key bytes.
        value: Raw value bytes.
        headers: Raw headers, in order.
        error_type: Name of the error's class.
        error_message: What is wrong, and what to do.
    """

    stream_id: int
    topic: str
    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    error_type: str
    error_message: str
