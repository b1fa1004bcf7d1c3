"""Protection of quarantined bytes in memory: told apart from plain ones, and hidden from nobody."""

import hashlib
from collections.abc import Sequence

import msgspec

from domain.errors import DecryptionError
from domain.protected_topics import ProtectedTopics
from domain.quarantine import QuarantinedRecord

_DIGEST_BYTES = 32


class MemoryQuarantineProtection:
    """
    Turns bytes round, behind a digest over them, the key's name and where they belong.

    Args:
        key_ids: Names of keys; the first is used.
        topics: The protected topics.
    """

    def __init__(self, key_ids: Sequence[str], topics: ProtectedTopics) -> None:
        self._key_ids = tuple(key_ids)
        self._topics = topics

    def concerns(self, topic: str) -> bool:
        return self._topics.has(topic)

    def protect(self, record: QuarantinedRecord) -> QuarantinedRecord:
        key_id = self._key_ids[0]
        key_size, value_size = record.sizes

        def turned(data: bytes, field: str) -> bytes:
            return _digest(record, key_id, field, data) + data[::-1]

        packed = msgspec.msgpack.encode(
            [(name.encode("utf-8", "surrogatepass"), value) for name, value in record.headers]
        )
        return msgspec.structs.replace(
            record,
            key=None if record.key is None else turned(record.key, "key"),
            value=None if record.value is None else turned(record.value, "value"),
            headers=(("", turned(packed, "headers")),) if record.headers else (),
            encryption_key_id=key_id,
            key_size=key_size,
            value_size=value_size,
        )

    def reveal(self, record: QuarantinedRecord) -> QuarantinedRecord:
        key_id = record.encryption_key_id
        if key_id is None:
            return record
        if key_id not in self._key_ids:
            raise DecryptionError(record.coordinates, key_id=key_id, problem="it is not given.")

        def turned_back(data: bytes | None, field: str) -> bytes | None:
            if data is None:
                return None
            plain = data[_DIGEST_BYTES:][::-1]
            if data[:_DIGEST_BYTES] != _digest(record, key_id, field, plain):
                raise DecryptionError(
                    record.coordinates, key_id=key_id, problem=f"its {field} does not open."
                )
            return plain

        packed = turned_back(record.headers[0][1], "headers") if record.headers else None
        pairs = (
            []
            if packed is None
            else msgspec.msgpack.decode(packed, type=list[tuple[bytes, bytes | None]])
        )
        return msgspec.structs.replace(
            record,
            key=turned_back(record.key, "key"),
            value=turned_back(record.value, "value"),
            headers=tuple((name.decode("utf-8", "surrogatepass"), value) for name, value in pairs),
            encryption_key_id=None,
            key_size=record.key_size if record.key is None else None,
            value_size=record.value_size if record.value is None else None,
        )


def _digest(record: QuarantinedRecord, key_id: str, field: str, data: bytes) -> bytes:
    belongs = f"{record.coordinates}/{field}/{key_id}".encode()
    return hashlib.sha256(belongs + data).digest()
