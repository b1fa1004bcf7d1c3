"""
The log of a stopped broker, on disk: which batches it holds, and how to damage one.

    base offset (8) | length (4) | leader epoch (4) | magic (1) | CRC (4) | attributes (2) | ...
                                                                └─ covers what follows it

Source: Apache Kafka's documentation, "Message Format", RecordBatch (magic 2).
"""

import enum
from collections.abc import Sequence
from pathlib import Path

_LENGTH = slice(8, 12)
_CHECKSUM = slice(17, 21)
_BEFORE_LENGTH_ENDS = 12


class Field(enum.Enum):
    """A byte of a batch, by its place: the lowest of the base offset, of the CRC, or of the end."""

    BASE_OFFSET = 7
    LENGTH = 9
    CRC = 20
    LAST_BYTE = -1


def damage_batch(  # noqa: PLR0913 - where, and how
    data: Path,
    topic: str,
    *,
    batch: int,
    field: Field,
    partition: int = 0,
    mend_checksum: bool = False,
) -> None:
    """
    Flip bits of one byte in a batch.

    Args:
        data: Folder of a broker that was stopped.
        topic: Name of the topic.
        batch: Which batch of the log, from 0.
        field: Which byte of it.
        partition: Partition of the topic.
        mend_checksum: Let the checksum fit what is there then, as if a producer had sent it.
    """
    (log,) = (data / f"{topic}-{partition}").glob("*.log")
    content = bytearray(log.read_bytes())
    start, end = _batches(content)[batch]
    at = end - 1 if field is Field.LAST_BYTE else start + field.value
    content[at] ^= 0x55
    if mend_checksum:
        checksum = _crc32c(bytes(content[start + _CHECKSUM.stop : end]))
        content[start + _CHECKSUM.start : start + _CHECKSUM.stop] = checksum.to_bytes(4, "big")
    log.write_bytes(content)


def _crc32c(data: bytes) -> int:
    """Castagnoli's checksum, bit by bit. Source: RFC 3720, section 12.1."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _batches(content: bytes | bytearray) -> Sequence[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(content):
        length = int.from_bytes(content[start:][_LENGTH], "big")
        found.append((start, start + _BEFORE_LENGTH_ENDS + length))
        start = found[-1][1]
    return found
