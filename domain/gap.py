"""Gaps: intervals of offsets that are known not to be in the trail, and why."""

import enum

import msgspec


class GapCause(enum.StrEnum):
    """Why offsets are missing. COMPACTED is shown; the others degrade health until acknowledged."""

    EXPIRED = "expired"
    COMPACTED = "compacted"
    REMADE_TOPIC = "remade_topic"
    RESTORED_BROKER = "restored_broker"
    OPERATOR_SKIP = "operator_skip"
    CORRUPT = "corrupt"


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
    def loses(self) -> bool:
        """Whether changes may be lost: then health is `degraded` until it is acknowledged."""
        return self.cause is not GapCause.COMPACTED
