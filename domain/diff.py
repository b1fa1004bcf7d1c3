"""
What one change did to each column, and what is not known about it.

A value is shown as data only where it is data. Not data are: a value that the source did not send
(`ValueNote.UNAVAILABLE`), and the old value of a column outside the key where the before image is
`key` or `invented`: Debezium fills these with null or a default that looks like a value.

Values are compared as the JSON text that the trail stores, so ``1.0`` and ``1.00`` differ, and no
number is rounded. Where masking or cutting hides a part of a value, equal texts prove nothing.
"""

import enum
import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec

from domain.audit_record import AuditRecord
from domain.column_notes import ColumnNote, Side, read_notes
from domain.jsonb_safety import is_unsafe, members
from domain.operation import BeforeImage, OperationTypeEnum, ValueNote
from domain.value_notes import ALL_COLUMNS, ESCAPED_IMAGE, WHOLE_IMAGE

_NOT_SENT = frozenset({ValueNote.UNAVAILABLE, ValueNote.OFFLOADED})
_HIDING = frozenset({ValueNote.MASKED, ValueNote.HIDDEN, ValueNote.TRUNCATED})
_FILLED = frozenset({BeforeImage.KEY, BeforeImage.INVENTED})
_SHORT = 100


class ColumnStatus(enum.StrEnum):
    """
    What a change did to a column.

    UNAVAILABLE: the source did not send a value, as it does with large values that did not
    change. UNKNOWN: there is nothing to compare with that can be trusted.
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class ColumnValue(msgspec.Struct, frozen=True, kw_only=True):
    """
    The value of a column in one of the two images.

    Attributes:
        text: JSON text of the value, exactly as the trail has it; None if the source sent none.
        trusted: Whether this was the row's value; False for fillers, and where none was sent.
        notes: What must be said of the value (`ValueNote`, or a word of a newer release).
        detail: What the notes add, as JSON text; None where there is nothing.
    """

    text: str | None
    trusted: bool = True
    notes: tuple[str, ...] = ()
    detail: str | None = None


class ColumnDiff(msgspec.Struct, frozen=True):
    """
    One column before and after a change.

    Attributes:
        name: Name of the column.
        status: What the change did to it.
        old: Its value before; None if the old image does not have the column.
        new: Its value after; None if the new image does not have the column.
    """

    name: str
    status: ColumnStatus
    old: ColumnValue | None
    new: ColumnValue | None


def column_diff(record: AuditRecord) -> Sequence[ColumnDiff]:
    """
    Compare both images of `record`, column by column.

    Returns:
        The columns in the order of the new image, then those that only the old one has, then
        those of which nothing was sent; nothing for a record without images.
    """
    notes = read_notes(record.value_notes)
    is_whole = any(note.word == ESCAPED_IMAGE for note in notes.get(WHOLE_IMAGE, ()))
    old = _columns(record.old_data, is_whole=is_whole)
    new = _columns(record.new_data, is_whole=is_whole)
    if old is None and new is None:
        return ()
    names = dict.fromkeys((*(new or ()), *(old or ()), *_names_of_columns(notes)))
    trusted = key_columns(record) if record.before_image in _FILLED else None
    diffs: list[ColumnDiff] = []
    for name in names:
        said = _placed(notes.get(name) or notes.get(ALL_COLUMNS, ()), name, old, new)
        before = _value(old, name, "old", said, trusted=trusted is None or name in trusted)
        after = _value(new, name, "new", said, trusted=True)
        diffs.append(ColumnDiff(name, _status(record, name, before, after), before, after))
    return diffs


def key_columns(record: AuditRecord) -> Sequence[str]:
    """Names of the columns of the record's key; none without a key."""
    return tuple(key_values(record))


def key_values(record: AuditRecord) -> Mapping[str, str]:
    """The record's key: column to JSON text of its value; none without a key."""
    return _columns(record.record_key, is_whole=False) or {}


_Columns = Mapping[str, str] | None


