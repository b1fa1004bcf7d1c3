"""Records as they come from Kafka: bytes, with coordinates."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.source_types import SourceTypes
from domain.stream import StreamPartition


class ConsumedRecord(Protocol):
    """
    One Kafka record as it came. aiokafka's own record fits, so nothing is copied.

    Attributes:
        topic: Name of the topic.
        partition: Partition of the topic.
        offset: Offset in the partition.
        timestamp: Milliseconds since 1970, UTC; -1 where the broker has none.
        key: Key bytes; None for Kafka null.
        value: Value bytes; None for Kafka null.
        headers: Names and values, in order; names may repeat, values may be None.
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


def size_of(record: ConsumedRecord) -> int:
    """Bytes of a record's key and value."""
    return len(record.key or b"") + len(record.value or b"")


class RawRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A consumed record that can be made, stored and sent between processes."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class PartitionSlice(msgspec.Struct, frozen=True, gc=False):
    """
    Consecutive records of one stream partition.

    Attributes:
        partition: Where they come from.
        expected: The trail's next offset before this slice.
        next_offset: The trail's next offset after it; at least the last record's offset + 1.
        records: In offset order; none below `expected`. Offsets without a record are absent.
        compacted: Whether absent offsets are compacted records (a gap) or not.
    """

    partition: StreamPartition
    expected: int
    next_offset: int
    records: Sequence[ConsumedRecord]
    compacted: bool = False


class ConsumedBatch(msgspec.Struct, frozen=True, gc=False):
    """
    Records handled together, from one or more stream partitions.

    Attributes:
        slices: At most one for each stream partition.
        size: Bytes of keys and values, for bounding queues.
        polled_at: When the first of them was polled; seconds of a monotonic clock.
        types: Types of the source's columns, for records without schema; None for none learned.
    """

    slices: Sequence[PartitionSlice]
    size: int
    polled_at: float
    types: SourceTypes | None = None

    @property
    def record_count(self) -> int:
        """The number of records in all slices."""
        return sum(len(s.records) for s in self.slices)
