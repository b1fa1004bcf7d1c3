"""
Rules on columns, applied to an audit record before anything of it is stored.

They hold for both images; for the key, its hash and the headers that repeat keys; and for those
parts of the source block that repeat values: the text of the statement, and MongoDB's description
of an update. Which columns changed is judged before, and stays: masked values all look alike.
"""

import json
from collections.abc import Callable, Mapping

import msgspec

from domain.audit_record import AuditRecord
from domain.jsonb_safety import escape_whole, members
from domain.operation import ValueNote
from domain.record_key import identity_prefix, key_hash
from domain.redaction import MASK, Redaction, RuleAction, redacted_image
from domain.value_notes import (
    ESCAPED_IMAGE,
    WHOLE_IMAGE,
    Note,
    combined_notes,
    notes_of_images,
)

Decide = Callable[[str], RuleAction | None]
"""What to do with a column."""

_KEY_HEADERS = frozenset({"__debezium.newkey", "__debezium.oldkey"})
_STATEMENTS = ("query", "redo_sql")
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
    schema, table = record.source_schema, record.source_table
    if not redaction.concerns(schema, table):
        return record

    def decide(column: str) -> RuleAction | None:
        return redaction.action(schema, table, column)

    old_notes, new_notes = notes_of_images(record.value_notes)
    old_data, old_notes = _image(record.old_data, old_notes, decide)
    new_data, new_notes = _image(record.new_data, new_notes, decide)
    both = old_data is not None and new_data is not None
    key = record.record_key and redacted_image(record.record_key, decide)[0]
    changed = record.changed_columns
    return msgspec.structs.replace(
        record,
        old_data=old_data,
        new_data=new_data,
        value_notes=combined_notes(
            None if old_data is None else old_notes,
            None if new_data is None else new_notes,
            both=both,
        ),
        changed_columns=changed and tuple(c for c in changed if decide(c) is not RuleAction.DROP),
        record_key=key,
        key_hash=record.key_hash if key == record.record_key else _hash(record, key, topic),
        headers=record.headers and _headers(record.headers, decide),
        source_metadata=record.source_metadata and _metadata(record.source_metadata),
    )


def _image(
    text: str | None, notes: Mapping[str, Note], decide: Decide
) -> tuple[str | None, dict[str, Note]]:
    if text is None:
        return None, {}
    if notes.get(WHOLE_IMAGE) == ESCAPED_IMAGE and (whole := _escaped_whole(text)) is not None:
        inner, done = redacted_image(whole, decide)
        stored = escape_whole(inner)
    else:
        stored, done = redacted_image(text, decide)
    noted: dict[str, Note] = {
        column: note for column, note in notes.items() if done.get(column) is not RuleAction.DROP
    }
    noted.update({c: ValueNote.MASKED for c, action in done.items() if action is RuleAction.MASK})
    return stored, noted


def _escaped_whole(text: str) -> str | None:
    """The image that stands as one string under the empty name; None if there is none."""
    found = members(text)
    if not found or len(found) != 1 or json.loads(found[0].name) != WHOLE_IMAGE:
        return None
    return str(json.loads(text[found[0].start : found[0].end]))


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


def _headers(text: str, decide: Decide) -> str:
    """The stored headers, with the keys in them redacted; whoever wraps them, wraps an object."""
    pairs = json.loads(text)
    for pair in pairs:
        if pair[0] in _KEY_HEADERS and isinstance(pair[1], str):
            pair[1] = _key_text(pair[1], decide)
    return msgspec.json.encode(pairs).decode()


def _key_text(text: str, decide: Decide) -> str:
    found = members(text) or ()
    payload = next((m for m in found if json.loads(m.name) == "payload"), None)
    if payload is not None and len(found) > 1:
        inner = redacted_image(text[payload.start : payload.end], decide)[0]
        return f"{text[: payload.start]}{inner}{text[payload.end :]}"
    return redacted_image(text, decide)[0]


def _metadata(text: str) -> str:
    def decide(name: str) -> RuleAction | None:
        return RuleAction.MASK if name in _STATEMENTS else None

    stored = redacted_image(text, decide)[0]
    if "updateDescription" not in stored:
        return stored
    fields = msgspec.json.decode(stored.encode(), type=dict[str, msgspec.Raw])
    envelope = fields.get("envelope")
    if envelope is not None:
        added = msgspec.json.decode(envelope, type=dict[str, msgspec.Raw])
        if "updateDescription" in added:
            added["updateDescription"] = msgspec.Raw(msgspec.json.encode(MASK))
            fields["envelope"] = msgspec.Raw(msgspec.json.encode(added))
    return msgspec.json.encode(fields).decode()
