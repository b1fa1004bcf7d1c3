"""
What one change teaches of all that are like it.

    change, key, encoder ──▶ Taught ──▶ EnvelopeLine
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from application.ordinary_ports import EncodesByKind
from domain.operation import OperationTypeEnum
from domain.ordinary_change import ChangeKind, OrdinaryChange
from domain.record_key import identity_prefix

MOST_COLUMNS = 250
"""The compiled module has room for so many; a table of PostgreSQL's has up to 1,600."""

_encode = msgspec.json.Encoder().encode
_columns_of = msgspec.json.Decoder(dict[str, Any]).decode

_LETTERS = {
    OperationTypeEnum.INSERT: b"c",
    OperationTypeEnum.UPDATE: b"u",
    OperationTypeEnum.DELETE: b"d",
    OperationTypeEnum.SNAPSHOT: b"r",
}


class Taught(msgspec.Struct, frozen=True):
    """
    What the changes of one table share, of one operation, with or without an old row.

    Attributes:
        names: What they are recognised by: names as JSON, operation, whether there is an old row.
        columns: Names of the row's columns as JSON, with their colons.
        elements: The columns as elements of an array, in COPY's text.
        is_key: Which of them are columns of the key.
        key_columns: Names of the key's columns, as `columns`; None without a key.
        key_places: The places of the key's columns in its canonical form.
        hash: The hash of keys so far.
        kind: The kind of the changes.
        start: Its fields in front of the key.
        judged: Its fields behind the changed columns.
        end: Its fields behind the headers, with the newline.
    """

    names: bytes
    columns: tuple[bytes, ...]
    elements: tuple[bytes, ...]
    is_key: tuple[bool, ...]
    key_columns: tuple[bytes, ...] | None
    key_places: tuple[int, ...]
    hash: Any
    kind: ChangeKind
    start: bytes
    judged: bytes
    end: bytes


def taught_by(change: OrdinaryChange, key: bytes | None, encoder: EncodesByKind) -> Taught | None:
    """
    What a change teaches.

    Args:
        change: The change.
        key: The key of its record, without a schema.
        encoder: Encodes what repeats.

    Returns:
        None if it has more columns than there is room for, or its key came in a wrapper.
    """
    columns = _columns_of(change.new_data or change.old_data or "{}")
    wire_key: Mapping[str, Any] = {} if key is None else _columns_of(key)
    canonical: Mapping[str, Any] = {}
    if change.record_key is not None:
        canonical = _columns_of(change.record_key)
    if not 0 < len(columns) <= MOST_COLUMNS or wire_key.keys() != canonical.keys():
        return None
    places = {name: place for place, name in enumerate(wire_key)}
    start, judged, end = encoder.kind_fields(change.kind)
    return Taught(
        names=_names_of(change.kind, has_old=change.old_data is not None),
        columns=_as_members(columns),
        elements=tuple(encoder.column_element(name).encode() for name in columns),
        is_key=tuple(name in wire_key for name in columns),
        key_columns=None if key is None else _as_members(wire_key),
        key_places=tuple(places[name] for name in canonical),
        hash=sha256(identity_prefix(*change.kind.source)),
        kind=change.kind,
        start=start.encode(),
        judged=judged.encode(),
        end=end.encode(),
    )


def _names_of(kind: ChangeKind, *, has_old: bool) -> bytes:
    _, name, database, schema, table = kind.source
    names = map(_encode, (name, database, schema, table))
    return b"".join((*names, _LETTERS[kind.operation], b"+" if has_old else b"-"))


def _as_members(columns: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The columns as they are written in an object, with their colons."""
    return tuple(_encode(name) + b":" for name in columns)
