"""
The same updates with decimals and times, in the forms that carry or name a schema.

    a row of Connect's types ──▶ JSON behind its schema
                            ├──▶ Avro, as Confluent's converter writes it
                            └──▶ Protobuf, likewise
"""

import base64
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from adapters.debezium.exact_json import is_array, is_object
from adapters.debezium.protobuf_files import main_file
from domain.registered_schema import RegisteredSchema, SchemaFormat
from tests.benchmarks.events import FIRST_CHANGE_NS, TOPIC, Row, an_envelope, compact
from tests.unit.debezium.avro_schemas import avro_schema, framed

_DECIMAL = "org.apache.kafka.connect.data.Decimal"
_MICROSECONDS_PER_DAY = 86_400_000_000

_ROW_FIELDS: list[Row] = [
    {"field": "id", "type": "int64"},
    {"field": "customer", "type": "string"},
    {"field": "status", "type": "string"},
    {
        "field": "amount",
        "type": "bytes",
        "name": _DECIMAL,
        "parameters": {"scale": "2", "connect.decimal.precision": "12"},
    },
    {"field": "quantity", "type": "int32"},
    {"field": "note", "type": "string"},
    {"field": "paid", "type": "boolean"},
    {"field": "placed_on", "type": "int32", "name": "io.debezium.time.Date"},
    {"field": "placed_at", "type": "int64", "name": "io.debezium.time.MicroTimestamp"},
    {"field": "paid_at", "type": "string", "name": "io.debezium.time.ZonedTimestamp"},
    {"field": "pick_up", "type": "int64", "name": "io.debezium.time.MicroTime"},
]
_SOURCE_TYPES = {
    **dict.fromkeys(("version", "connector", "name"), "string"),
    **dict.fromkeys(("ts_ms", "ts_us", "ts_ns"), "int64"),
    **dict.fromkeys(("snapshot", "db", "sequence", "schema", "table"), "string"),
    **dict.fromkeys(("txId", "lsn", "xmin"), "int64"),
}


def a_typed_update(number: int, *, amount_as_text: bool) -> Row:
    """Make an envelope whose values are those of the wire; a decimal's bytes as base64 or not."""
    at = FIRST_CHANGE_NS // 1_000 + number * 1_000
    unscaled = (number % 500 * 100 + 90).to_bytes(3, "big", signed=True)
    before: Row = {
        "id": number,
        "customer": f"customer {number % 997}",
        "status": "placed",
        "amount": base64.b64encode(unscaled).decode() if amount_as_text else unscaled,
        "quantity": number % 7 + 1,
        "note": "please leave it at the door: the bell does not work",
        "paid": False,
        "placed_on": at // _MICROSECONDS_PER_DAY,
        "placed_at": at,
        "paid_at": None,
        "pick_up": at % _MICROSECONDS_PER_DAY,
    }
    paid_at = datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    after = {**before, "status": "paid", "paid": True, "paid_at": paid_at}
    return an_envelope(number, before, after)


def with_schema(number: int) -> bytes:
    """Encode an update as ``schemas.enable=true`` has it: the schema in front of each event."""
    return compact({"schema": SCHEMA, "payload": a_typed_update(number, amount_as_text=True)})


def in_avro(number: int) -> bytes:
    """Encode an update as Confluent's Avro converter does, under the id 1."""
    return framed(AVRO_SCHEMA, a_typed_update(number, amount_as_text=False))


def in_protobuf(number: int) -> bytes:
    """Encode an update as Confluent's Protobuf converter does, under the id 1."""
    update = a_typed_update(number, amount_as_text=False)
    for image in (update["before"], update["after"]):
        image["amount"] = {"value": image["amount"], "precision": 12, "scale": 2}
    present = {name: value for name, value in update.items() if value is not None}
    for name in ("before", "after", "source"):
        present[name] = {key: v for key, v in present[name].items() if v is not None}
    message: bytes = _ENVELOPE(**present).SerializeToString()
    return b"\0\0\0\0\1\0" + message


def bare(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """An Avro schema without logical types: what is on the wire."""
    if is_object(schema):
        return {name: bare(part) for name, part in schema.items() if name != "logicalType"}
    return [bare(part) for part in schema] if is_array(schema) else schema


def _struct(name: str, fields: list[Row], field: str) -> Row:
    every = [{"optional": f["field"] != "id", **f} for f in fields]
    return {"type": "struct", "fields": every, "optional": True, "name": name, "field": field}


def _fields(types: dict[str, str]) -> list[Row]:
    return [{"field": name, "type": kind} for name, kind in types.items()]


_TIMES = [
    {"type": "int64", "optional": True, "field": field} for field in ("ts_ms", "ts_us", "ts_ns")
]
SCHEMA: Row = {
    "type": "struct",
    "fields": [
        _struct(f"{TOPIC}.Value", _ROW_FIELDS, "before"),
        _struct(f"{TOPIC}.Value", _ROW_FIELDS, "after"),
        _struct("io.debezium.connector.postgresql.Source", _fields(_SOURCE_TYPES), "source"),
        _struct("event.block", _fields({"id": "string", "total_order": "int64"}), "transaction"),
        {"type": "string", "optional": False, "field": "op"},
        *_TIMES,
    ],
    "optional": False,
    "name": f"{TOPIC}.Envelope",
    "version": 2,
}
AVRO_SCHEMA: Any = avro_schema(SCHEMA)

_PROTO_TYPES = {"boolean": "bool"}


def _proto_field(number: int, field: Row) -> str:
    name = field.get("name")
    if name == _DECIMAL:
        return f"confluent.type.Decimal {field['field']} = {number};"
    meaning = (
        f' [(confluent.field_meta) = {{ params: [{{key: "connect.name", value: "{name}"}}] }}]'
        if name
        else ""
    )
    kind = _PROTO_TYPES.get(field["type"], field["type"])
    return f"optional {kind} {field['field']} = {number}{meaning};"


def _proto_message(name: str, fields: list[Row]) -> str:
    lines = "\n".join(_proto_field(n, field) for n, field in enumerate(fields, start=1))
    return f"message {name} {{\n{lines}\n}}"


_PROTO = f"""
syntax = "proto3";
package shop.public.orders;
import "confluent/meta.proto";
import "confluent/type/decimal.proto";

message Envelope {{
  Value before = 1;
  Value after = 2;
  Source source = 3;
  string op = 4;
  optional int64 ts_ms = 5;
  optional int64 ts_us = 6;
  optional int64 ts_ns = 7;
  {_proto_message("Value", _ROW_FIELDS)}
  {_proto_message("Source", _fields(_SOURCE_TYPES))}
}}
"""
PROTOBUF_SCHEMA = RegisteredSchema(SchemaFormat.PROTOBUF, _PROTO)
_ENVELOPE: Any = GetMessageClass(main_file(PROTOBUF_SCHEMA).message_types_by_name["Envelope"])
