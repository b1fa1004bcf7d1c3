"""Other shapes than an ordinary envelope, whose schema is in a registry."""

import base64
import json
import pickle
from typing import Any

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from domain.control import ControlKind, ControlMessage
from domain.registered_schema import RegisteredSchema, SchemaIdKind, SchemaReference
from tests.unit.debezium.avro_schemas import framed
from tests.unit.debezium.records import a_consumed, an_envelope
from tests.unit.debezium.registered_envelopes import ENVELOPE, ROW, an_id, body, decoded
from tests.unit.debezium.registries import (
    APICURIO,
    KCONNECT,
    a_decoder,
    a_reference,
    a_schema,
)

CONNECT_ROW: dict[str, Any] = {
    "type": "struct",
    "fields": [
        {"type": "int32", "field": "id"},
        {"type": "int32", "name": "io.debezium.time.Date", "optional": True, "field": "day"},
    ],
}


def test_apicurios_json_names_its_schema_by_a_member_or_in_front() -> None:
    sides = [{**CONNECT_ROW, "field": side} for side in ("before", "after")]
    envelope = an_envelope(after={"id": 7, "day": 1})
    schemas = {
        a_reference(30, SchemaIdKind.APICURIO_CONTENT_ID): a_schema(CONNECT_ROW, KCONNECT),
        a_reference(31, SchemaIdKind.APICURIO_CONTENT_ID): a_schema(
            {"type": "struct", "fields": sides}, KCONNECT
        ),
    }
    decoder = a_decoder(schemas, APICURIO)

    records = [
        decoded(decoder, json.dumps(value).encode(), key=json.dumps(key).encode())
        for value, key in (
            ({"schemaId": 31, "payload": envelope}, {"schemaId": 30, "payload": {"id": 7}}),
            ({"payload": envelope, "schemaId": 31}, {"payload": {"id": 7}, "schemaId": 30}),
        )
    ]
    records.append(
        decoded(decoder, an_id(31) + json.dumps(envelope).encode(), key=an_id(30) + b'{"id":7}')
    )

    assert {record.new_data for record in records} == {'{"id":7,"day":"1970-01-02"}'}
    assert {record.record_key for record in records} == {'{"id":7}'}


@pytest.mark.parametrize("row", [{"schemaId": "x", "payload": 1}, {"schemaId": 0, "payload": 1}])
def test_a_row_with_columns_of_these_names_is_a_row(row: dict[str, Any]) -> None:
    record = decoded(a_decoder({}), json.dumps(row).encode())

    assert json.loads(record.new_data or "") == row


def test_cloud_events_may_have_registered_data() -> None:
    rows = {
        **ENVELOPE,
        "name": "Data",
        "fields": ENVELOPE["fields"][:2],
    }
    outer = {
        "type": "record",
        "name": "CloudEvents.Envelope",
        "fields": [
            *({"name": name, "type": "string"} for name in ("id", "source", "specversion")),
            {"name": "iodebeziumop", "type": "string"},
            {"name": "iodebeziumtable", "type": "string"},
            {"name": "data", "type": "bytes"},
        ],
    }
    data = framed(rows, {"before": None, "after": {"id": 7, "note": "n"}}, an_id(2))
    event = {
        "id": "1",
        "source": "/debezium/mysql/m",
        "specversion": "1.0",
        "iodebeziumop": "c",
        "iodebeziumtable": "t",
        "data": data,
    }
    in_json = {**event, "data": base64.b64encode(data).decode()}
    decoder = a_decoder({a_reference(2): a_schema(rows), a_reference(3): a_schema(outer)})

    records = [
        decoded(decoder, value)
        for value in (framed(outer, event, an_id(3)), json.dumps(in_json).encode())
    ]

    for record in records:
        assert record.new_data == '{"id":7,"note":"n"}'
        assert (record.connector, record.source_name, record.source_table) == ("mysql", "m", "t")
        assert record.value_notes is None


def test_flattened_rows_and_controls_come_in_avro_too() -> None:
    beat = {
        "type": "record",
        "name": "Heartbeat",
        "namespace": "io.debezium.connector.common",
        "fields": [{"name": "ts_ms", "type": "long"}],
    }
    flat = {**ROW, "fields": [*ROW["fields"], {"name": "__op", "type": "string"}]}
    decoder = a_decoder({a_reference(2): a_schema(beat), a_reference(3): a_schema(["null", flat])})

    heartbeat = decoder.decode(a_consumed(framed(beat, {"ts_ms": 1}, an_id(2))), 1)
    row = {"id": 7, "note": None, "__op": "u"}
    record = decoded(decoder, framed(["null", flat], row, an_id(3)))
    gone = decoded(decoder, framed(["null", flat], None, an_id(3)))

    assert isinstance(heartbeat, ControlMessage)
    assert heartbeat.kind is ControlKind.HEARTBEAT
    assert (record.operation.value, record.new_data) == ("UPDATE", '{"id":7,"note":null}')
    assert gone.operation.value == "DELETE"


def test_a_pickled_decoder_asks_the_same_registry() -> None:
    schemas = RegisteredSchemas(_PickledLookup())

    decoder: DebeziumDecoder = pickle.loads(pickle.dumps(DebeziumDecoder(schemas=schemas)))  # noqa: S301 - our own

    assert decoded(decoder, an_id(2) + body()).new_data == '{"id":7,"note":"n"}'


class _PickledLookup:
    """Knows one schema, and can be sent to a worker."""

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        del reference
        return a_schema(ENVELOPE)
