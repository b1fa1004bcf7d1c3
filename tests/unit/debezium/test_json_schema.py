"""JSON Schemas as Confluent's converter registers them: the same plans as Connect's own."""

import json
from typing import Any

import pytest

from adapters.debezium.json_schema import connect_schema
from domain.audit_record import AuditRecord
from domain.errors import ValidationError
from tests.unit.debezium.records import a_consumed, an_envelope
from tests.unit.debezium.registries import JSON, a_decoder, a_reference, a_schema

NULL = {"type": "null"}


def optional(schema: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"oneOf": [NULL, schema], "connect.index": index}


def an_object(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


COLUMNS: dict[str, Any] = {
    "id": {"type": "integer", "connect.type": "int32", "connect.index": 0},
    "day": optional(
        {"type": "integer", "connect.type": "int32", "title": "io.debezium.time.Date"}, 1
    ),
    "price": optional(
        {
            "type": "number",
            "connect.type": "bytes",
            "title": "org.apache.kafka.connect.data.Decimal",
            "connect.parameters": {"scale": "2"},
        }
    ),
    "raw": {"type": "string", "connect.type": "bytes"},
    "days": {"type": "array", "items": {"type": "integer", "title": "io.debezium.time.Date"}},
    "attrs": {
        "type": "object",
        "connect.type": "map",
        "additionalProperties": {"type": "string", "connect.type": "bytes"},
    },
    "pairs": {
        "type": "array",
        "connect.type": "map",
        "items": an_object(
            key={"type": "integer", "connect.type": "int32"},
            value={"type": "integer", "title": "io.debezium.time.Date"},
        ),
    },
    "ratio": {"type": "number", "connect.type": "float32"},
}
ROW = {
    "id": 7,
    "day": 1,
    "price": "AeIT",
    "raw": "AP8=",
    "days": [1, 2],
    "attrs": {"k": "AQ=="},
    "pairs": [{"key": 3, "value": 1}],
    "ratio": 0.1,
}
CANONICAL = {
    "id": 7,
    "day": "1970-01-02",
    "price": "1234.11",
    "raw": "0x00ff",
    "days": ["1970-01-02", "1970-01-03"],
    "attrs": {"k": "0x01"},
    "pairs": [[3, "1970-01-02"]],
    "ratio": 0.1,
}


def decoded(schema: dict[str, Any], row: dict[str, Any] = ROW) -> AuditRecord:
    decoder = a_decoder({a_reference(1): a_schema(schema, JSON)})
    value = b"\0\0\0\0\1" + json.dumps(an_envelope(after=row)).encode()
    result = decoder.decode(a_consumed(value), 1)
    assert isinstance(result, AuditRecord)
    return result


def test_every_type_has_its_canonical_form() -> None:
    record = decoded(an_object(after=optional(an_object(**COLUMNS))))

    assert list(json.loads(record.new_data or "").items()) == list(CANONICAL.items())
    assert record.value_notes is None


def test_numbers_may_be_written_as_such() -> None:
    record = decoded(an_object(after=optional(an_object(**COLUMNS))), {**ROW, "price": 1.5})

    assert json.loads(record.new_data or "")["price"] == "1.50"


def test_definitions_are_looked_up_here_and_in_the_registry() -> None:
    shared = a_schema({"definitions": {"row": an_object(**COLUMNS)}}, JSON)
    here = {**an_object(after={"$ref": "#/$defs/a~1b"}), "$defs": {"a/b": an_object(**COLUMNS)}}
    there = an_object(after=optional({"$ref": "shared.json#/definitions/row"}))
    decoder = a_decoder(
        {
            a_reference(1): a_schema(here, JSON),
            a_reference(2): a_schema(there, JSON, **{"shared.json": shared}),
        }
    )

    for number in (1, 2):
        value = bytes([0, 0, 0, 0, number]) + json.dumps(an_envelope(after=ROW)).encode()
        result = decoder.decode(a_consumed(value), 1)

        assert isinstance(result, AuditRecord)
        assert json.loads(result.new_data or "") == CANONICAL


def test_a_schema_that_says_nothing_leaves_the_types_unknown() -> None:
    record = decoded({}, {"id": 7, "day": 1})

    assert json.loads(record.new_data or "") == {"id": 7, "day": 1}
    assert record.value_notes == '{"*":"undecoded"}'


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"type":"array"}',
        '{"$ref":"#/not/there"}',
        '{"$ref":"other.json"}',
        '{"type":"object","properties":[]}',
        '{"connect.type":"map"}',
    ],
)
def test_a_schema_that_cannot_be_used_is_poison(text: str) -> None:
    with pytest.raises(ValidationError, match=r"^bad_schema: "):
        connect_schema(a_schema(text, JSON))


def test_a_schema_inside_itself_ends() -> None:
    found = connect_schema(a_schema(an_object(inner={"$ref": "#"}), JSON))

    assert found.fields[0].field == "inner"
