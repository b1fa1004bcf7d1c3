"""What became of the offsets of a stream partition: as the trail counts, and as its rows show."""

from collections.abc import Sequence

import msgspec

from domain.audit_record import AuditRecord
from domain.disposition import Disposition, Tally
from domain.stream import StreamPartition

OffsetRange = tuple[int, int]
"""First offset, and first one behind."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """
    The counters of one stream partition.

    Attributes:
        partition: The stream partition.
        cluster_id: Id of the Kafka cluster.
        topic_id: The broker's own id of this life of the topic; None where it gave none.
        first_offset: First offset that the trail answers for.
        next_offset: First offset that is not in the trail.
        tally: What became of the offsets between.
    """

    partition: StreamPartition
    cluster_id: str
    topic_id: str | None
    first_offset: int
    next_offset: int
    tally: Tally

    @property
    def unaccounted(self) -> int:
        """Offsets that no counter accounts for: 0 where the identity holds."""
        return self.next_offset - self.first_offset - self.tally.total


class Trace(msgspec.Struct, frozen=True, gc=False):
    """
    A row that tells what became of an offset.

    Attributes:
        offset: The offset.
        disposition: Which table has it: AUDITED, BASELINE, CONTROL or QUARANTINED.
        record: The row itself, if it was asked for and is one of the trail.
    """

    offset: int
    disposition: Disposition
    record: AuditRecord | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that does not fit.

    Attributes:
        topic: Name of the topic.
        stream_id: The stream.
        partition: Partition of the topic.
        what: What does not fit, in words, with the numbers.
        offsets: Where, if that can be said; the first ones, as ranges.
    """

    topic: str
    stream_id: int
    partition: int
    what: str
    offsets: Sequence[OffsetRange] = ()

    @property
    def text(self) -> str:
        """The difference in words."""
        where = f"topic {self.topic}, stream {self.stream_id}, partition {self.partition}"
        told = ", ".join(
            str(first) if following == first + 1 else f"{first} to {following - 1}"
            for first, following in self.offsets
        )
        return f"{where}: {self.what}" + (f" (offsets {told})" if told else "")
