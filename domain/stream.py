"""A stream is one life of one topic on one Kafka cluster; its partitions carry the offsets."""

import msgspec


class StreamPartition(msgspec.Struct, frozen=True, order=True):
    """
    One partition of one stream: what an offset in the trail belongs to.

    Attributes:
        stream_id: Number of the stream in `kafka_stream`.
        partition: Partition of the topic.
        topic: Name of the topic.
    """

    stream_id: int
    partition: int
    topic: str


class LogPartition(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the broker says of one partition at the moment of its assignment.

    Attributes:
        cluster_id: Id of the Kafka cluster.
        topic: Name of the topic.
        topic_id: The broker's own id of this life of the topic; None where it gives none.
        partition: The partition.
        log_start: First offset that can still be read.
        log_end: Offset that the next record will get (last stable offset + 0 or more).
        compacted: Whether `cleanup.policy` contains ``compact``: then holes are losses.
    """

    cluster_id: str
    topic: str
    topic_id: str | None
    partition: int
    log_start: int
    log_end: int
    compacted: bool = False


class Claim(msgspec.Struct, frozen=True):
    """
    From where a writer reads a partition that it was assigned.

    Attributes:
        partition: The stream partition.
        next_offset: Offset of the first record that is not in the trail.
        compacted: Whether holes in the log are compacted records (a gap) or not.
    """

    partition: StreamPartition
    next_offset: int
    compacted: bool = False