def _columns(text: str | None, *, is_whole: bool) -> _Columns:
    """
    The columns of an image as JSON text; None where there is no image.

    Args:
        text: The stored text of the image.
        is_whole: Whether images were escaped whole: this one may be, or the other one.
    """
    if text is None:
        return None
    columns = {_name(m.name): text[m.start : m.end] for m in members(text) or ()}
    if is_whole and columns.keys() == {WHOLE_IMAGE}:
        return _columns(json.loads(columns[WHOLE_IMAGE]), is_whole=False)
    return columns


def _name(quoted: str) -> str:
    """The name of a column: short ones are the same in row after row, and remembered."""
    return _remembered(quoted) if len(quoted) <= _SHORT else _unquoted(quoted)


def _unquoted(quoted: str) -> str:
    name: str = json.loads(quoted)
    return name


_remembered = lru_cache(maxsize=4_096)(_unquoted)


def _names_of_columns(notes: Mapping[str, Sequence[ColumnNote]]) -> Collection[str]:
    return [
        name
        for name, said in notes.items()
        if name != ALL_COLUMNS and any(note.word != ESCAPED_IMAGE for note in said)
    ]


def _placed(
    notes: Sequence[ColumnNote], name: str, old: _Columns, new: _Columns
) -> Sequence[ColumnNote]:
    """
    Decide for which image a note holds that a value was not sent, where it does not say so.

    Such values are left out of their image. If both images have a value, neither is believed.
    """
    without: list[Side] = []
    if new is not None and name not in new:
        without.append("new")
    if old is not None and name not in old:
        without.append("old")
    return [
        msgspec.structs.replace(note, sides=tuple(without))
        if note.word in _NOT_SENT and not note.named and without
        else note
        for note in notes
    ]


def _value(
    image: _Columns, name: str, side: Side, notes: Sequence[ColumnNote], *, trusted: bool
) -> ColumnValue | None:
    if image is None:
        return None
    if not notes:
        text = image.get(name)
        return None if text is None else ColumnValue(text=text, trusted=trusted)
    said = [note for note in notes if side in note.sides]
    words = tuple(dict.fromkeys(note.word for note in said))
    detail = next((note.detail for note in said if note.detail is not None), None)
    if not _NOT_SENT.isdisjoint(words):
        return ColumnValue(text=None, trusted=False, notes=words, detail=detail)
    if name not in image:
        return None
    text = _unescaped(image[name]) if ValueNote.ESCAPED in words else image[name]
    return ColumnValue(text=text, trusted=trusted, notes=words, detail=detail)


def _unescaped(text: str) -> str:
    """The value itself. The note may be meant for the other image, so see whether it fits."""
    value = json.loads(text)
    return value if isinstance(value, str) and is_unsafe(value) else text


def _status(
    record: AuditRecord, name: str, old: ColumnValue | None, new: ColumnValue | None
) -> ColumnStatus:
    if any(value is not None and value.text is None for value in (old, new)):
        return ColumnStatus.UNAVAILABLE
    if old is None or new is None:
        return _one_sided(record, old or new)
    if not old.trusted:
        return ColumnStatus.UNKNOWN
    if record.changed_columns is not None and name in record.changed_columns:
        return ColumnStatus.CHANGED
    if old.text == new.text:
        hidden = _HIDING.intersection((*old.notes, *new.notes))
        return ColumnStatus.UNKNOWN if hidden else ColumnStatus.UNCHANGED
    return ColumnStatus.CHANGED if record.changed_columns is None else ColumnStatus.UNCHANGED


def _one_sided(record: AuditRecord, value: ColumnValue | None) -> ColumnStatus:
    """The status of a column that only one of the images has."""
    if value is None or not value.trusted:
        return ColumnStatus.UNKNOWN
    if record.operation is OperationTypeEnum.INSERT:
        return ColumnStatus.ADDED
    if record.new_data is None:
        return ColumnStatus.REMOVED
    return ColumnStatus.UNKNOWN
