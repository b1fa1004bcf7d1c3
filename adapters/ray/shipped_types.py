"""
Types of columns on their way to a worker, in front of the slices.

    types, packed ──▶ with_types ──▶ mark, length, MessagePack, packed ──▶ split_types

A worker may be a new one, so they go with every batch; without any, nothing is put in front.
"""

import msgspec

from domain.source_types import SourceTypes

_MARK = b"\xc1"
"""No MessagePack begins with it, and no pickle."""

_LENGTH = 4
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SourceTypes).decode


def with_types(types: SourceTypes | None, packed: bytes) -> bytes:
    """Put `types` in front of `packed`."""
    if types is None:
        return packed
    encoded = _encode(types)
    return b"".join((_MARK, len(encoded).to_bytes(_LENGTH, "big"), encoded, packed))


def split_types(packed: bytes) -> tuple[SourceTypes | None, bytes]:
    """Take apart what `with_types` put together."""
    if not packed.startswith(_MARK):
        return None, packed
    start = 1 + _LENGTH
    end = start + int.from_bytes(packed[1:start], "big")
    return _decode(packed[start:end]), packed[end:]
