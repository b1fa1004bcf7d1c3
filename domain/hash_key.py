"""
The keyed hash of a column's value: equal values can be followed, and none can be guessed.

    HMAC-SHA-256(key, UTF-8 of the value's canonical JSON text), in hexadecimal

A text is hashed with its quotes: ``"Ulm"``; a number as the source wrote it, so ``1`` and ``1.0``
differ. The name of the column is not part of it: one address in two tables has one hash. Whoever
has the key can try out values; the key is a secret.
"""

import hmac
from typing import Any

import msgspec

from domain.json_text import canonical_text


class HashKey(msgspec.Struct, frozen=True):
    """
    A key to hash with.

    Attributes:
        key_id: Its name, which is stored beside each hash.
        secret: The key itself. A secret.
    """

    key_id: str
    secret: bytes

    def hashed(self, value: str) -> str:
        """Hash the value that is the JSON text `value`: 64 hexadecimal digits."""
        text = canonical_text(value).encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, text, "sha256").hex()

    def __repr__(self) -> str:
        """Show which key it is, never the key."""
        return f"HashKey(key_id={self.key_id!r}, secret='(hidden)')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give the fields as rich shows them."""
        return [("key_id", self.key_id), ("secret", "(hidden)")]
