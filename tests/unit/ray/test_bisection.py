"""Whatever a batch is cut into, the results join to what the whole gives."""

from collections.abc import Sequence

import pytest

from adapters.ray.bisection import halves, joined, refused
from domain.consumed import PartitionSlice
from domain.errors import WorkerKilledError
from domain.transformed import TransformedBatch
from tests.unit.ray.records import (
    a_batch_of,
    a_slice,
    a_work,
    numbered,
    transformed_here,
)

MIXED = (b"one", None, b"bad", b"skip", b"two", None, b"bad again")

BATCHES = {
    "one slice": [a_slice(*numbered(7))],
    "every disposition": [a_slice(*MIXED)],
    "several slices": [a_slice(*MIXED, partition=p, first=10 * p) for p in range(3)],
    "a slice without records": [
        a_slice(partition=0),
        a_slice(*numbered(3), partition=1),
        a_slice(partition=2),
    ],
    "holes in a compacted log": [a_slice(*MIXED, step=3, partition=p) for p in range(2)],
    "holes in another log": [a_slice(*MIXED, step=2, compacted=False)],
    "two records": [a_slice(b"one"), a_slice(b"two", partition=1)],
}


def records_in(slices: Sequence[PartitionSlice]) -> int:
    return sum(len(part.records) for part in slices)


def in_pieces(slices: Sequence[PartitionSlice]) -> TransformedBatch:
    """Transform record by record."""
    if records_in(slices) < 2:
        return transformed_here(a_batch_of(*slices))
    left, right = halves(slices)
    return joined(in_pieces(left), in_pieces(right))


@pytest.mark.parametrize("slices", BATCHES.values(), ids=BATCHES.keys())
def test_the_pieces_join_to_the_whole(slices: Sequence[PartitionSlice]) -> None:
    whole = transformed_here(a_batch_of(*slices))

    pieces = in_pieces(slices)

    assert list(pieces.advances) == list(whole.advances)
    assert pieces == whole


@pytest.mark.parametrize("slices", BATCHES.values(), ids=BATCHES.keys())
def test_each_half_has_half_of_the_records(slices: Sequence[PartitionSlice]) -> None:
    left, right = halves(slices)

    assert records_in(left) == records_in(slices) // 2
    assert records_in(left) + records_in(right) == records_in(slices)


def test_a_refused_record_is_quarantined_with_its_bytes_and_why() -> None:
    work = a_work()

    batch = refused(
        [a_slice(b"exit", first=5)],
        WorkerKilledError(workers=3, reason="exit code 7"),
        work=work,
    )

    (quarantined,) = batch.quarantined
    assert (quarantined.kafka_offset, quarantined.value) == (5, b"exit")
    assert quarantined.error_type == "WorkerKilledError"
    assert "exit code 7" in quarantined.error_message
    assert batch.advances[0].tally.quarantined == 1
