"""Avro schemas taken apart: names, meaning where Connect's was left out, and what is refused."""

import json
from typing import Any

import pytest

from adapters.debezium.avro_schema import AvroTypes
from adapters.debezium.avro_wire import AvroWire
from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.row_plan import RowPlan
from domain.errors import ValidationError
from tests.unit.debezium.avro_schemas import framed
from tests.unit.debezium.registries import a_schema

CONNECT = "org.apache.kafka.connect.data."


def of_type(schema: object) -> ConnectSchema:
    return AvroTypes({}).type(schema).connect


def a_record(*types: object, **own: object) -> dict[str, Any]:
    fields = [{"name": f"f{place}", "type": one} for place, one in enumerate(types)]
    return {"type": "record", "name": "n.R", "fields": fields, **own}


@pytest.mark.parametrize(
    ("logical", "name"),
    [
        ("date", f"{CONNECT}Date"),
        ("time-millis", f"{CONNECT}Time"),
        ("timestamp-millis", f"{CONNECT}Timestamp"),
        ("timestamp-micros", "io.debezium.time.MicroTimestamp"),
        ("uuid", None),
    ],
)
def test_avros_own_types_tell_what_connects_names_do_not(logical: str, name: str | None) -> None:
    assert of_type({"type": "long", "logicalType": logical}).name == name


def test_a_decimal_has_its_scale_with_connects_names_or_without() -> None:
    bare = of_type({"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2})
    named = of_type(
        {
            "type": "bytes",
            "connect.name": f"{CONNECT}Decimal",
            "connect.parameters": {"scale": "2046", "connect.decimal.precision": "5"},
        }
    )

    assert (bare.name, bare.parameter("scale")) == (f"{CONNECT}Decimal", "2")
    assert named.parameter("scale") == "2046"


def test_a_name_means_the_type_that_was_defined_under_it() -> None:
    inner = {"type": "record", "name": "In", "fields": [{"name": "x", "type": "float"}]}
    named = of_type(a_record(["null", inner], ["null", "In"], "n.In"))

    assert [node.type for node in named.fields] == ["struct"] * 3
    assert {node.name for node in named.fields} == {"n.In"}
    assert [node.optional for node in named.fields] == [True, True, False]


def test_defaults_are_those_of_json() -> None:
    found = of_type(
        {
            "type": "record",
            "name": "R",
            "fields": [
                {"name": "a", "type": ["null", "int"], "default": None},
                {
                    "name": "b",
                    "type": [{"type": "int", "connect.default": 5}, "null"],
                    "default": 5,
                },
                {"name": "c", "type": "bytes", "default": "\u00ff"},
                {
                    "name": "d",
                    "type": a_record("int", "bytes", name="V"),
                    "default": {"f0": 0, "f1": "\u0000"},
                },
            ],
        }
    )

    assert RowPlan(found).defaults == {"b": 5, "c": "0xff", "d": {"f0": 0, "f1": "0x00"}}


def test_enums_are_texts_and_fixed_are_bytes() -> None:
    enum = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
    fixed = {"type": "fixed", "name": "F", "size": 2}
    schema = a_record(enum, fixed, "E")
    row = {"f0": "B", "f1": b"\1\2", "f2": "A"}

    value = AvroWire(a_schema(schema)).read(framed(schema, row, b""))

    assert value == row
    assert [node.type for node in of_type(schema).fields] == ["string", "bytes", "string"]


def test_a_type_inside_itself_is_read_and_means_nothing() -> None:
    schema = {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "next", "type": ["null", "Node"]}],
    }
    row = {"next": {"next": None}}

    assert AvroWire(a_schema(schema)).read(framed(schema, row, b"")) == row
    assert of_type(schema).fields[0].type == "any"


def test_a_schema_may_name_others_of_the_registry() -> None:
    day = a_schema({"type": "record", "name": "Day", "fields": [{"name": "d", "type": "int"}]})
    row = a_schema(a_record("Day", "Day", name="Row", namespace=""), Day=day)
    schema = a_schema(a_record("Row", name="Envelope"), Row=row)

    value = AvroWire(schema).read(b"\2\4")

    assert value == {"f0": {"f0": {"d": 1}, "f1": {"d": 2}}}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        5,
        [],
        "unknown",
        {"type": "record", "name": "R"},
        {"type": "record", "fields": []},
        {"type": "array"},
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "record", "name": "E", "fields": []}},
        {"type": "fixed", "name": "F", "size": "x"},
        {"type": "enum", "name": "E"},
        a_record("n.Missing"),
        a_record({"type": "record", "name": "n.R", "fields": []}),
    ],
    ids=str,
)
def test_a_schema_that_cannot_be_used_is_refused(schema: object) -> None:
    with pytest.raises(ValidationError, match=r"^bad_schema: "):
        AvroWire(a_schema(json.dumps(schema)))


def test_a_schema_of_any_depth_is_refused_in_time() -> None:
    schema: Any = "int"
    for _ in range(5000):
        schema = {"type": schema}

    with pytest.raises(ValidationError, match=r"^bad_schema: .*deep"):
        AvroTypes({}).type(schema)
