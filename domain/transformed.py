"""What a transformer gives back for a batch: bytes that are ready to store, and counts."""

from collections.abc import Mapping, Sequence

import msgspec

from domain.control import ControlMessage
from domain.disposition import Tally
from domain.gap import Gap
from domain.quarantine import QuarantinedRecord
from domain.redelivery import RunStretch
from domain.source_table import SourceColumns
from domain.stream import StreamPartition


class Advance(msgspec.Struct, frozen=True):
    """
    How a batch moves one stream partition: compare-and-swap from `expected` to `next_offset`.

    Invariant: ``tally.total == next_offset - expected``.

    Attributes:
        partition: The stream partition.
        expected: The trail's next offset before.
        next_offset: The trail's next offset after.
        tally: What became of the offsets between.
        gaps: Holes that are losses (compacted logs).
        runs: Its changes, cut where another run of the connector begins.
    """

    partition: StreamPartition
    expected: int
    next_offset: int
    tally: Tally
    gaps: tuple[Gap, ...] = ()
    runs: tuple[RunStretch, ...] = ()


class TransformedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """
    A batch, decoded, classified, redacted and encoded: all of it is stored, or nothing.

    Attributes:
        rows: Encoded audit records, back to back, in the form of the store's row encoder.
        row_count: The number of rows in `rows`.
        days: Days since 1970 (UTC) that the rows' change timestamps fall on.
        advances: One for each stream partition of the batch, in sorted order.
        control: Control messages to keep.
        quarantined: Records to quarantine.
        operations: How many rows of each (topic, operation), for metrics.
        control_kinds: How many control messages of each (topic, kind), stored or only counted.
        sources: Source tables of the rows, each with columns of its rows.
        newest_change: Greatest change timestamp of the rows; microseconds since 1970, or None.
        has_undecoded: Whether a row has a value whose type is not known.
    """

    rows: bytes
    row_count: int
    days: frozenset[int]
    advances: Sequence[Advance]
    control: Sequence[ControlMessage] = ()
    quarantined: Sequence[QuarantinedRecord] = ()
    operations: Mapping[tuple[str, str], int] = {}
    control_kinds: Mapping[tuple[str, str], int] = {}
    sources: SourceColumns = {}
    newest_change: int | None = None
    has_undecoded: bool = False
