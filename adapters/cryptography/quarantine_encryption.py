"""
The quarantine's bytes under AES-256-GCM.

    stored = format (1 byte, 1) ‖ nonce (12 random bytes) ‖ ciphertext and tag

The associated data are ``<stream>-<partition>-<offset>/<field>`` with the field ``key``, ``value``
or ``headers``: bytes that are put into another row, or another field, do not open. The headers are
one JSON array of [base64 of the name, base64 of the value or null] pairs. The first key encrypts;
all of them decrypt. Nonces being random, one key is good for 2^32 fields.

Source: NIST SP 800-38D, section 8.3.
"""

import os
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.cryptography.keys import EncryptionKey
from domain.errors import DecryptionError
from domain.protected_topics import ProtectedTopics
from domain.quarantine import QuarantinedRecord

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_START = len(_FORMAT) + _NONCE_BYTES

Headers = tuple[tuple[str, bytes | None], ...]


class AesGcmQuarantineProtection:
    """
    Encrypts the bytes of protected topics.

    Args:
        keys: At least one; the first encrypts.
        topics: The protected topics.
    """

    def __init__(self, keys: Sequence[EncryptionKey], topics: ProtectedTopics) -> None:
        self._keys = tuple(keys)
        self._topics = topics

    def concerns(self, topic: str) -> bool:
        return self._topics.has(topic)

    def protect(self, record: QuarantinedRecord) -> QuarantinedRecord:
        key = self._keys[0]
        cipher = AESGCM(key.secret)
        key_size, value_size = record.sizes

        def encrypted(data: bytes, field: str) -> bytes:
            nonce = os.urandom(_NONCE_BYTES)
            return _FORMAT + nonce + cipher.encrypt(nonce, data, _associated(record, field))

        return msgspec.structs.replace(
            record,
            key=None if record.key is None else encrypted(record.key, "key"),
            value=None if record.value is None else encrypted(record.value, "value"),
            headers=(("", encrypted(_packed(record.headers), "headers")),)
            if record.headers
            else (),
            encryption_key_id=key.key_id,
            key_size=key_size,
            value_size=value_size,
        )

    def reveal(self, record: QuarantinedRecord) -> QuarantinedRecord:
        if record.encryption_key_id is None:
            return record
        cipher = self._cipher(record)
        packed = record.headers[0][1] if record.headers else None
        opened = None if packed is None else _opened(record, cipher, packed, "headers")
        return msgspec.structs.replace(
            record,
            key=None if record.key is None else _opened(record, cipher, record.key, "key"),
            value=None if record.value is None else _opened(record, cipher, record.value, "value"),
            headers=() if opened is None else _unpacked(opened),
            encryption_key_id=None,
            key_size=record.key_size if record.key is None else None,
            value_size=record.value_size if record.value is None else None,
        )

    def _cipher(self, record: QuarantinedRecord) -> AESGCM:
        for key in self._keys:
            if key.key_id == record.encryption_key_id:
                return AESGCM(key.secret)
        raise DecryptionError(
            record.coordinates,
            key_id=str(record.encryption_key_id),
            problem="no key of that name is given. Add it to quarantine.encryption_keys, behind "
            "the first one.",
        )


def _opened(record: QuarantinedRecord, cipher: AESGCM, data: bytes, field: str) -> bytes:
    nonce, encrypted = data[len(_FORMAT) : _START], data[_START:]
    if data[: len(_FORMAT)] != _FORMAT:
        raise _unopened(record, field)
    try:
        return cipher.decrypt(nonce, encrypted, _associated(record, field))
    except (InvalidTag, ValueError) as error:
        raise _unopened(record, field) from error


def _unopened(record: QuarantinedRecord, field: str) -> DecryptionError:
    return DecryptionError(
        record.coordinates,
        key_id=str(record.encryption_key_id),
        problem=f"its {field} does not open with the key of that name: it is another key, or the "
        f"bytes were changed, or moved here from another record.",
    )


def _associated(record: QuarantinedRecord, field: str) -> bytes:
    return f"{record.coordinates}/{field}".encode()


def _packed(headers: Headers) -> bytes:
    return msgspec.json.encode(
        [(name.encode("utf-8", "surrogatepass"), value) for name, value in headers]
    )


def _unpacked(data: bytes) -> Headers:
    pairs = msgspec.json.decode(data, type=list[tuple[bytes, bytes | None]])
    return tuple((name.decode("utf-8", "surrogatepass"), value) for name, value in pairs)
