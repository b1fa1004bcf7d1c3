"""Audit records as bytes for the in-memory store: each row carries its length in front."""

from collections.abc import Iterator

import msgspec

from domain.audit_record import AuditRecord

_LENGTH_BYTES = 4


class MemoryRowEncoder:
    """Encodes rows as a 4-byte big-endian length and msgpack. Picklable."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()

    def __reduce__(self) -> tuple[type["MemoryRowEncoder"], tuple[()]]:
        return type(self), ()

    def encode(self, record: AuditRecord) -> bytes:
        row = self._encoder.encode(record)
        return len(row).to_bytes(_LENGTH_BYTES, "big") + row


def split_rows(rows: bytes) -> Iterator[AuditRecord]:
    """The audit records in `rows`, which were encoded and joined back to back."""
    start = 0
    while start < len(rows):
        body = start + _LENGTH_BYTES
        end = body + int.from_bytes(rows[start:body], "big")
        yield msgspec.msgpack.decode(rows[body:end], type=AuditRecord)
        start = end
