"""What the trail tells of itself, and of many changes at once. Times: microseconds, 1970, UTC."""

from collections.abc import Sequence

import msgspec

from domain.disposition import Tally
from domain.operation import OperationTypeEnum
from domain.source_table import SourceTable


class ChangeCount(msgspec.Struct, frozen=True, kw_only=True):
    """
    Changes of one table by one operation.

    Attributes:
        source: The table.
        operation: What happened.
        changes: How many.
        first: Time of the first.
        last: Time of the last.
    """

    source: SourceTable
    operation: OperationTypeEnum
    changes: int
    first: int
    last: int


class Bucket(msgspec.Struct, frozen=True):
    """
    Changes of one hour by one operation.

    Attributes:
        start: When the hour begins.
        operation: What happened.
        changes: How many.
    """

    start: int
    operation: OperationTypeEnum
    changes: int


class QuarantineCount(msgspec.Struct, frozen=True, kw_only=True):
    """
    Open records of the quarantine of one topic with one type of error.

    Attributes:
        topic: Name of the topic.
        error_type: Class of the error.
        records: How many.
        oldest_id: Number of the oldest.
        oldest: When it was quarantined.
    """

    topic: str
    error_type: str
    records: int
    oldest_id: int
    oldest: int


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of the offsets of one stream partition.

    Attributes:
        stream_id: The stream.
        topic: Name of the topic.
        partition: Partition of the topic.
        first_offset: First offset that the trail answers for.
        next_offset: First offset that is not in the trail yet.
        tally: How many had which fate.
        moved_at: When it last moved; None if never.
    """

    stream_id: int
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    tally: Tally
    moved_at: int | None = None

    @property
    def unaccounted(self) -> int:
        """Offsets of which nothing is known: 0, or something is wrong."""
        return self.next_offset - self.first_offset - self.tally.total


class Activity(msgspec.Struct, frozen=True):
    """
    When a table had changes.

    Attributes:
        source: The table.
        hours: Beginnings of the hours with changes, sorted.
        last: Time of the last change.
        last_recorded: When the trail stored the last one that it stored.
    """

    source: SourceTable
    hours: Sequence[int]
    last: int
    last_recorded: int


class TableCoverage(msgspec.Struct, frozen=True):
    """
    A table that the trail has met.

    Attributes:
        source: The table.
        columns: Columns that rows of it had, sorted.
        first_seen: When the trail first met it.
    """

    source: SourceTable
    columns: Sequence[str]
    first_seen: int
