"""
Topics without schema, decoded with types that something else tells.

A recording without schemas must give exactly what its twin gives, which recorded the same changes
with them.
"""

import json
import pickle
import re
from collections.abc import Mapping
from functools import cache

import msgspec
import pytest

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from tests.unit.debezium.recordings import RECORDED, TWINS, recording
from tests.unit.debezium.records import a_consumed, an_envelope, as_bytes

_TABLE = re.compile(r"CREATE TABLE ([\w.]+) \((.*?)\)(?=;|$)", re.DOTALL)
_DOMAINS = {"mood": "enum", "posint": "int", "price": "numeric(10,3)", "email": "text"}
_NOT_TYPES = re.compile(r"\s+(?:PRIMARY KEY|NOT NULL|NULL|DEFAULT|CHARACTER SET|AS)\b.*", re.DOTALL)

PAIRS = {
    "04-pg-types-default": DecoderConfig(),
    "05-pg-types-connect": DecoderConfig(
        decimal_handling_mode="double",
        time_precision_mode="connect",
        hstore_handling_mode="map",
        binary_handling_mode="hex",
    ),
    "05-pg-types-microseconds": DecoderConfig(
        time_precision_mode="microseconds", binary_handling_mode="base64-url-safe"
    ),
    "17-mariadb-default": DecoderConfig(bigint_unsigned_handling_mode="precise"),
}

