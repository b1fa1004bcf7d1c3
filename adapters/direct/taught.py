"""
What one change teaches of all that are like it.

    change, record, wrapping, encoder ──▶ Taught ──▶ EnvelopeLine
"""

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from adapters.direct.quick import quickest
from application.ordinary_ports import Canonical, EncodesByKind, Wrapping
from domain.operation import OperationTypeEnum
from domain.ordinary_change import ChangeKind, OrdinaryChange
from domain.record_key import identity_prefix

MOST_COLUMNS = 250
"""The compiled module has room for so many; a table of PostgreSQL's has up to 1,600."""

_encode = msgspec.json.Encoder().encode
_columns_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

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
        front: What is in front of the envelope, behind which there is one brace; None for nothing.
        key_front: The same of the key.
        columns: Names of the row's columns as JSON, with their colons.
        elements: The columns as elements of an array in COPY's binary format.
        conversions: Places of columns that need one, and what brings them into canonical form;
            None if none does.
        tells_nothing: Which columns do not tell a deleted row from one of fillers: those of the
            key, and those with a default.
        key_columns: Names of the key's columns, as `columns`; None without a key.
        key_places: The places of the key's columns in its canonical form.
        hash: The hash of keys so far.
        kind: The kind of the changes.
        start: Its fields in front of the key.
        judged: Its fields behind the changed columns.
        end: Its fields behind the headers.
    """

    names: bytes
    front: bytes | None
    key_front: bytes | None
    columns: tuple[bytes, ...]
    elements: tuple[bytes, ...]
    conversions: tuple[tuple[int, Canonical], ...] | None
    tells_nothing: tuple[bool, ...]
    key_columns: tuple[bytes, ...] | None
    key_places: tuple[int, ...]
    hash: Any
    kind: ChangeKind
    start: bytes
    judged: bytes
    end: bytes


def taught_by(
    change: OrdinaryChange,
    key: bytes | None,
    around: Wrapping,
    encoder: EncodesByKind,
    stand_ins: Collection[str],
) -> Taught | None:
    """
    What a change teaches.

    Args:
        change: The change.
        key: The key of its record.
        around: What is around its record.
        encoder: Encodes what repeats.
        stand_ins: Texts that stand for a value that was not sent.

    Returns:
        None if it has more columns than there is room for, or its key is no row.
    """
    columns = tuple(_columns_of(change.new_data or change.old_data or "{}"))
    wire_key = _key_columns(key, around.key_front)
    canonical = () if change.record_key is None else tuple(_columns_of(change.record_key))
    if not 0 < len(columns) <= MOST_COLUMNS or {*wire_key} != {*canonical}:
        return None
    start, judged, end = encoder.kind_fields(change.kind)
    convert = {name: quickest(own, stand_ins) for name, own in around.conversions.items()}
    return Taught(
        names=_names_of(change.kind, has_old=change.old_data is not None),
        front=around.front,
        key_front=around.key_front,
        columns=_as_members(columns),
        elements=tuple(encoder.column_element(name) for name in columns),
        conversions=tuple((n, convert[name]) for n, name in enumerate(columns) if name in convert)
        or None,
        tells_nothing=tuple(name in wire_key or name in around.with_default for name in columns),
        key_columns=None if key is None else _as_members(wire_key),
        key_places=tuple(wire_key.index(name) for name in canonical),
        hash=sha256(identity_prefix(*change.kind.source)),
        kind=change.kind,
        start=start,
        judged=judged,
        end=end,
    )


def _key_columns(key: bytes | None, front: bytes | None) -> tuple[str, ...]:
    """The columns of a key, as they are on the wire."""
    if key is None:
        return ()
    return tuple(_columns_of(key if front is None else key[len(front) : -1]))


def _names_of(kind: ChangeKind, *, has_old: bool) -> bytes:
    _, name, database, schema, table = kind.source
    names = map(_encode, (name, database, schema, table))
    return b"".join((*names, _LETTERS[kind.operation], b"+" if has_old else b"-"))


def _as_members(columns: Sequence[str]) -> tuple[bytes, ...]:
    """The columns as they are written in an object, with their colons."""
    return tuple(_encode(name) + b":" for name in columns)
