"""
Records that could not be audited: kept with their bytes, retried or resolved.

Where a record may hold what a rule on columns redacts, its bytes are encrypted, or withheld: such a
record tells its sizes, and is read again from Kafka.
"""

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
        headers: Raw headers, in order; encrypted, they are one value under an empty name.
        error_type: Name of the error's class.
        error_message: What is wrong, and what to do.
        encryption_key_id: Key that key, value and headers are encrypted with; None for plain ones.
        key_size: Bytes that the key had; None where `key` is as it came, or there was none.
        value_size: Likewise for the value.
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
    encryption_key_id: str | None = None
    key_size: int | None = None
    value_size: int | None = None

    @property
    def coordinates(self) -> str:
        """Its identity, as people see it: ``stream-partition-offset``."""
        return f"{self.stream_id}-{self.kafka_partition}-{self.kafka_offset}"

    @property
    def sizes(self) -> tuple[int | None, int | None]:
        """Bytes that key and value had in Kafka; None for Kafka null."""
        return (
            _size(self.key) if self.key_size is None else self.key_size,
            _size(self.value) if self.value_size is None else self.value_size,
        )


def withheld(record: QuarantinedRecord) -> QuarantinedRecord:
    """The record without its bytes: where it was, how large, and what to do."""
    key_size, value_size = record.sizes
    return msgspec.structs.replace(
        record,
        key=None,
        value=None,
        headers=(),
        key_size=key_size,
        value_size=value_size,
        error_message=f"{record.error_message} Its bytes were withheld (quarantine.raw): read it "
        f"again from Kafka, topic {record.topic}, partition {record.kafka_partition}, offset "
        f"{record.kafka_offset}.",
    )


def _size(data: bytes | None) -> int | None:
    return None if data is None else len(data)
