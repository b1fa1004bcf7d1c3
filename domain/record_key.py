"""
The identity of a row: which table of which source, and which key.

A canonical key is the JSON text of the decoded key, columns sorted by name at every level, no
spaces, numbers as the source wrote them. Wrappers, field order and the wire format leave no
trace in it. The hash covers the JSON array

    [connector, source name, database, schema, table, key]

so equal keys of different tables have different hashes. It finds rows; it does not prove that two
keys are equal: compare `record_key` as well.
"""

from hashlib import sha256

import msgspec

_HASH_BYTES = 8

_encode = msgspec.json.Encoder().encode


def identity_prefix(
    connector: str | None,
    source_name: str | None,
    database: str | None,
    schema: str | None,
    table: str | None,
) -> bytes:
    """The part of the hashed text in front of the key: worth keeping for each table."""
    return _encode((connector, source_name, database, schema, table))[:-1] + b","


def key_hash(prefix: bytes, canonical_key: bytes) -> int:
    """
    Hash a key of the table whose `identity_prefix` is given.

    Returns:
        The first 8 bytes of SHA-256 as a signed big-endian integer: it fits PostgreSQL's int8.
    """
    digest = sha256(prefix + canonical_key + b"]").digest()
    return int.from_bytes(digest[:_HASH_BYTES], "big", signed=True)
