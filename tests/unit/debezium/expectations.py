"""
The reference's words for a decoded record, asked of what the decoder gives.

    expect of an example ──▶ its fields ──▶ `observed` has the same fields, in the same words

The vocabulary is section 10 of `tests/data/debezium/events.md`. A `change` with operation
`message` is a control message of ours, a `skip` any other one; an `error` is quarantined.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.debezium.temporal import timestamp_text
from domain.audit_record import AuditRecord
from domain.column_notes import Side, read_notes
from domain.control import ControlKind, ControlMessage
from domain.diff import key_columns
from domain.errors import TransformationError
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource, ValueNote
from domain.value_notes import ALL_COLUMNS
from tests.unit.debezium.records import Decoded

OPERATIONS = {
    OperationTypeEnum.INSERT: "insert",
    OperationTypeEnum.UPDATE: "update",
    OperationTypeEnum.DELETE: "delete",
    OperationTypeEnum.SNAPSHOT: "snapshot_read",
    OperationTypeEnum.TRUNCATE: "truncate",
    OperationTypeEnum.UPSERT: "upsert",
    OperationTypeEnum.RANGE_DELETE: "range_delete",
}
MESSAGES = frozenset({ControlKind.LOGICAL_MESSAGE, ControlKind.OUTBOX})
TRANSACTIONS = frozenset(
    {ControlKind.TRANSACTION, ControlKind.TRANSACTION_BEGIN, ControlKind.TRANSACTION_END}
)
RENAMED = {"tx_seq": "txSeq", "wall_time": "wallTime", "commit_ts_ms": "ts_ms"}
"""Fields of a position that the reference calls otherwise than the source block does."""

NOT_KEPT = "not kept"
"""Stands for what our records do not hold."""

_LSN = re.compile(r"([0-9A-F]+)/([0-9A-F]+)")
_KEY_HEADERS = {"__debezium.newkey": ("old", "new_key"), "__debezium.oldkey": ("new", "old_key")}


def parsed(text: str | None) -> Any:  # noqa: ANN401 - JSON
    """JSON whose numbers with a fraction stay as they are written, and differ from texts."""
    return None if text is None else json.loads(text, parse_float=lambda number: ["float", number])


def observed(result: Decoded | TransformationError, expect: Mapping[str, Any]) -> dict[str, Any]:
    """What `result` says of the fields that `expect` has."""
    if isinstance(result, TransformationError):
        reason = str(result).partition(": ")[0]
        return {**dict.fromkeys(expect, NOT_KEPT), "kind": "error", "reason": reason}
    if isinstance(result, ControlMessage):
        asked = _MESSAGE if result.kind in MESSAGES else _CONTROL
        return {field: asked[field](result) for field in expect}
    assert isinstance(result, AuditRecord)
    fields = {field: _CHANGE[field](result) for field in expect if field != "position"}
    return fields | {"position": _position(result, expect["position"])}


def _source_table(record: AuditRecord) -> dict[str, str | None] | None:
    table = {
        "connector": record.connector,
        "db": record.source_database,
        "schema": record.source_schema,
        "table": record.source_table,
    }
    return table if any(table.values()) else None


def _change_time(record: AuditRecord) -> str | None:
    """The change timestamp where it is the source's, since the reference knows no other."""
    if record.timestamp_source is not TimestampSource.SOURCE:
        return None
    return f"{timestamp_text(record.change_timestamp, 1_000_000)}Z"


