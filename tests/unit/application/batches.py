"""Consumed batches for tests of what is in front of the transformer."""

from collections.abc import Sequence

from hypothesis import strategies as st

from application.open_batch import batch_of
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.stream import StreamPartition
from tests.builders import a_raw_record

Accounted = tuple[StreamPartition, int]
"""A partition and one of its offsets."""


def a_partition(number: int = 0, stream_id: int = 1) -> StreamPartition:
    """One of the partitions of the topic of a stream."""
    return StreamPartition(stream_id, number, "orders")


def a_slice(
    expected: int,
    next_offset: int,
    *,
    partition: StreamPartition | None = None,
    sizes: Sequence[int] | None = None,
    holes: frozenset[int] = frozenset(),
) -> PartitionSlice:
    """A slice with a record at each offset but those in `holes`; values of one byte, or `sizes`."""
    partition = partition or a_partition()
    offsets = [offset for offset in range(expected, next_offset) if offset not in holes]
    records = [
        a_raw_record(
            offset, topic="orders", partition=partition.partition, key=None, value=b"v" * n
        )
        for offset, n in zip(offsets, sizes or [1] * len(offsets), strict=True)
    ]
    return PartitionSlice(partition, expected, next_offset, records)


def a_consumed_batch(*slices: PartitionSlice, polled_at: float = 0.0) -> ConsumedBatch:
    """One poll's batch."""
    return batch_of(slices, polled_at=polled_at)


@st.composite
def polls(draw: st.DrawFn) -> list[ConsumedBatch]:
    """What consecutive polls give: slices of three partitions, each from where its last ended."""
    positions = {number: draw(st.integers(0, 5)) for number in range(3)}
    batches: list[ConsumedBatch] = []
    for count in range(draw(st.integers(1, 6))):
        numbers = draw(st.sets(st.sampled_from(range(3)), min_size=1))
        slices = [_draw_slice(draw, positions, number) for number in sorted(numbers)]
        batches.append(a_consumed_batch(*slices, polled_at=float(count)))
    return batches


def _draw_slice(draw: st.DrawFn, positions: dict[int, int], number: int) -> PartitionSlice:
    start = positions[number]
    end = start + draw(st.integers(1, 12))
    holes = frozenset(draw(st.sets(st.integers(start, end - 1))))
    count = end - start - len(holes)
    sizes = draw(st.lists(st.integers(0, 30), min_size=count, max_size=count))
    positions[number] = end
    return a_slice(start, end, partition=a_partition(number), sizes=sizes, holes=holes)


def offsets_of(batches: Sequence[ConsumedBatch]) -> list[Accounted]:
    """The partition and offset of each record, in the order of the slices."""
    return [
        (part.partition, record.offset)
        for batch in batches
        for part in batch.slices
        for record in part.records
    ]


def spans_of(batches: Sequence[ConsumedBatch]) -> dict[StreamPartition, list[tuple[int, int]]]:
    """From where to where each slice of each partition goes, joined where one follows another."""
    spans: dict[StreamPartition, list[tuple[int, int]]] = {}
    for batch in batches:
        for part in batch.slices:
            known = spans.setdefault(part.partition, [])
            if known and known[-1][1] == part.expected:
                known[-1] = (known[-1][0], part.next_offset)
            else:
                known.append((part.expected, part.next_offset))
    return spans
