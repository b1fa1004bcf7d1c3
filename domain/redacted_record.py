"""
Rules on columns, applied to an audit record before anything of it is stored.

They hold for both images, and what is noted of their values; for the key, its hash and the headers
that repeat keys or columns; and for those parts of the source block that repeat values
(`domain.redacted_surroundings`). Which columns changed is judged before, and stays: masked values
all look alike.

Where a record does not name its table or schema, the last parts of its topic do; where there are
no schemas, its database is as good. A key that is no object has no columns: it is masked where it
is the value of one that a rule redacts.
"""

import json
from collections.abc import Mapping

import msgspec

from domain.audit_record import AuditRecord
from domain.jsonb_safety import escape_whole, members
from domain.operation import ValueNote
from domain.record_key import identity_prefix, key_hash
from domain.redacted_surroundings import escaped_whole, redacted_headers, redacted_metadata
from domain.redacted_values import redacted_image, replacement
from domain.redaction import MASK, ColumnRules, Redaction, RuleAction
from domain.value_notes import (
    ALL_COLUMNS,
    ESCAPED_IMAGE,
    WHOLE_IMAGE,
    Note,
    Notes,
    combined_notes,
    notes_of_images,
)

_NO_HASH_WITHOUT_A_TABLE = "topic:"
_WORDS = {RuleAction.MASK: ValueNote.MASKED, RuleAction.HIDE: ValueNote.HIDDEN}


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
    rules = redaction.of_table(schema, table)
    if rules is None:
        return record
    notes = notes_of_images(record.value_notes)
    old_data, old_notes = _image(record.old_data, notes[0], rules)
    new_data, new_notes = _image(record.new_data, notes[1], rules)
    key = record.record_key and _key(record.record_key, record, notes, rules)
    is_key_known = key is not None and key == record.record_key
    changed = record.changed_columns
    return msgspec.structs.replace(
        record,
        old_data=old_data,
        new_data=new_data,
        value_notes=combined_notes(
            old_notes, new_notes, both=old_data is not None and new_data is not None
        ),
        changed_columns=changed
        and tuple(c for c in changed if rules.column(c) is not RuleAction.DROP),
        record_key=key,
        key_hash=record.key_hash if key == record.record_key else _hash(record, key, topic),
        headers=record.headers
        and redacted_headers(record.headers, rules, is_key_known=is_key_known),
        source_metadata=record.source_metadata and redacted_metadata(record.source_metadata, rules),
    )


def _names(record: AuditRecord, topic: str) -> tuple[str | None, str | None]:
    """The schema and table that rules know the record by: Debezium names topics after both."""
    *_, above, last = ("", *topic.split("."))
    table = record.source_table or last
    schema = record.source_schema or (above if table == last else "")
    return schema or record.source_database, table


def _image(text: str | None, notes: Notes, rules: ColumnRules) -> tuple[str | None, Notes | None]:
    if text is None:
        return None, None
    plain = _plain_image(text, notes)
    escaped = [column for column, note in notes.items() if note == ValueNote.ESCAPED]
    redacted, done = redacted_image(plain, rules.column, rules=rules, escaped=escaped)
    noted: dict[str, Note] = {}
    for column, note in notes.items():
        is_column = column != ALL_COLUMNS and note != ESCAPED_IMAGE
        decided = rules.column(column) if is_column else None
        if decided is not RuleAction.DROP:
            noted[column] = note if decided is None else _without_detail(note)
    rules.note_dropped(done)
    for column, action in done.items():
        if action is not RuleAction.DROP:
            noted[_storable(column)] = _note(action, rules)
    if not done:
        return text, noted
    return (redacted if plain is text else escape_whole(redacted)), noted


def _note(action: RuleAction, rules: ColumnRules) -> Note:
    if action is RuleAction.HASH and rules.hash_key is not None:
        return {"note": ValueNote.HASHED.value, "key": rules.hash_key.key_id}
    return _WORDS.get(action, ValueNote.MASKED)


def _plain_image(text: str, notes: Notes) -> str:
    """The image itself: `text`, or what is escaped in it."""
    escaped = escaped_whole(text) if notes.get(WHOLE_IMAGE) == ESCAPED_IMAGE else None
    return text if escaped is None else escaped


def _without_detail(note: Note) -> Note:
    """Only what became of the value: where it was offloaded to is as good as the value."""
    return note["note"] if isinstance(note, Mapping) else note


def _storable(column: str) -> str:
    """A name that a database can hold, whatever characters were escaped in the JSON."""
    return column.encode("utf-8", "backslashreplace").decode().replace("\0", r"\u0000")


def _key(key: str, record: AuditRecord, notes: tuple[Notes, Notes], rules: ColumnRules) -> str:
    if members(key) is not None:
        return redacted_image(key, rules.column, rules=rules)[0]
    value = _bare(key)
    for image, noted in zip((record.old_data, record.new_data), notes, strict=True):
        plain = "{}" if image is None else _plain_image(image, noted)
        for member in members(plain) or ():
            action = rules.column(json.loads(member.name))
            own = plain[member.start : member.end]
            if action is not None and _bare(own) == value:
                masked = msgspec.json.encode(MASK).decode()
                return replacement(own, action, rules.hash_key) or masked
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
