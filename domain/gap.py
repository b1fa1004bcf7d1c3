"""Gaps: intervals of offsets that are known not to be in the trail, and why."""

import enum

import msgspec

from domain.errors import CdcAuditError


class GapCause(enum.StrEnum):
    """Why offsets are missing. COMPACTED is shown; the others degrade health until acknowledged."""

    EXPIRED = "expired"
    COMPACTED = "compacted"
    REMADE_TOPIC = "remade_topic"
    RESTORED_BROKER = "restored_broker"
    OPERATOR_SKIP = "operator_skip"
    CORRUPT = "corrupt"
    MISSING_CHANGES = "missing_changes"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """
    An interval of offsets of one stream partition that is not in the trail.

    Attributes:
        stream_id: The stream.
        partition: Partition of the topic.
        first_offset: First missing offset.
        next_offset: First offset after the gap.
        cause: Why they are missing.
        evidence: What was seen, in words, with the values.
    """

    stream_id: int
    partition: int
    first_offset: int
    next_offset: int
    cause: GapCause
    evidence: str

    @property
    def kind(self) -> str:
        """What is missing: ``offsets`` of Kafka, or changes of the ``source`` that never came."""
        return "source" if self.cause is GapCause.MISSING_CHANGES else "offsets"

    @property
    def loses(self) -> bool:
        """Whether changes may be lost: then health is `degraded` until it is acknowledged."""
        return self.cause is not GapCause.COMPACTED


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """
    Somebody took note of a gap. It is never taken back.

    Attributes:
        at: When; microseconds since 1970, UTC.
        by: Who, as they call themselves.
        reason: Why it is acceptable, in their words.
    """

    at: int
    by: str
    reason: str


class LedgerGap(msgspec.Struct, frozen=True, kw_only=True):
    """
    A gap as the ledger has it.

    Attributes:
        id: Its number.
        kind: ``offsets`` of Kafka, or ``source``: changes that never came.
        topic: Name of the topic.
        incarnation: Which life of the topic, from 1.
        stream_id: The stream.
        partition: Partition of the topic.
        first_offset: First missing offset.
        next_offset: First offset behind it; equal to the first where nobody can say.
        cause: A word of `GapCause`, or of a later version of this program.
        evidence: What was seen, in words, with the values.
        first_seen: When it was found; microseconds since 1970, UTC.
        acknowledged: Who took note of it; None while nobody has.
    """

    id: int
    kind: str
    topic: str
    incarnation: int
    stream_id: int
    partition: int
    first_offset: int
    next_offset: int
    cause: str
    evidence: str
    first_seen: int
    acknowledged: Acknowledgement | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may lose changes, and nobody took note yet: health is `degraded`."""
        return self.cause != GapCause.COMPACTED and self.acknowledged is None

    @property
    def offsets(self) -> str:
        """Which offsets, in words."""
        if self.next_offset == self.first_offset:
            return f"from offset {self.first_offset} on"
        if self.next_offset == self.first_offset + 1:
            return f"offset {self.first_offset}"
        return f"offsets {self.first_offset} to {self.next_offset - 1}"

    @property
    def title(self) -> str:
        """Which gap it is, in words."""
        return (
            f"gap {self.id}: topic {self.topic}, partition {self.partition}, {self.offsets} "
            f"({self.cause})"
        )


class GapOrderError(CdcAuditError):
    """An order about a gap that cannot be carried out. Not retryable as it stands."""
