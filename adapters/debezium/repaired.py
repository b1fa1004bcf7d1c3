"""
A value that JSON parsers refuse and that is JSON all the same: repaired before it is parsed.

Half a surrogate pair, and nesting beyond a parser's limit, are allowed by JSON's grammar. The
columns that hold such a thing are escaped as `domain.jsonb_safety` says, in the text of the value,
before it is parsed; so nothing else of the record is lost to them.
"""

import json

import msgspec

from adapters.debezium.exact_json import encode
from domain.audit_record import AuditRecord
from domain.jsonb_safety import Member, escape_image, is_unsafe, members
from domain.operation import ValueNote
from domain.value_notes import ESCAPED_IMAGE, WHOLE_IMAGE, Note, combined_notes, notes_of_images

_ROWS = frozenset({"before", "after"})
_IMAGES = _ROWS | {"source"}


class Repaired(msgspec.Struct):
    """
    A repaired value.

    Attributes:
        value: JSON that can be parsed.
        notes: What was escaped: image (``before``, ``after``; empty for a row by itself) to
            column to note.
    """

    value: bytes
    notes: dict[str, dict[str, Note]]


def repaired(value: bytes) -> Repaired | None:
    """Escape what a parser refuses in `value`; None if there is no such thing in it."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    if not is_unsafe(text) or not _is_json(text):
        return None
    notes: dict[str, dict[str, Note]] = {}
    try:
        fixed = _fixed(text, notes)
    except ValueError:
        return None  # a name is no JSON string, which `members` does not look at
    return None if fixed is None else Repaired(fixed.encode(), notes)


def with_notes(record: AuditRecord, notes: dict[str, dict[str, Note]]) -> AuditRecord:
    """`record`, noting what was escaped in the value that it was made of."""
    old, new = notes_of_images(record.value_notes)
    if record.old_data is not None:
        old.update(notes.get("before", {}) or notes.get("", {}))
    if record.new_data is not None:
        new.update(notes.get("after", {}) or notes.get("", {}))
    both = record.old_data is not None and record.new_data is not None
    text = combined_notes(
        old if record.old_data is not None else None,
        new if record.new_data is not None else None,
        both=both,
    )
    return msgspec.structs.replace(record, value_notes=text)


def _is_json(text: str) -> bool:
    """Whether it is JSON, as far as Python's parser can look into it: escaping would hide that."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _fixed(text: str, notes: dict[str, dict[str, Note]]) -> str | None:
    found = members(text)
    if found is None:
        return None
    names = {json.loads(member.name) for member in found}
    if not names & _ROWS and not _wraps(names):
        return _image(text, "", notes)
    pieces: list[str] = []
    done = 0
    for member in found:
        pieces += text[done : member.start], _member(text, member, notes)
        done = member.end
    return "".join((*pieces, text[done:]))


def _wraps(names: set[str]) -> bool:
    return names <= {"schema", "payload"} or names >= {"specversion", "data"}


def _member(text: str, member: Member, notes: dict[str, dict[str, Note]]) -> str:
    value = text[member.start : member.end]
    if not is_unsafe(value):
        return value
    name = json.loads(member.name)
    if value.startswith("{"):
        if name in _IMAGES:
            return _image(value, name, notes)
        if name in {"payload", "data"}:
            return _fixed(value, notes) or value
    return encode(value).decode()


def _image(text: str, side: str, notes: dict[str, dict[str, Note]]) -> str:
    stored, columns = escape_image(text)
    if columns is None:
        notes[side] = {WHOLE_IMAGE: ESCAPED_IMAGE}
    else:
        notes[side] = dict.fromkeys(columns, ValueNote.ESCAPED)
    return stored
