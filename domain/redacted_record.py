"""
Rules on columns, applied to an audit record before anything of it is stored.

They hold for both images, and what is noted of their values; for the key, its hash and the headers
that repeat keys or columns; and for those parts of the source block that repeat values: the text of
the statement, and MongoDB's description of an update. Which columns changed is judged before, and
stays: masked values all look alike.

Where a record does not name its table or schema, the last parts of its topic do; where there are
no schemas, its database is as good. A key that is no object has no columns: it is masked where it
is the value of one that a rule redacts.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.audit_record import AuditRecord
from domain.jsonb_safety import escape_whole, members
from domain.operation import ValueNote
from domain.record_key import identity_prefix, key_hash
from domain.redaction import MASK, Redaction, RuleAction, redacted_image
from domain.value_notes import (
    ALL_COLUMNS,
    ESCAPED_IMAGE,
    WHOLE_IMAGE,
    Note,
    Notes,
    combined_notes,
    notes_of_images,
)

Decide = Callable[[str], RuleAction | None]
"""What to do with a column."""

_KEY_HEADERS = ("__debezium.newkey", "__debezium.oldkey")
_WRAPPER = {"schema", "payload"}
_STATEMENT = re.compile(r"(?:^|[\W_]|iodebezium)(?:query|redo_?sql)$")
_MONGODB = frozenset({"updateDescription", "patch", "filter"})
_MAY_REPEAT = ("query", "sql", '"envelope')
_NO_HASH_WITHOUT_A_TABLE = "topic:"


def redacted_record(record: AuditRecord, redaction: Redaction, *, topic: str) -> AuditRecord:
    """
    Apply the rules to `record`.

    Args:
        record: As it was decoded.
        redaction: The rules.
        topic: Topic that it came from: it stands for the table where the record names none.

    Returns:
        The record itself where no rule speaks of its table.
    """
    schema, table = _names(record, topic)
    if not redaction.concerns(schema, table):
        return record

    def decide(column: str) -> RuleAction | None:
        return redaction.action(schema, table, column)

    notes = notes_of_images(record.value_notes)
    old_data, old_notes = _image(record.old_data, notes[0], decide)
    new_data, new_notes = _image(record.new_data, notes[1], decide)
    key = record.record_key and _key(record.record_key, record, notes, decide)
    is_key_known = key is not None and key == record.record_key
    changed = record.changed_columns
    return msgspec.structs.replace(
        record,
        old_data=old_data,
        new_data=new_data,
        value_notes=combined_notes(
            old_notes, new_notes, both=old_data is not None and new_data is not None
        ),
        changed_columns=changed and tuple(c for c in changed if decide(c) is not RuleAction.DROP),
        record_key=key,
        key_hash=record.key_hash if key == record.record_key else _hash(record, key, topic),
        headers=record.headers and _headers(record.headers, decide, is_key_known=is_key_known),
        source_metadata=record.source_metadata and _metadata(record.source_metadata, decide),
    )


def _names(record: AuditRecord, topic: str) -> tuple[str | None, str | None]:
    """The schema and table that rules know the record by: Debezium names topics after both."""
    *_, above, last = ("", *topic.split("."))
    table = record.source_table or last
    schema = record.source_schema or (above if table == last else "")
    return schema or record.source_database, table


def _image(text: str | None, notes: Notes, decide: Decide) -> tuple[str | None, Notes | None]:
    if text is None:
        return None, None
    plain = _plain_image(text, notes)
    redacted, done = redacted_image(plain, decide)
    noted: dict[str, Note] = {}
    for column, note in notes.items():
        is_column = column != ALL_COLUMNS and note != ESCAPED_IMAGE
        decided = decide(column) if is_column else None
        if decided is not RuleAction.DROP:
            noted[column] = note if decided is None else _without_detail(note)
    masked = (column for column, action in done.items() if action is RuleAction.MASK)
    noted.update((_storable(column), ValueNote.MASKED) for column in masked)
    if not done:
        return text, noted
    return (redacted if plain is text else escape_whole(redacted)), noted


def _plain_image(text: str, notes: Notes) -> str:
    """The image itself: `text`, or what is escaped in it."""
    escaped = _escaped_whole(text) if notes.get(WHOLE_IMAGE) == ESCAPED_IMAGE else None
    return text if escaped is None else escaped


def _escaped_whole(text: str) -> str | None:
    """The object that stands as one string under the empty name; None if there is none."""
    found = members(text)
    if not found or len(found) != 1 or json.loads(found[0].name) != WHOLE_IMAGE:
        return None
    value = json.loads(text[found[0].start : found[0].end])
    return value if isinstance(value, str) else None


def _without_detail(note: Note) -> Note:
    """Only what became of the value: where it was offloaded to is as good as the value."""
    return note["note"] if isinstance(note, Mapping) else note


def _storable(column: str) -> str:
    """A name that a database can hold, whatever characters were escaped in the JSON."""
    return column.encode("utf-8", "backslashreplace").decode().replace("\0", r"\u0000")


def _key(key: str, record: AuditRecord, notes: tuple[Notes, Notes], decide: Decide) -> str:
    if members(key) is not None:
        return redacted_image(key, decide)[0]
    value = _bare(key)
    for image, noted in zip((record.old_data, record.new_data), notes, strict=True):
        plain = "{}" if image is None else _plain_image(image, noted)
        for member in members(plain) or ():
            if decide(json.loads(member.name)) and _bare(plain[member.start : member.end]) == value:
                return msgspec.json.encode(MASK).decode()
    return key


def _bare(scalar: str) -> str:
    """A value as text: converters write a number and its digits alike."""
    return str(json.loads(scalar)) if scalar.startswith('"') else scalar


def _hash(record: AuditRecord, key: str | None, topic: str) -> int | None:
    if key is None:
        return None
    prefix = identity_prefix(
        record.connector,
        record.source_name,
        record.source_database,
        record.source_schema,
        record.source_table or f"{_NO_HASH_WITHOUT_A_TABLE}{topic}",
    )
    return key_hash(prefix, key.encode())


def _headers(text: str, decide: Decide, *, is_key_known: bool) -> str | None:
    """The stored headers, redacted where they repeat keys, columns or statements."""
    pairs: Sequence[tuple[Any, Any]] = [(name, value) for name, value in json.loads(text)]
    kept: list[tuple[Any, Any]] = []
    for name, value in pairs:
        if name in _KEY_HEADERS:
            kept.append((name, _key_header(value, decide, is_key_known=is_key_known)))
            continue
        decided = _in_headers(name, decide) if isinstance(name, str) else None
        if decided is not RuleAction.DROP:
            kept.append((name, value if value is None or decided is None else MASK))
    if kept == pairs:
        return text
    return msgspec.json.encode(kept).decode() if kept else None


def _in_headers(name: str, decide: Decide) -> RuleAction | None:
    return RuleAction.MASK if _STATEMENT.search(name) else decide(name)


def _key_header(value: Any, decide: Decide, *, is_key_known: bool) -> Any:  # noqa: ANN401 - JSON
    """A key in a header. One that cannot be read stays only if nothing in the key is redacted."""
    try:
        redacted = _key_text(value, decide) if isinstance(value, str) else None
    except ValueError:
        redacted = None
    unread = value if value is None or is_key_known else MASK
    return unread if redacted is None else redacted


def _key_text(text: str, decide: Decide) -> str | None:
    """The redacted key; None if `text` is no object. Whoever wraps it, wraps an object."""
    found = members(text)
    if found is None:
        return None
    if {json.loads(member.name) for member in found} != _WRAPPER:
        return redacted_image(text, decide)[0]
    payload = next(member for member in found if json.loads(member.name) == "payload")
    inner = _key_text(text[payload.start : payload.end], decide)
    return None if inner is None else f"{text[: payload.start]}{inner}{text[payload.end :]}"


def _metadata(text: str, decide: Decide) -> str:
    if not any(word in text for word in _MAY_REPEAT):
        return text
    escaped = _escaped_whole(text)
    plain = text if escaped is None else escaped
    redacted = _source_block(plain, decide)
    if redacted == plain:
        return text
    return redacted if escaped is None else escape_whole(redacted)


def _source_block(text: str, decide: Decide) -> str:
    def in_block(name: str) -> RuleAction | None:
        return RuleAction.MASK if _STATEMENT.search(name) else None

    def in_envelope(name: str) -> RuleAction | None:
        return RuleAction.MASK if name in _MONGODB else decide(name)

    stored, _ = redacted_image(text, in_block)
    for member in members(stored) or ():
        if json.loads(member.name) == "envelope":
            added, _ = redacted_image(stored[member.start : member.end], in_envelope)
            return f"{stored[: member.start]}{added}{stored[member.end :]}"
    return stored
