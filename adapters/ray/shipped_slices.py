"""
Slices of records as bytes: how a batch goes to a worker.

    slices ──▶ pack_slices ──▶ MessagePack of columns ──▶ unpack_slices ──▶ slices of RawRecord

aiokafka's records would pickle slowly, and by the name of their class. What many records have in
common goes once: their topic and partition, and the schema that JSON values carry.
"""

import pickle
from collections.abc import Sequence
from itertools import repeat

import msgspec

from adapters.ray.shared_fronts import Shortened, restore, shorten
from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition

_PICKLED = b"\x80"
"""How every pickle begins, and no MessagePack of a list of this length or another."""


class _Shipped(msgspec.Struct, frozen=True, array_like=True):
    """A slice; the fields behind `compacted` have a member for each of its records."""

    stream_id: int
    partition: int
    topic: str
    expected: int
    next_offset: int
    compacted: bool
    offsets: list[int]
    timestamps: list[int]
    keys: Shortened
    values: Shortened
    headers: list[tuple[tuple[str, bytes | None], ...]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Shipped])


def pack_slices(slices: Sequence[PartitionSlice]) -> bytes:
    """Encode `slices`, whose records may be of any class that fits."""
    shipped = [_shipped(part) for part in slices]
    try:
        return _encoder.encode(shipped)
    except UnicodeEncodeError:  # half a surrogate pair in a header's name: pickle keeps it
        return pickle.dumps(msgspec.to_builtins(shipped), protocol=pickle.HIGHEST_PROTOCOL)


def unpack_slices(packed: bytes) -> Sequence[PartitionSlice]:
    """Decode what `pack_slices` encoded."""
    if packed.startswith(_PICKLED):
        plain = pickle.loads(packed)  # noqa: S301 - our own bytes, from the service to its worker
        shipped = msgspec.convert(plain, list[_Shipped])
    else:
        shipped = _decoder.decode(packed)
    return [_slice(part) for part in shipped]


def _shipped(part: PartitionSlice) -> _Shipped:
    records = part.records
    return _Shipped(
        stream_id=part.partition.stream_id,
        partition=part.partition.partition,
        topic=part.partition.topic,
        expected=part.expected,
        next_offset=part.next_offset,
        compacted=part.compacted,
        offsets=[record.offset for record in records],
        timestamps=[record.timestamp for record in records],
        keys=shorten([record.key for record in records]),
        values=shorten([record.value for record in records]),
        headers=[tuple(record.headers) for record in records],
    )


def _slice(shipped: _Shipped) -> PartitionSlice:
    topic, partition = shipped.topic, shipped.partition
    records = map(
        RawRecord,
        repeat(topic),
        repeat(partition),
        shipped.offsets,
        shipped.timestamps,
        restore(shipped.keys),
        restore(shipped.values),
        shipped.headers,
    )
    return PartitionSlice(
        partition=StreamPartition(shipped.stream_id, partition, topic),
        expected=shipped.expected,
        next_offset=shipped.next_offset,
        records=list(records),
        compacted=shipped.compacted,
    )


def main_topic(slices: Sequence[PartitionSlice]) -> str:
    """Name the topic of the largest of `slices`, which tells best what the batch costs."""
    largest = max(slices, key=lambda part: len(part.records), default=None)
    return "" if largest is None else largest.partition.topic
