"""Keys for AES-256, read from files: 32 random bytes, in hexadecimal or base64."""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import ConfigurationError

KEY_BYTES = 32
_HEX_DIGITS = 2 * KEY_BYTES
_HOW = "`openssl rand -hex 32` makes one."


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Where a key is.

    Attributes:
        id: Name of the key, which is stored beside what it encrypts. Never give it to another key.
        file: File that holds it: 32 random bytes, as 64 hexadecimal digits or in base64.
    """

    id: str
    file: str


class EncryptionKey(msgspec.Struct, frozen=True):
    """
    A key of AES-256.

    Attributes:
        key_id: Its name.
        secret: The 32 bytes. A secret.
    """

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"EncryptionKey(key_id={self.key_id!r}, secret='(hidden)')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("key_id", self.key_id), ("secret", "(hidden)")]


def read_keys(files: Sequence[KeyFile], *, field: str) -> Sequence[EncryptionKey]:
    """
    Read the keys.

    Args:
        files: Where they are.
        field: Name of the setting, for errors.

    Raises:
        ConfigurationError: A file cannot be read, or holds no key; or two keys have one name.
    """
    keys: list[EncryptionKey] = []
    for place in files:
        if not place.id or "\0" in place.id:
            raise ConfigurationError(field, f"{place.id!r} is no name of a key. Give it one.")
        if any(key.key_id == place.id for key in keys):
            raise ConfigurationError(field, f"two keys are named {place.id!r}. Rename one.")
        keys.append(EncryptionKey(place.id, _secret(place, field)))
    return keys


def _secret(place: KeyFile, field: str) -> bytes:
    try:
        text = Path(place.file).read_bytes().strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            field, f"the file of the key {place.id!r} cannot be read: {error}. {_HOW}"
        ) from error
    try:
        secret = (
            bytes.fromhex(text.decode())
            if len(text) == _HEX_DIGITS
            else base64.b64decode(text, validate=True)
        )
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ConfigurationError(
            field,
            f"the file {place.file} of the key {place.id!r} does not hold {KEY_BYTES} bytes in "
            f"hexadecimal or base64. {_HOW}",
        )
    return secret
