"""What the trail knows to be missing, where it touches an answer: the answer may be incomplete."""

import enum

import msgspec


class MissingKind(enum.StrEnum):
    """GAP: offsets that are not in the trail. QUARANTINE: a record that could not be audited."""

    GAP = "gap"
    QUARANTINE = "quarantine"


class MissingPart(msgspec.Struct, frozen=True, kw_only=True):
    """
    One open gap, or one open record of the quarantine.

    Attributes:
        kind: Which of the two.
        id: Its number: `audit_gap.id` or `processing_error.id`.
        topic: Name of the topic.
        stream_id: The stream.
        partition: Partition of the topic.
        first_offset: First offset that is missing.
        next_offset: First offset behind it; equal to the first where nobody can say.
        cause: The gap's cause, or the error's type.
    """

    kind: MissingKind
    id: int
    topic: str
    stream_id: int
    partition: int
    first_offset: int
    next_offset: int
    cause: str


class Incompleteness(msgspec.Struct, frozen=True):
    """
    Why an answer may be incomplete; empty (and false) where nothing says that it may be.

    Attributes:
        parts: What is missing, gaps first, then by place.
        has_more: Whether there is more of it than was listed.
    """

    parts: tuple[MissingPart, ...] = ()
    has_more: bool = False

    def __bool__(self) -> bool:
        return bool(self.parts)