def _position(record: AuditRecord, expected: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
    if expected is None:
        nothing = record.source_position is None and record.lsn is None
        return None if nothing else (record.source_position, record.lsn)
    source = _source(record)
    facts: dict[str, Any] = {name: source.get(RENAMED.get(name, name)) for name in expected}
    lsn = _LSN.fullmatch(record.lsn or "")
    if lsn is not None:
        facts["lsn"] = int(lsn[1], 16) << 32 | int(lsn[2], 16)
    facts["lsn_text"] = record.lsn if lsn is not None else None
    if "ts_sec" in expected:
        facts["ts_sec"] = source["ts_ms"] // 1000
    sequence: object = facts.get("sequence")
    if isinstance(sequence, str) and sequence.startswith("["):
        facts["sequence"] = json.loads(sequence)
    return {name: facts[name] for name in expected}


def _source(record: AuditRecord) -> dict[str, Any]:
    """The source block; a CloudEvent's attributes without their prefix."""
    fields: dict[str, Any] = json.loads(record.source_metadata or "{}")
    return {name.removeprefix("iodebezium"): value for name, value in fields.items()}


def _noted(word: str, side: Side) -> Callable[[AuditRecord], list[str]]:
    def columns(record: AuditRecord) -> list[str]:
        notes = read_notes(record.value_notes)
        said = {
            name
            for name, of_column in notes.items()
            if any(note.word == word and side in note.sides for note in of_column)
        }
        if ALL_COLUMNS in said:
            said |= (parsed(record.new_data) or parsed(record.old_data)).keys() - notes.keys()
        return sorted(said - {ALL_COLUMNS})

    return columns


def _key_change(record: AuditRecord) -> dict[str, Any] | None:
    for name, value in json.loads(record.headers or "[]"):
        if name in _KEY_HEADERS:
            role, other = _KEY_HEADERS[name]
            key = json.loads(value)
            return {"role": role, other: key.get("payload", key)}
    return None


def _transaction(record: AuditRecord) -> dict[str, Any]:
    block = {
        "id": record.transaction_id,
        "raw_id": NOT_KEPT if record.connector == "postgresql" else record.transaction_id,
        "total_order": record.transaction_order,
        "data_collection_order": record.collection_order,
    }
    if record.connector == "vitess" and record.source_position is not None:
        epoch, rank, _ = record.source_position.split("/")
        block |= {"rank": int(rank), "epoch": int(epoch)}
    return block


def _reliable(record: AuditRecord) -> list[str] | None:
    filled = record.before_image in {BeforeImage.KEY, BeforeImage.INVENTED}
    return sorted(key_columns(record)) if filled else None


def _snapshot(record: AuditRecord) -> str:
    return str(_source(record).get("snapshot") or "false")


_CHANGE: Mapping[str, Callable[[AuditRecord], Any]] = {
    "kind": lambda _: "change",
    "operation": lambda r: OPERATIONS[r.operation],
    "source_table": _source_table,
    "key": lambda r: parsed(r.record_key),
    "change_timestamp": _change_time,
    "transaction_id": lambda r: r.transaction_id,
    "old": lambda r: parsed(r.old_data),
    "new": lambda r: parsed(r.new_data),
    "changed": lambda r: None if r.changed_columns is None else list(r.changed_columns),
    "unavailable": _noted(ValueNote.UNAVAILABLE, "new"),
    "unavailable_old": _noted(ValueNote.UNAVAILABLE, "old"),
    "undecoded": _noted(ValueNote.UNDECODED, "new"),
    "suspect": _noted(ValueNote.SUSPECT, "new"),
    "external": _noted(ValueNote.OFFLOADED, "new"),
    "old_available": lambda r: r.before_image is not BeforeImage.ABSENT,
    "old_reliable_fields": _reliable,
    "key_change": _key_change,
    "transaction": _transaction,
    "snapshot": _snapshot,
    "user": lambda r: r.change_user,
    "flattened": lambda _: NOT_KEPT,
    "unchanged_omitted": lambda _: NOT_KEPT,
    "cloudevent": lambda r: "specversion" in _source(r),
}


def _payload(message: ControlMessage) -> Any:  # noqa: ANN401 - JSON
    return parsed(message.payload)


def _message_source(message: ControlMessage) -> dict[str, Any]:
    return {} if message.kind is ControlKind.OUTBOX else _payload(message)["source"]


def _message_table(message: ControlMessage) -> dict[str, Any] | None:
    source = _message_source(message)
    names = ("connector", "db", "schema", "table")
    return {name: source.get(name) for name in names} if source else None


def _message_time(message: ControlMessage) -> str | None:
    micros = _message_source(message).get("ts_us")
    if micros is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return moment.isoformat().replace("+00:00", "Z")


def _message_position(message: ControlMessage) -> dict[str, Any] | None:
    source = _message_source(message)
    if not source:
        return None
    lsn = source["lsn"]
    text = f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
    return {"lsn": lsn, "lsn_text": text, "sequence": json.loads(source["sequence"])}


def _message_content(message: ControlMessage) -> Any:  # noqa: ANN401 - JSON
    payload = _payload(message)
    if message.kind is ControlKind.OUTBOX:
        return payload
    return {"prefix": payload["message"]["prefix"], "content": payload["message"]["text"]}


_MESSAGE: Mapping[str, Callable[[ControlMessage], Any]] = {
    "kind": lambda _: "change",
    "operation": lambda _: "message",
    "source_table": _message_table,
    "key": lambda _: NOT_KEPT,
    "change_timestamp": _message_time,
    "transaction_id": lambda m: m.transaction_id,
    "position": _message_position,
    "old": lambda _: None,
    "new": _message_content,
    "outbox": lambda m: {"id": dict(json.loads(m.headers or "[]")).get("id")},
}

_CONTROL: Mapping[str, Callable[[ControlMessage], Any]] = {
    "kind": lambda _: "skip",
    "reason": lambda m: "transaction" if m.kind in TRANSACTIONS else m.kind.value,
    "key": lambda _: NOT_KEPT,
    "transaction_id": lambda m: m.transaction_id,
    "status": lambda m: _payload(m)["status"],
    "ddl": lambda m: _payload(m)["ddl"],
}
