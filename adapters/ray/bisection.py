"""
Cutting a batch in two, and joining the halves' results to what the whole would have given.

    batch ──▶ halves ──▶ transform each ──▶ joined
                    └──▶ one record that cannot be transformed anywhere: refused

A cut leaves the absent offsets before a record on the side of the record before: the gaps of a
compacted log stay whole.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from adapters.ray.work import TransformWork
from application.transform_records import transform_records
from domain.consumed import ConsumedRecord, PartitionSlice
from domain.errors import TransformationError
from domain.redelivery import RunStretch, begins_run
from domain.transformed import Advance, TransformedBatch


def halves(
    slices: Sequence[PartitionSlice],
) -> tuple[Sequence[PartitionSlice], Sequence[PartitionSlice]]:
    """Cut `slices`, which have at least two records and are sorted, in the middle."""
    place = sum(len(part.records) for part in slices) // 2
    for index, part in enumerate(slices):
        if place < len(part.records):
            before, after = _cut(part, place)
            return [*slices[:index], *before], [*after, *slices[index + 1 :]]
        place -= len(part.records)
    raise AssertionError("the middle of a batch is in one of its slices")


def joined(left: TransformedBatch, right: TransformedBatch) -> TransformedBatch:
    """Join the results of two halves."""
    stamps = [b.newest_change for b in (left, right) if b.newest_change is not None]
    return TransformedBatch(
        rows=left.rows + right.rows,
        row_count=left.row_count + right.row_count,
        days=left.days | right.days,
        advances=_joined_advances(left.advances, right.advances),
        control=(*left.control, *right.control),
        quarantined=(*left.quarantined, *right.quarantined),
        operations=dict(Counter(left.operations) + Counter(right.operations)),
        control_kinds=dict(Counter(left.control_kinds) + Counter(right.control_kinds)),
        sources={**right.sources, **left.sources},  # those of a table's first row
        newest_change=max(stamps, default=None),
        has_undecoded=left.has_undecoded or right.has_undecoded,
    )


def refused(
    slices: Sequence[PartitionSlice], error: TransformationError, *, work: TransformWork
) -> TransformedBatch:
    """Quarantine every record of `slices` for `error` as `work` does, without decoding it."""
    return transform_records(
        _RefusingDecoder(error),
        work.encoder,
        slices,
        max_record_bytes=work.max_record_bytes,
        protection=work.protection,
    )


class _RefusingDecoder:
    """Finds every record to be poison."""

    def __init__(self, error: TransformationError) -> None:
        self._error = error

    def decode(self, record: ConsumedRecord, stream_id: int) -> NoReturn:  # noqa: ARG002 - the port's arguments
        raise self._error


def _cut(
    part: PartitionSlice, place: int
) -> tuple[Sequence[PartitionSlice], Sequence[PartitionSlice]]:
    if place == 0:
        return [], [part]
    offset = part.records[place].offset
    before = msgspec.structs.replace(part, next_offset=offset, records=part.records[:place])
    after = msgspec.structs.replace(part, expected=offset, records=part.records[place:])
    return [before], [after]


def _joined_advances(left: Sequence[Advance], right: Sequence[Advance]) -> Sequence[Advance]:
    if not left or not right or left[-1].partition != right[0].partition:
        return [*left, *right]
    before, after = left[-1], right[0]
    whole = Advance(
        partition=before.partition,
        expected=before.expected,
        next_offset=after.next_offset,
        tally=before.tally + after.tally,
        gaps=before.gaps + after.gaps,
        runs=_joined_runs(before.runs, after.runs),
    )
    return [*left[:-1], whole, *right[1:]]


def _joined_runs(
    left: tuple[RunStretch, ...], right: tuple[RunStretch, ...]
) -> tuple[RunStretch, ...]:
    if not left or not right or begins_run(right[0], run=left[-1].run, highest=left[-1].highest):
        return left + right
    before, after = left[-1], right[0]
    whole = RunStretch(
        first_offset=before.first_offset,
        run=before.run,
        lowest=min((p for p in (before.lowest, after.lowest) if p is not None), default=None),
        highest=max((p for p in (before.highest, after.highest) if p is not None), default=None),
    )
    return (*left[:-1], whole, *right[1:])
