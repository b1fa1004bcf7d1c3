"""
Slices of records as bytes: how a batch goes to a worker.

    slices ──▶ pack_slices ──▶ msgpack of tuples ──▶ unpack_slices ──▶ slices of RawRecord

aiokafka's records would pickle slowly, and by the name of their class.
"""

import pickle
from collections.abc import Sequence

import msgspec

from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition

_PICKLED = b"\x80"
"""How every pickle begins, and no MessagePack of a list of this length or another."""


class _Shipped(msgspec.Struct, frozen=True, array_like=True):
    stream_id: int
    partition: int
    topic: str
    expected: int
    next_offset: int
    compacted: bool
    records: list[RawRecord]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Shipped])


def pack_slices(slices: Sequence[PartitionSlice]) -> bytes:
    """Encode `slices`, whose records may be of any class that fits."""
    shipped = [
        (
            part.partition.stream_id,
            part.partition.partition,
            part.partition.topic,
            part.expected,
            part.next_offset,
            part.compacted,
            [
                (r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
                for r in part.records
            ],
        )
        for part in slices
    ]
    try:
        return _encoder.encode(shipped)
    except UnicodeEncodeError:  # half a surrogate pair in a header's name: pickle keeps it
        return pickle.dumps(shipped, protocol=pickle.HIGHEST_PROTOCOL)


def unpack_slices(packed: bytes) -> Sequence[PartitionSlice]:
    """Decode what `pack_slices` encoded."""
    if packed.startswith(_PICKLED):
        plain = pickle.loads(packed)  # noqa: S301 - our own bytes, from the service to its worker
        shipped = msgspec.convert(plain, list[_Shipped])
    else:
        shipped = _decoder.decode(packed)
    return [
        PartitionSlice(
            partition=StreamPartition(s.stream_id, s.partition, s.topic),
            expected=s.expected,
            next_offset=s.next_offset,
            records=s.records,
            compacted=s.compacted,
        )
        for s in shipped
    ]


def main_topic(slices: Sequence[PartitionSlice]) -> str:
    """Name the topic of the largest of `slices`, which tells best what the batch costs."""
    largest = max(slices, key=lambda part: len(part.records), default=None)
    return "" if largest is None else largest.partition.topic
