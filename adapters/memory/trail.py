"""The trail in memory: what the in-memory store writes and the in-memory reader reads."""

from collections.abc import Mapping

import msgspec

from application.trail_query import StoredRecord
from domain.control import ControlMessage
from domain.disposition import Tally
from domain.gap import Acknowledgement, Gap
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent
from domain.redelivery import Redelivery
from domain.source_table import SourceTable

PartitionKey = tuple[int, int]
RecordKey = tuple[int, int, int]


class MemoryStream(msgspec.Struct, frozen=True):
    """One stream, as the table `kafka_stream` has it."""

    stream_id: int
    cluster_id: str
    topic: str
    incarnation: int
    topic_id: str | None


class MemoryOffset(msgspec.Struct, frozen=True):
    """One stream partition, as the table `kafka_offset` has it."""

    first_offset: int
    next_offset: int
    consumer_group: str | None
    writer: str | None
    tally: Tally = Tally()


class MemoryRun(msgspec.Struct, frozen=True):
    """One row of `audit_run`, and the greatest source position of the run so far."""

    number: int
    first_offset: int
    run: str | None
    highest: str | None


class MemoryTrail:
    """
    All tables. Stores and readers that are given the same one see the same trail.

    Attributes:
        streams: Streams, in the order in which they were met; numbers start at 1.
        offsets: By stream and partition.
        records: By stream, partition and offset.
        control: Control messages, in the order in which they were stored.
        quarantine: By stream, partition and offset.
        refused: Those of the quarantine that the store itself refused.
        entries: What is known of those in quarantine, by their number from 1 on.
        events: What happened to them, by their number.
        gaps: In the order in which they were found.
        acknowledged: Who took note of a gap, by its place in `gaps`, from 1.
        runs: Runs of the connector, by stream and partition, in order.
        redeliveries: Rows that repeat others, by stream, partition and offset.
        sources: Source tables that were met, with columns of theirs.
        begun: Whether the trail has begun.
    """

    def __init__(self) -> None:
        self.streams: list[MemoryStream] = []
        self.offsets: dict[PartitionKey, MemoryOffset] = {}
        self.records: dict[RecordKey, StoredRecord] = {}
        self.control: list[ControlMessage] = []
        self.quarantine: dict[RecordKey, QuarantinedRecord] = {}
        self.refused: dict[RecordKey, QuarantinedRecord] = {}
        self.entries: dict[int, QuarantineEntry] = {}
        self.events: dict[int, list[QuarantineEvent]] = {}
        self.gaps: list[Gap] = []
        self.acknowledged: dict[int, Acknowledgement] = {}
        self.runs: dict[PartitionKey, list[MemoryRun]] = {}
        self.redeliveries: dict[RecordKey, Redelivery] = {}
        self.sources: dict[SourceTable, frozenset[str]] = {}
        self.begun = False

    def stream(self, cluster_id: str, topic: str) -> MemoryStream | None:
        """The latest incarnation of `topic`."""
        lives = [s for s in self.streams if (s.cluster_id, s.topic) == (cluster_id, topic)]
        return lives[-1] if lives else None

    def topic_of(self, stream_id: int) -> str:
        """Name of the topic of a stream."""
        return self.streams[stream_id - 1].topic

    def positions(self) -> Mapping[PartitionKey, int]:
        """The next offset of every stream partition."""
        return {key: offset.next_offset for key, offset in self.offsets.items()}
