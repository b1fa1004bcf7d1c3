"""Slices come out of the bytes as they went in."""

from collections.abc import Sequence

import pytest

from adapters.ray.shipped_slices import pack_slices, unpack_slices
from domain.consumed import PartitionSlice, RawRecord
from tests.builders import a_raw_record
from tests.unit.ray.records import a_slice


class ForeignRecord:
    """A record as a Kafka client has it: another class, headers in a list, no pickling."""

    topic = "t"
    partition = 3
    offset = 8
    timestamp = -1
    key = None
    value = b"\x00\xff"
    headers: Sequence[tuple[str, bytes | None]] = [("trace", b"1"), ("trace", None)]

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        raise TypeError("this record does not pickle")


@pytest.mark.parametrize(
    "slices",
    [
        [],
        [a_slice()],
        [a_slice(b"one", None, b"", step=4)],
        [a_slice(b"one", compacted=False), a_slice(b"two", partition=1, first=9)],
    ],
)
def test_slices_come_out_as_they_went_in(slices: Sequence[PartitionSlice]) -> None:
    assert unpack_slices(pack_slices(slices)) == slices


def test_records_of_a_client_come_out_with_every_field() -> None:
    part = PartitionSlice(a_slice().partition, 8, 9, [ForeignRecord()])

    (unpacked,) = unpack_slices(pack_slices([part]))

    headers = (("trace", b"1"), ("trace", None))
    assert unpacked.records == [RawRecord("t", 3, 8, -1, None, b"\x00\xff", headers)]


def test_a_header_whose_name_is_no_unicode_comes_out_too() -> None:
    record = a_raw_record(0, headers=(("\ud800", b"half a pair"),))
    part = PartitionSlice(a_slice().partition, 0, 1, [record])

    (unpacked,) = unpack_slices(pack_slices([part]))

    assert unpacked.records == [record]
