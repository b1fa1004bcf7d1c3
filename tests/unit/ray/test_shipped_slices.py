"""Slices come out of the bytes as they went in."""

from collections.abc import Sequence

import pytest

from adapters.ray.shipped_slices import pack_slices, unpack_slices
from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition
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
    part = PartitionSlice(StreamPartition(1, 3, "t"), 8, 9, [ForeignRecord()])

    (unpacked,) = unpack_slices(pack_slices([part]))

    headers = (("trace", b"1"), ("trace", None))
    assert unpacked.records == [RawRecord("t", 3, 8, -1, None, b"\x00\xff", headers)]


def test_a_schema_that_many_records_carry_goes_once() -> None:
    schema = b'{"schema":{"type":"struct","name":"' + b"n" * 3_000 + b'"},"payload":'
    part = a_slice(*(b'%b{"id":%d}}' % (schema, number) for number in range(100)), None)

    packed = pack_slices([part])

    assert packed.count(schema) == 1
    assert unpack_slices(packed) == [part]


def test_a_header_whose_name_is_no_unicode_comes_out_too() -> None:
    value = b'{"schema":null,"payload":1}'
    record = a_raw_record(0, value=value, headers=(("\ud800", b"half a pair"),))
    part = PartitionSlice(a_slice().partition, 0, 1, [record])

    (unpacked,) = unpack_slices(pack_slices([part]))

    assert unpacked.records == [record]
