"""
A row change in the reference's words. null means unknown or absent.

Fields beyond the ordinary ones are there only where there is something to say. The time is the
source's: the trail stores another clock's where the source tells none, and this does not.
"""

from collections.abc import Mapping, Sequence

from adapters.debezium.temporal import timestamp_text
from domain.audit_record import AuditRecord
from domain.column_notes import ColumnNote, Side, read_notes
from domain.diff import key_columns
from domain.jsonb_safety import unescape_image
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource, ValueNote
from domain.value_notes import ALL_COLUMNS, ESCAPED_IMAGE, WHOLE_IMAGE
from entrypoints.decode.exact_text import NULL, Members, headers_of, members, raw
from entrypoints.decode.position_words import position_of, source_fields

Notes = Mapping[str, Sequence[ColumnNote]]

OPERATIONS: Mapping[OperationTypeEnum, str] = {
    OperationTypeEnum.INSERT: "insert",
    OperationTypeEnum.UPDATE: "update",
    OperationTypeEnum.DELETE: "delete",
    OperationTypeEnum.SNAPSHOT: "snapshot_read",
    OperationTypeEnum.TRUNCATE: "truncate",
    OperationTypeEnum.UPSERT: "upsert",
    OperationTypeEnum.RANGE_DELETE: "range_delete",
}

_HAVE_A_ROW_BEFORE = frozenset(
    {OperationTypeEnum.UPDATE, OperationTypeEnum.DELETE, OperationTypeEnum.UPSERT}
)
_FILLED = frozenset({BeforeImage.KEY, BeforeImage.INVENTED})
_EVERY: tuple[Side, ...] = ("old", "new")
_NOTED: Mapping[str, tuple[ValueNote, tuple[Side, ...]]] = {
    "unavailable": (ValueNote.UNAVAILABLE, ("new",)),
    "unavailable_old": (ValueNote.UNAVAILABLE, ("old",)),
    "undecoded": (ValueNote.UNDECODED, _EVERY),
    "suspect": (ValueNote.SUSPECT, _EVERY),
    "external": (ValueNote.OFFLOADED, _EVERY),
    "truncated": (ValueNote.TRUNCATED, _EVERY),
    "masked": (ValueNote.MASKED, _EVERY),
    "hashed": (ValueNote.HASHED, _EVERY),
    "hidden": (ValueNote.HIDDEN, _EVERY),
}
_MARKERS = {b"true": "true", b"false": "false", b"null": "false"}
"""Markers of a snapshot that are no text: some connectors write what Debezium's samples have."""

_KEY_HEADERS = {"__debezium.newkey": ("old", "new_key"), "__debezium.oldkey": ("new", "old_key")}


def change_words(record: AuditRecord) -> dict[str, object]:
    """What `record` says."""
    source, notes = source_fields(record.source_metadata), read_notes(record.value_notes)
    old, new = (image(record, side, notes) for side in _EVERY)
    return {
        "kind": "change",
        "operation": OPERATIONS[record.operation],
        "source_table": _source_table(record),
        "key": raw(record.record_key),
        "change_timestamp": _change_time(record),
        "transaction_id": record.transaction_id,
        "position": position_of(record, source),
        "old": raw(old),
        "new": raw(new),
        **_old_image(record),
        **_noted(notes, members(new or old)),
        **_origin(record, source),
    }


def image(record: AuditRecord, side: Side, notes: Notes) -> str | None:
    """The row before or after, as it was before it was escaped for the store."""
    text = record.old_data if side == "old" else record.new_data
    if text is None:
        return None
    if any(n.word == ESCAPED_IMAGE and side in n.sides for n in notes.get(WHOLE_IMAGE, ())):
        return unescape_image(text, None)
    escaped = _columns(notes, ValueNote.ESCAPED, (side,))
    return unescape_image(text, escaped) if escaped else text


def _source_table(record: AuditRecord) -> Mapping[str, str | None] | None:
    table = {
        "connector": record.connector,
        "db": record.source_database,
        "schema": record.source_schema,
        "table": record.source_table,
    }
    return table if any(table.values()) else None


def _change_time(record: AuditRecord) -> str | None:
    if record.timestamp_source is not TimestampSource.SOURCE:
        return None
    return f"{timestamp_text(record.change_timestamp, 1_000_000)}Z"


def _old_image(record: AuditRecord) -> dict[str, object]:
    """What changed, and how far the row before can be trusted."""
    said: dict[str, object] = {}
    if record.changed_columns is not None:
        said["changed"] = record.changed_columns
    if record.operation in _HAVE_A_ROW_BEFORE:
        said["old_available"] = record.before_image is not BeforeImage.ABSENT
    if record.before_image in _FILLED:
        said["old_reliable_fields"] = sorted(key_columns(record))
    return said


def _noted(notes: Notes, row: Members) -> dict[str, object]:
    said: dict[str, object] = {}
    for field, (word, sides) in _NOTED.items():
        columns = _columns(notes, word, sides)
        if ALL_COLUMNS in columns:
            columns = (columns | (row.keys() - notes.keys())) - {ALL_COLUMNS}
        if columns:
            said[field] = sorted(columns)
    return said


def _columns(notes: Notes, word: str, sides: Sequence[Side]) -> set[str]:
    return {
        column
        for column, of_column in notes.items()
        if any(note.word == word and set(sides).intersection(note.sides) for note in of_column)
    }


def _origin(record: AuditRecord, source: Members) -> dict[str, object]:
    """Who, in which statement and transaction, and what else the source tells."""
    snapshot, query = source.get("snapshot", NULL), source.get("query", NULL)
    found: dict[str, object] = {
        "key_change": _key_change(record),
        "transaction": _transaction(record),
        "snapshot": _MARKERS.get(bytes(snapshot), snapshot),
        "user": record.change_user,
        "query": None if bytes(query) == b"null" else query,
        "cloudevent": "specversion" in source or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _key_change(record: AuditRecord) -> Mapping[str, object] | None:
    headers = headers_of(record.headers)
    for name, (role, other) in _KEY_HEADERS.items():
        value = headers.get(name)
        if isinstance(value, str):
            return {"role": role, other: _key_in(value)}
    return None


def _key_in(header: str) -> object:
    """The key that a header holds: JSON, alone or in JsonConverter's wrapper, or any text."""
    key = members(header)
    if set(key) == {"schema", "payload"}:
        return key["payload"]
    return key or header


def _transaction(record: AuditRecord) -> Mapping[str, object] | None:
    if record.transaction_order is None and record.collection_order is None:
        return None
    block: dict[str, object] = {"id": record.transaction_id}
    if record.connector != "postgresql":  # whose own id differs from record to record
        block["raw_id"] = record.transaction_id
    block["total_order"] = record.transaction_order
    block["data_collection_order"] = record.collection_order
    if record.connector == "vitess" and record.source_position is not None:
        epoch, rank, _ = record.source_position.split("/")
        block |= {"rank": int(rank), "epoch": int(epoch)}
    return block
