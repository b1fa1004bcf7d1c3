"""Entries of the trail as the documented model, and as column values."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import sql

from domain.audit_logging import AuditLogging
from domain.errors import RepositoryError
from domain.jsonb_safety import escape_image, is_unsafe, unescape_image
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.record_key import identity_prefix, key_hash

API_DECODER_VERSION = 0
"""Entries of programs were decoded by nobody."""

COLUMNS = (
    "stream_id",
    "kafka_partition",
    "kafka_offset",
    "change_timestamp",
    "timestamp_source",
    "captured_at",
    "connector",
    "source_name",
    "source_database",
    "source_schema",
    "source_table",
    "operation",
    "record_key",
    "key_hash",
    "old_data",
    "new_data",
    "changed_columns",
    "before_image",
    "value_notes",
    "transaction_id",
    "lsn",
    "source_metadata",
    "headers",
    "change_user",
    "decoder_version",
)

READ_ENTRIES = sql.SQL("""
    SELECT t.*, t.old_data::text AS old_text, t.new_data::text AS new_text, s.topic
    FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
    WHERE NOT EXISTS (
        SELECT FROM audit_redelivery AS r
        WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
            AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
    ) AND """)

_SAME_NAME = (
    "source_table",
    "change_timestamp",
    "change_user",
    "transaction_id",
    "lsn",
    "source_metadata",
    "topic",
    "kafka_partition",
    "kafka_offset",
    "kafka_timestamp",
    "captured_at",
    "recorded_at",
    "connector",
    "source_name",
    "source_database",
    "source_schema",
    "record_key",
    "before_image",
    "value_notes",
    "headers",
)


def as_entry(row: Mapping[str, Any]) -> AuditLogging:
    """The model of a row that `READ_ENTRIES` gave."""
    notes: Mapping[str, Any] = row["value_notes"] or {}
    changed = row["changed_columns"]
    return AuditLogging(
        id=f"{row['stream_id']}-{row['kafka_partition']}-{row['kafka_offset']}",
        operation_type=OperationTypeEnum(row["operation"]),
        old_data=_image(row["old_text"], notes),
        new_data=_image(row["new_text"], notes),
        changed_columns=None if changed is None else tuple(changed),
        **{name: row[name] for name in _SAME_NAME},
    )


def entry_values(entry: AuditLogging, stream_id: int, offset: int) -> dict[str, Any]:
    """The column values of a program's entry."""
    notes: dict[str, Any] = dict(entry.value_notes or {})
    hash_ = None
    if entry.record_key is not None:
        prefix = identity_prefix(
            entry.connector,
            entry.source_name,
            entry.source_database,
            entry.source_schema,
            entry.source_table,
        )
        hash_ = key_hash(prefix, entry.record_key.encode())
    values: dict[str, Any] = {name: getattr(entry, name, None) for name in COLUMNS}
    return {
        **values,
        "stream_id": stream_id,
        "kafka_partition": 0,
        "kafka_offset": offset,
        "timestamp_source": TimestampSource.SOURCE.value,
        "operation": entry.operation_type.value,
        "key_hash": hash_,
        "old_data": _text(entry.old_data, "old_data", notes),
        "new_data": _text(entry.new_data, "new_data", notes),
        "changed_columns": None if entry.changed_columns is None else list(entry.changed_columns),
        "before_image": entry.before_image or _before_image(entry).value,
        "source_metadata": _text(entry.source_metadata, "source_metadata", {}),
        "headers": _text(entry.headers, "headers", {}),
        "value_notes": _text(notes or None, "value_notes", {}),
        "decoder_version": API_DECODER_VERSION,
    }


def _before_image(entry: AuditLogging) -> BeforeImage:
    return BeforeImage.ABSENT if entry.old_data is None else BeforeImage.COMPLETE


def _text(value: object, name: str, notes: dict[str, Any]) -> str | None:
    """JSON text that no reader breaks on; what had to be escaped is added to `notes`."""
    if value is None:
        return None
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, UnicodeEncodeError) as error:
        raise RepositoryError(f"{name} cannot be stored as JSON: {error}") from error
    if not is_unsafe(text):
        return text
    text, escaped = escape_image(text)
    notes.update({"": "escaped_image"} if escaped is None else dict.fromkeys(escaped, "escaped"))
    return text


def _image(text: str | None, notes: Mapping[str, Any]) -> dict[str, Any] | None:
    if text is None:
        return None
    escaped = [name for name, note in notes.items() if name and "escaped" in str(note)]
    if "" in notes and text.startswith('{"":'):
        text = unescape_image(text, None)
    elif escaped:
        text = unescape_image(text, escaped)
    image: dict[str, Any] = json.loads(text)
    return image
