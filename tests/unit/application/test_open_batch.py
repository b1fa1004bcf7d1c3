"""However batches are cut and joined, every record and every offset comes through, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.open_batch import OpenBatch, batch_of, by_lane, merge, split
from domain.consumed import ConsumedBatch, PartitionSlice
from tests.unit.application.batches import (
    Accounted,
    a_consumed_batch,
    a_partition,
    a_slice,
    offsets_of,
    polls,
    spans_of,
)

CAPS = st.tuples(st.integers(1, 12), st.integers(1, 60))


def an_open_batch(*, max_records: int = 100, max_bytes: int = 1000) -> OpenBatch:
    return OpenBatch(max_records=max_records, max_bytes=max_bytes)


def all_of(open_batch: OpenBatch) -> list[ConsumedBatch]:
    taken: list[ConsumedBatch] = []
    while open_batch:
        taken.append(open_batch.take())
    return taken


def by_partition(batches: list[ConsumedBatch]) -> list[Accounted]:
    return sorted(offsets_of(batches))


@given(polled=polls(), caps=CAPS)
def test_taking_gives_every_record_once_and_in_order(
    polled: list[ConsumedBatch], caps: tuple[int, int]
) -> None:
    open_batch = an_open_batch(max_records=caps[0], max_bytes=caps[1])
    for batch in polled:
        open_batch.add(batch)

    taken = all_of(open_batch)

    assert by_partition(taken) == by_partition(polled)
    assert spans_of(taken) == spans_of(polled)
    assert (open_batch.record_count, open_batch.size) == (0, 0)


@given(polled=polls(), caps=CAPS)
def test_no_batch_is_larger_than_the_caps_but_for_a_single_record(
    polled: list[ConsumedBatch], caps: tuple[int, int]
) -> None:
    open_batch = an_open_batch(max_records=caps[0], max_bytes=caps[1])
    for batch in polled:
        open_batch.add(batch)

    for batch in all_of(open_batch):
        assert batch.record_count <= caps[0]
        assert batch.size <= caps[1] or batch.record_count == 1


@given(polled=polls(), caps=CAPS)
def test_each_partition_has_one_slice_with_its_records_in_order(
    polled: list[ConsumedBatch], caps: tuple[int, int]
) -> None:
    open_batch = an_open_batch(max_records=caps[0], max_bytes=caps[1])
    for batch in polled:
        open_batch.add(batch)

    for batch in all_of(open_batch):
        partitions = [part.partition for part in batch.slices]
        assert len(partitions) == len(set(partitions))
        for part in batch.slices:
            offsets = [record.offset for record in part.records]
            assert offsets == sorted(offsets)
            assert all(part.expected <= offset < part.next_offset for offset in offsets)


@given(polled=polls(), caps=CAPS)
def test_what_waits_is_counted_in_records_and_bytes(
    polled: list[ConsumedBatch], caps: tuple[int, int]
) -> None:
    open_batch = an_open_batch(max_records=caps[0], max_bytes=caps[1])
    for batch in polled:
        open_batch.add(batch)
    records, size = open_batch.record_count, open_batch.size

    taken = open_batch.take()

    assert (records, size) == (
        sum(batch.record_count for batch in polled),
        sum(batch.size for batch in polled),
    )
    assert open_batch.record_count == records - taken.record_count
    assert open_batch.size == size - taken.size


@given(polled=polls(), unwanted=st.sets(st.integers(0, 2)))
def test_removing_throws_away_whole_partitions_and_keeps_the_rest(
    polled: list[ConsumedBatch], unwanted: set[int]
) -> None:
    open_batch = an_open_batch(max_records=5, max_bytes=40)
    for batch in polled:
        open_batch.add(batch)
    size = open_batch.size

    thrown, freed = open_batch.remove(lambda partition: partition.partition in unwanted)
    kept = all_of(open_batch)

    gone = batch_of(thrown, polled_at=0.0)
    assert all(part.partition.partition in unwanted for part in thrown)
    assert all(p.partition.partition not in unwanted for batch in kept for p in batch.slices)
    assert by_partition([gone, *kept]) == by_partition(polled)
    assert spans_of([gone, *kept]) == spans_of(polled)
    assert freed == gone.size
    assert sum(batch.size for batch in kept) == size - freed


@given(polled=polls())
def test_merging_loses_nothing(polled: list[ConsumedBatch]) -> None:
    merged = merge(polled)

    assert by_partition([merged]) == by_partition(polled)
    assert spans_of([merged]) == spans_of(polled)
    assert merged.size == sum(batch.size for batch in polled)
    assert merged.polled_at == polled[0].polled_at


@given(polled=polls(), lanes=st.integers(1, 4))
def test_a_partition_always_has_the_same_lane(polled: list[ConsumedBatch], lanes: int) -> None:
    lane_of: dict[object, int] = {}

    for batch in polled:
        parts = list(by_lane(batch, lanes))

        assert by_partition([part for _, part in parts]) == by_partition([batch])
        assert sum(part.size for _, part in parts) == batch.size
        for lane, part in parts:
            assert 0 <= lane < lanes
            for piece in part.slices:
                assert lane_of.setdefault(piece.partition, lane) == lane


def test_partitions_are_spread_over_the_lanes() -> None:
    slices = [a_slice(0, 1, partition=a_partition(number)) for number in range(4)]

    lanes = [lane for lane, _ in by_lane(a_consumed_batch(*slices), 4)]

    assert sorted(lanes) == [0, 1, 2, 3]


def test_what_fits_is_not_cut() -> None:
    batch = a_consumed_batch(a_slice(0, 3))

    assert list(split(batch, max_records=3, max_bytes=3)) == [batch]


def test_a_record_larger_than_the_cap_stands_alone() -> None:
    batch = a_consumed_batch(a_slice(0, 3, sizes=[1, 50, 1]))

    cuts = list(split(batch, max_records=100, max_bytes=10))

    assert [cut.size for cut in cuts] == [1, 50, 1]


def test_offsets_without_a_record_go_with_the_record_after_them() -> None:
    batch = a_consumed_batch(a_slice(0, 9, holes=frozenset({1, 2, 7, 8})))

    cuts = list(split(batch, max_records=2, max_bytes=100))

    spans = [(part.expected, part.next_offset) for cut in cuts for part in cut.slices]
    assert spans == [(0, 4), (4, 6), (6, 9)]


def test_the_oldest_polls_time_is_the_batches() -> None:
    open_batch = an_open_batch()
    open_batch.add(a_consumed_batch(a_slice(0, 1), polled_at=5.0))
    open_batch.add(a_consumed_batch(a_slice(1, 2), polled_at=9.0))

    since = open_batch.since
    taken = open_batch.take()

    assert since == taken.polled_at == 5.0
    assert open_batch.since is None


@pytest.mark.parametrize(
    ("slices", "is_full"),
    [
        ([a_slice(0, 9)], False),
        ([a_slice(0, 10)], True),
        ([a_slice(0, 2, sizes=[49, 50])], False),
        ([a_slice(0, 2, sizes=[50, 50])], True),
    ],
)
def test_it_is_full_at_either_cap(slices: list[PartitionSlice], *, is_full: bool) -> None:
    open_batch = an_open_batch(max_records=10, max_bytes=100)
    open_batch.add(a_consumed_batch(*slices))

    assert open_batch.is_full is is_full


def test_nothing_can_be_taken_from_an_empty_one() -> None:
    with pytest.raises(IndexError):
        an_open_batch().take()