WITHOUT_TWIN = {
    "05-pg-types-string": DecoderConfig(
        decimal_handling_mode="string",
        time_precision_mode="isostring",
        interval_handling_mode="string",
        binary_handling_mode="base64",
    ),
    "17-mariadb-connect": DecoderConfig(
        decimal_handling_mode="double", time_precision_mode="connect", binary_handling_mode="hex"
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_known_types_give_what_a_schema_gives(name: str) -> None:
    with_schemas = rows(TWINS[name], DecoderConfig(), {})

    decoded = rows(name, PAIRS[name], types_of(name))

    assert decoded == with_schemas


@pytest.mark.parametrize("name", WITHOUT_TWIN)
def test_every_value_has_the_form_that_its_type_and_mode_say(name: str) -> None:
    decoded = rows(name, WITHOUT_TWIN[name], types_of(name))

    assert len(decoded) > 5
    assert {notes for *_, notes in decoded} == {None}


def rows(
    name: str, config: DecoderConfig, types: Mapping[str, Mapping[str, str]]
) -> list[tuple[str | None, ...]]:
    decoder = DebeziumDecoder(config, column_types=types)
    results = [decoder.decode(record, 1) for record in recording(name)]
    return [
        (r.source_table, r.record_key, r.old_data, r.new_data, r.value_notes)
        for r in results
        if isinstance(r, AuditRecord) and r.source_table == "types"
    ]


@cache
def types_of(name: str) -> Mapping[str, Mapping[str, str]]:
    """The columns of the recorded tables, from the SQL that made them."""
    setup = json.loads((RECORDED / f"{name}.truth.json").read_text("utf-8"))["setup"]
    database = "m17." if "mariadb" in name else ""
    return {database + table[1]: dict(_columns(table[2])) for table in _TABLE.finditer(setup)}


def _columns(inside: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for column in re.split(r",\s*(?=\w+ [a-z\"])", inside):
        name, _, kind = column.strip().partition(" ")
        kind = _NOT_TYPES.sub("", kind)
        for domain, under in _DOMAINS.items():
            kind = re.sub(rf"\b{domain}\b", under, kind)
        found.append((name, kind))
    return found


ROW = {"id": 1, "n": "bg==", "d": 20512}


def test_a_column_of_unknown_type_stays_and_is_listed() -> None:
    record = decoded({"public.customers": {"n": "numeric(10,2)", "id": "bigint"}}, ROW)

    assert record.new_data == '{"id":1,"n":"1.10","d":20512}'
    assert record.value_notes == '{"d":"undecoded"}'


def test_a_table_of_unknown_types_is_listed_whole() -> None:
    record = decoded({"public.others": {"n": "numeric(10,2)"}}, ROW)

    assert record.new_data == '{"id":1,"n":"bg==","d":20512}'
    assert record.value_notes == '{"*":"undecoded"}'


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("smallint", 40_000),
        ("bigint", "1"),
        ("boolean", 1),
        ("text", 7),
        ("real", "1.5"),
        ("numeric(4,2)", "AeIT"),
        ("numeric(10,2)", "not base64"),
        ("numeric", "AeIT"),
        ("numeric(5,-2)", "AeIT"),
        ("bytea", "?"),
        ("date", "2026-01-01"),
        ("timestamp(3)", True),
        ("timestamptz", 1_529_507_596_945),
        ("point", {"x": 1.5}),
        ("int[]", [1, "2"]),
        ("int[]", 1),
        ("hstore", {"a": "1"}),
        ("date", 2**31),
        ("no such type", 1),
        ("timestamp(3)[]", [1_529_507_596_945]),
    ],
)
def test_a_value_of_another_form_stays_and_is_listed(kind: str, value: object) -> None:
    record = decoded({"public.customers": {"c": kind}}, {"c": value})

    assert record.new_data == json.dumps({"c": value}, separators=(",", ":"))
    assert record.value_notes is not None
    assert set(json.loads(record.value_notes).values()) == {"undecoded"}


def test_a_key_without_schema_has_the_types_of_its_table() -> None:
    types = {"public.customers": {"n": "numeric(10,2)", "d": "date"}}
    envelope = an_envelope("c", after={"n": "bg==", "d": 20512})
    decoder = DebeziumDecoder(column_types=types)

    record = decoder.decode(a_consumed(envelope, key={"n": "bg==", "d": 20512}), 1)

    assert isinstance(record, AuditRecord)
    assert record.record_key == '{"d":"2026-02-28","n":"1.10"}'


def test_the_name_with_the_database_goes_before_the_one_without() -> None:
    types = {
        "public.customers": {"n": "numeric(10,4)", "d": "date"},
        "inventory.public.customers": {"n": "numeric(10,2)"},
    }

    record = decoded(types, {"n": "bg==", "d": 20512})

    assert record.new_data == '{"n":"1.10","d":"2026-02-28"}'


def test_an_unavailable_value_is_not_taken_for_undecoded() -> None:
    types = {"public.customers": {"b": "bytea", "t": "text"}}
    row = {"b": "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==", "t": "a"}
    envelope = an_envelope("u", after=row)

    record = DebeziumDecoder(column_types=types).decode(a_consumed(envelope), 1)

    assert isinstance(record, AuditRecord)
    assert record.new_data == '{"t":"a"}'
    assert record.value_notes == '{"b":"unavailable"}'


def test_a_flattened_row_has_the_types_of_the_table_that_it_names() -> None:
    row = {"n": "bg==", "__op": "c", "__schema": "public", "__table": "customers"}
    types = {"public.customers": {"n": "numeric(10,2)"}}
    decoder = DebeziumDecoder(column_types=types)

    record = decoder.decode(a_consumed({**row, "__connector": "postgresql"}), 1)

    assert isinstance(record, AuditRecord)
    assert record.new_data == '{"n":"1.10"}'
    assert record.value_notes is None


def test_types_travel_with_the_decoder() -> None:
    decoder = DebeziumDecoder(column_types={"public.customers": {"n": "numeric(10,2)"}})

    travelled = pickle.loads(pickle.dumps(decoder))  # noqa: S301 - our own

    record = travelled.decode(a_consumed(an_envelope("c", after={"n": "bg=="})), 1)
    assert record.new_data == '{"n":"1.10"}'


SOURCE_SCHEMA = {
    "id": "customers",
    "table": {
        "columns": [
            {"name": "id", "typeName": "INT8", "length": 19, "scale": 0},
            {"name": "n", "typeName": "NUMERIC", "length": 10, "scale": 2},
            {"name": "free", "typeName": "NUMERIC", "length": 131089, "scale": 0},
            {"name": "t3", "typeName": "TIMESTAMP", "length": 23, "scale": 3},
            {"name": "at", "typeName": "TIMESTAMPTZ", "length": 35, "scale": 6},
            {"name": "ids", "typeName": "_INT4", "length": 10, "scale": 0},
            {"name": "bits", "typeName": "VARBIT", "length": 2147483647},
            {"name": "mood", "typeName": "MOOD", "length": 2147483647, "scale": 0},
        ]
    },
}


def test_a_source_schema_tells_the_types() -> None:
    row = {
        "id": 9007199254740993,
        "n": "bg==",
        "free": {"scale": 2, "value": "MDk="},
        "t3": 1_529_507_596_945,
        "at": "2016-11-04T11:51:30.123456Z",
        "ids": [1, None],
        "bits": "BQ==",
        "mood": "happy",
    }

    record = decoded({}, row, sourceSchema=SOURCE_SCHEMA)

    assert record.new_data == (
        '{"id":9007199254740993,"n":"1.10","free":"123.45","t3":"2018-06-20T15:13:16.945",'
        '"at":"2016-11-04T11:51:30.123456Z","ids":[1,null],"bits":"101","mood":"happy"}'
    )
    assert record.value_notes == '{"mood":"undecoded"}'


def test_a_source_schema_goes_before_the_configuration_column_by_column() -> None:
    types = {"public.customers": {"n": "numeric(10,4)", "mood": "enum"}}

    record = decoded(types, {"n": "bg==", "mood": "happy"}, sourceSchema=SOURCE_SCHEMA)

    assert record.new_data == '{"n":"1.10","mood":"happy"}'
    assert record.value_notes is None


def test_a_source_schema_of_mariadb_gives_what_a_schema_gives() -> None:
    name, config = "17-mariadb-default", PAIRS["17-mariadb-default"]
    changes = [json.loads(r.value or b"{}") for r in recording(name) if r.topic == "m17"]
    tables = [change for value in changes for change in value["tableChanges"] if change["table"]]
    block = next(table for table in tables if table["id"].endswith('"types"'))
    decoder = DebeziumDecoder(config)
    told = b',"sourceSchema":%b}' % (as_bytes(block) or b"")
    envelopes = [
        msgspec.structs.replace(record, value=record.value.removesuffix(b"}") + told)
        for record in recording(name)
        if record.topic == "m17.m17.types" and record.value
    ]

    results = [decoder.decode(record, 1) for record in envelopes]

    decoded = [(r.record_key, r.new_data) for r in results if isinstance(r, AuditRecord)]
    with_schemas = rows(TWINS[name], DecoderConfig(), {})
    assert decoded == [(key, new) for _, key, _, new, _ in with_schemas]


@pytest.mark.parametrize("block", ["null", "[]", "{}", '{"table":{"columns":[1,{"name":2}]}}'])
def test_a_source_schema_that_is_none_tells_nothing(block: str) -> None:
    record = decoded({}, {"n": "bg=="}, sourceSchema=json.loads(block))

    assert record.value_notes == '{"*":"undecoded"}'


def decoded(
    types: Mapping[str, Mapping[str, str]], row: Mapping[str, object], **members: object
) -> AuditRecord:
    envelope = an_envelope("c", after=row, **members)
    result = DebeziumDecoder(column_types=types).decode(a_consumed(envelope), 1)
    assert isinstance(result, AuditRecord)
    return result
