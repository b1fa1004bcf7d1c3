"""
Rows and keys on the short way: read once, kept as the text that they are, and compared.

Whatever a row or key may need besides is not judged here: `NotOrdinaryError` says so.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.before_image import is_filler
from adapters.debezium.exact_json import (
    Json,
    UnsafeNumberError,
    decode_comparable,
    decode_exact,
    encode_sorted,
)
from adapters.debezium.unavailable import UnavailableValues, leaves_marker_in
from domain.errors import TransformationError
from domain.jsonb_safety import MAX_DEPTH

_SHORT = 1000
"""Bytes that cannot nest deep enough, or hold a number long enough, to harm anything."""

_NO_COLUMNS = frozenset({"payload", "__dbz__physicalTableIdentifier", "__dbz__sourceIdentifier"})
"""What a wrapper, or a router, puts into a key."""

Columns = dict[str, Any]

_OBJECT = ord("{")
_SURE_TYPES = frozenset({str, int, bool})


class NotOrdinaryError(Exception):
    """Something needs a closer look."""


NOT_ORDINARY = (
    msgspec.MsgspecError,
    UnicodeError,
    RecursionError,
    TransformationError,
    UnsafeNumberError,
    NotOrdinaryError,
)
"""What reading an ordinary record raises where it is none."""


def read_row(row: Json) -> tuple[str | None, Columns | None]:
    """The text and the columns of a row that can be stored as it is; None for null."""
    columns = decode_comparable(row)
    if columns is None:
        return None, None
    text = str(row, "utf-8")
    if ("\\" in text and "\\u" in text) or (
        len(text) > _SHORT and text.count("[") + text.count("{") > MAX_DEPTH
    ):
        raise NotOrdinaryError
    if leaves_marker_in(text):
        raise NotOrdinaryError
    return text, columns


def read_key(key: bytes) -> tuple[bytes, Columns]:
    """The canonical JSON of a key, and its columns."""
    if not key or key[0] != _OBJECT or len(key) > _SHORT:
        raise NotOrdinaryError
    columns = decode_exact(key)
    if not _NO_COLUMNS.isdisjoint(columns):
        raise NotOrdinaryError
    return encode_sorted(columns), columns


def changed_columns(old: Columns, new: Columns) -> tuple[str, ...]:
    """The columns that differ; both rows have the same ones in the same order."""
    if [*old] != [*new]:
        raise NotOrdinaryError
    return tuple(
        [  # true and 1 are equal in Python, and differ
            column
            for column, value, before in zip(new, new.values(), old.values())  # noqa: B905 - as many
            if before != value or type(before) is not type(value)
        ]
    )


def has_data_besides(old: Columns, key: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Whether a deleted row has a value outside its key that Debezium fills no column with."""
    return any(
        type(value) in _SURE_TYPES
        and column not in key
        and not is_filler(value)
        and value != defaults.get(column)
        for column, value in old.items()
    )


class MissingValues:
    """
    Tells whether a row may lack values that were not sent.

    Args:
        unavailable: What stands in their place.
    """

    def __init__(self, unavailable: UnavailableValues) -> None:
        self._placeholders = unavailable.texts

    def may_be_in(self, row: Columns) -> bool:
        """Whether a value of an update may stand for one that was not sent."""
        try:
            return not self._placeholders.isdisjoint(row.values())
        except TypeError:  # arrays and objects stand for some, and have no hash
            return True
