"""
Row images: the JSON text that is stored, the values for comparing, and what must be noted.

A row travels as the raw slice that it was on the wire wherever nothing in it needs a change.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from adapters.debezium.exact_json import (
    UnsafeNumberError,
    decode_exact,
    decode_members,
    decode_row,
    encode,
)
from adapters.debezium.poison import invalid, shown
from adapters.debezium.unavailable import (
    UnavailableValues,
    is_leaked_marker,
    leaves_reference_in,
    offloaded_to,
)
from domain.jsonb_safety import MAX_DEPTH, escape_image, is_unsafe, members, nesting
from domain.operation import ValueNote
from domain.value_notes import ESCAPED_IMAGE, WHOLE_IMAGE, Note

_SHALLOW_BYTES = 1000
"""Text this short cannot nest deep enough to harm anything."""


class Row(msgspec.Struct, gc=False):
    """
    One image of a row.

    Attributes:
        text: The JSON object to store. Unavailable and offloaded values are left out.
        values: Its columns, to compare with those of the other image; None when too large for
            a quick look: then `texts` serves.
        notes: Column to note; None where there is nothing to note.
    """

    text: str
    values: Mapping[str, Any] | None
    notes: dict[str, Note] | None = None

    def texts(self) -> Mapping[str, str]:
        """The columns as JSON text."""
        return {
            decode_exact(member.name): self.text[member.start : member.end]
            for member in members(self.text) or ()
        }


def plain_row(raw: msgspec.Raw | bytes, unavailable: UnavailableValues | None) -> Row:
    """
    A row whose values stay as they are on the wire.

    Args:
        raw: The JSON object.
        unavailable: What to look for, where columns of the row can be unavailable.

    Raises:
        ValidationError: It is no JSON object in UTF-8.
    """
    data = bytes(raw)
    if leaves_reference_in(data) or (unavailable is not None and unavailable.leave_traces_in(data)):
        data, notes = _without_missing(data, unavailable)
        return safe_row(data, notes)
    return safe_row(data, None)


def safe_row(data: bytes, notes: dict[str, Note] | None) -> Row:
    """
    A row that every reader can cast to `jsonb`; what cannot be is escaped, and noted.

    Raises:
        ValidationError: It is no JSON object in UTF-8.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise invalid("invalid_utf8", f"a row is not UTF-8 ({error}): {shown(data)}") from error
    try:
        values = decode_row(data)
    except (UnsafeNumberError, msgspec.ValidationError, RecursionError):
        return _escaped_row(text, notes)
    if (b"\\u" in data and is_unsafe(text)) or (
        len(data) > _SHALLOW_BYTES
        and data.count(b"[") + data.count(b"{") > MAX_DEPTH
        and nesting(text) > MAX_DEPTH
    ):
        return _escaped_row(text, notes)
    return Row(text, values, notes)


def _escaped_row(text: str, notes: dict[str, Note] | None) -> Row:
    if not text.lstrip().startswith("{"):
        raise invalid("not_a_row", f"a row must be a JSON object, and is {shown(text.encode())}")
    stored, columns = escape_image(text)
    notes = dict(notes or {})
    if columns is None:
        return Row(stored, None, {**notes, WHOLE_IMAGE: ESCAPED_IMAGE})
    notes.update(dict.fromkeys(columns, ValueNote.ESCAPED))
    return Row(stored, None, notes or None)


def _without_missing(
    data: bytes, unavailable: UnavailableValues | None
) -> tuple[bytes, dict[str, Note] | None]:
    """Leave out the columns whose value was not sent, and note them."""
    kept: dict[str, msgspec.Raw] = {}
    notes: dict[str, Note] = {}
    for column, raw in decode_members(data).items():
        note = missing_note(decode_exact(raw), unavailable)
        if note is not None:
            notes[column] = note
        if note is None or note == ValueNote.SUSPECT:
            kept[column] = raw
    return (encode(kept) if notes else data), (notes or None)


def missing_note(
    value: Any, unavailable: UnavailableValues | None, *, truncated_to: int | None = None
) -> Note | None:
    """Why `value` stands for something that was not sent; None if it is a value."""
    if unavailable is not None:
        if unavailable.is_one(value, truncated_to=truncated_to):
            return ValueNote.UNAVAILABLE
        if is_leaked_marker(value):
            return ValueNote.SUSPECT
    reference = offloaded_to(value)
    return None if reference is None else {"note": "offloaded", "reference": reference}


def changed_columns(old: Row, new: Row) -> tuple[str, ...] | None:
    """
    The columns whose value is known to differ, in row order; None if an image is escaped whole.

    A value that is unavailable in either image is not known to differ.
    """
    if any(ESCAPED_IMAGE in (row.notes or {}).values() for row in (old, new)):
        return None
    if old.text == new.text and old.notes is None and new.notes is None:
        return ()
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    if old.values is None or new.values is None:
        before, after = old.texts(), new.texts()
    else:
        before, after = old.values, new.values
    unknown: set[str] = _missing(old.notes) | _missing(new.notes)
    return tuple(_differing(before, after, unknown))


def _differing(
    before: Mapping[str, Any], after: Mapping[str, Any], unknown: set[str]
) -> Sequence[str]:
    # true and 1 are equal in Python, and differ
    changed = [
        column
        for column, value in after.items()
        if column not in unknown
        and (
            column not in before or (old := before[column]) != value or type(old) is not type(value)
        )
    ]
    changed += [column for column in before if column not in after and column not in unknown]
    return changed


def _missing(notes: dict[str, Note] | None) -> set[str]:
    if not notes:
        return set()
    return {
        column
        for column, note in notes.items()
        if note == ValueNote.UNAVAILABLE or isinstance(note, Mapping)
    }
