"""An envelope in Avro, its schemas, and ids in front of it."""

from typing import Any

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from tests.unit.debezium.avro_schemas import framed
from tests.unit.debezium.records import a_consumed

ROW: dict[str, Any] = {
    "type": "record",
    "name": "Value",
    "namespace": "t",
    "fields": [{"name": "id", "type": "int"}, {"name": "note", "type": ["null", "string"]}],
}
SOURCE: dict[str, Any] = {
    "type": "record",
    "name": "Source",
    "namespace": "s",
    "fields": [{"name": name, "type": "string"} for name in ("connector", "name", "db", "table")],
}
ENVELOPE: dict[str, Any] = {
    "type": "record",
    "name": "Envelope",
    "namespace": "t",
    "fields": [
        {"name": "before", "type": ["null", ROW]},
        {"name": "after", "type": ["null", "Value"]},
        {"name": "source", "type": SOURCE},
        {"name": "op", "type": "string"},
    ],
}
KEY: dict[str, Any] = {
    "type": "record",
    "name": "Key",
    "namespace": "t",
    "fields": [{"name": "id", "type": "int"}],
}
CHANGE: dict[str, Any] = {
    "before": None,
    "after": {"id": 7, "note": "n"},
    "source": {"connector": "mysql", "name": "m", "db": "d", "table": "t"},
    "op": "c",
}


def body(schema: object = ENVELOPE, value: object = CHANGE) -> bytes:
    return framed(schema, value, b"")


def an_id(number: int, size: int = 4) -> bytes:
    return b"\0" + number.to_bytes(size, "big")


def decoded(decoder: DebeziumDecoder, value: bytes | None, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    result = decoder.decode(a_consumed(value, **fields), 1)
    assert isinstance(result, AuditRecord)
    return result
