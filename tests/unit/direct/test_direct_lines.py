"""What is taken in one step, what is not, and that both give the same line."""

import json
from typing import Any

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.lines import DirectLines
from adapters.postgres.row_encoder import PostgresRowEncoder
from domain.redaction import ColumnRule
from tests.unit.debezium.ordinary_changes import (
    AT,
    ENVELOPE,
    PLACEHOLDER,
    SOURCE,
    as_json,
    in_wrapper,
)
from tests.unit.debezium.test_ordinary_plan import ORDINARY, TYPES, a_record
from tests.unit.debezium.test_short_way import SCHEMA
from tests.unit.direct.envelopes import (
    AFTER,
    KEY,
    KEY_SCHEMA,
    ROWS,
    BothWays,
    a_plain_record,
    a_run,
    lessons,
    plain,
    wrapped_lessons,
)

pytestmark = pytest.mark.compiled

TEXTS = [
    "",
    "ünïcödé \u20ac \U0001f600",
    'a "quoted" text',
    "a\\b",
    "tab\tnewline\n",
    "\x7f",
    "}{][",
]
VALUES = [*TEXTS, 0, -7, 2**53 + 1, 9_223_372_036_854_775_807, 1.5, -0.25, True, False, None]


@pytest.mark.parametrize("op", ROWS)
def test_an_ordinary_change_is_taken_once_its_like_was_seen(op: str) -> None:
    ways = BothWays()
    record = a_plain_record(plain(op))

    assert not ways.takes(record)
    assert ways.takes(record)


@pytest.mark.parametrize("op", ROWS)
def test_an_ordinary_change_behind_its_schema_is_taken(op: str) -> None:
    ways = BothWays(wrapped_lessons(SCHEMA))
    key = in_wrapper({"id": 1}, KEY_SCHEMA)
    value = in_wrapper(json.loads(plain(op)), SCHEMA)

    assert ways.takes(a_plain_record(value, key))
    assert not ways.takes(a_plain_record(value.replace(b'"double"', b'"float"'), key))


def test_a_row_with_types_of_its_own_is_taken() -> None:
    lesson = a_record(TYPES, KEY, before=ORDINARY, after=ORDINARY)
    ways = BothWays([lesson, lesson])
    new = {**ORDINARY, "amount": "AA==", "due": None, "raw": "//4="}

    assert ways.takes(a_record(TYPES, KEY, before=ORDINARY, after=new))
    assert not ways.takes(a_record(TYPES, KEY, before=ORDINARY, after={**new, "raw": "no base64"}))


def test_a_key_with_types_of_its_own_is_left_to_the_decoder() -> None:
    schema = {"type": "struct", "fields": [{"field": "due", **TYPES["due"]}]}
    lesson = a_record(TYPES, in_wrapper({"due": 1}, schema), before=ORDINARY, after=ORDINARY)
    ways = BothWays([lesson, lesson])

    assert not ways.takes(lesson)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_a_value_is_taken_as_it_is(op: str, value: object) -> None:
    ways = BothWays(lessons())
    row = {**AFTER, "note": value}

    assert ways.takes(a_plain_record(plain(op, after=row)))


@pytest.mark.parametrize(
    "row",
    [
        {"id": 2, "status": "paid", "paid": True, "total": 2.5, "note": ["a"]},
        {"id": 2, "status": "paid", "paid": True, "total": 2.5, "note": {"a": 1}},
        {"id": 2, "status": "paid", "paid": True, "total": 1e300, "note": None},
        {"id": 2, "status": "paid", "paid": True, "total": 10**40, "note": None},
        {"id": 2, "status": "\0", "paid": True, "total": 2.5, "note": None},
        {"id": 2, "status": PLACEHOLDER, "paid": True, "total": 2.5, "note": None},
        {"id": 2, "status": "java.lang.Object@1f", "paid": True, "total": 2.5, "note": None},
        {"id": 2, "status": "__debezium:s3:ref:v1:b|k", "paid": True, "total": 2.5, "note": None},
        {"id": 2, "status": "[" * 1_200, "paid": True, "total": 2.5, "note": None},
    ],
)
def test_what_needs_a_closer_look_is_left_to_the_decoder(row: dict[str, Any]) -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("u", after=row))

    ways.line(record)

    assert not ways.takes(record)


def test_a_longer_row_with_brackets_in_its_texts_is_taken() -> None:
    ways = BothWays(lessons())
    row = {**AFTER, "note": "[]" * 150 + "x" * 1_000}

    assert ways.takes(a_plain_record(plain("u", after=row)))


def test_a_new_column_is_learned() -> None:
    ways = BothWays(lessons())
    row = {**AFTER, "added": 1}
    record = a_plain_record(plain("c", after=row))

    assert not ways.takes(record)
    assert ways.takes(record)
    assert not ways.takes(a_plain_record(plain("c")))


@pytest.mark.parametrize(
    "key",
    [
        b'{"id":7}',
        b'{"tenant":3,"id":7}',
        b'{"b":1.50,"a":true,"c":null}',
        '{"name":"ü"}'.encode(),
        None,
    ],
)
def test_a_key_is_taken_in_its_canonical_form(key: bytes | None) -> None:
    ways = BothWays()
    record = a_plain_record(plain("c"), key=key)
    ways.line(record)

    assert ways.takes(record)


@pytest.mark.parametrize(
    "key",
    [
        b'{"id":"a\\"b"}',
        b'{"id":{"a":1}}',
        b'{"id":-0}',
        b'{"id":1}x',
        b'{"id":1',
        b"7",
        b"",
        b'{"id":"' + b"x" * 1_000 + b'"}',
    ],
)
def test_another_key_is_left_to_the_decoder(key: bytes) -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("c"), key=key)

    ways.line(record)

    assert not ways.takes(record)


@pytest.mark.parametrize(
    "source",
    [
        {"txId": None},
        {"ts_ns": None},
        {"ts_ns": None, "ts_us": None},
        {"xmin": 7},
        {"version": 'a "quoted" version'},
        {"sequence": '["9223372036854775","24023128"]', "lsn": 2**40 + 5},
    ],
)
def test_a_source_block_of_postgresql_is_taken(source: dict[str, Any]) -> None:
    ways = BothWays(lessons())
    value = plain("u", source={**SOURCE, **source}, transaction=None)

    assert ways.takes(a_plain_record(value))


@pytest.mark.parametrize(
    "source",
    [
        {"connector": "mysql"},
        {"sequence": None},
        {"sequence": '[null,"24023128"]'},
        {"lsn": -1},
        {"lsn": 2**63},
        {"ts_ns": AT * 1_000_000 * 100},
        {"txId": "771"},
        {"unknown": 1},
        {"table": 7},
        {"version": "x" * 1_000},
    ],
)
def test_another_source_block_is_left_to_the_decoder(source: dict[str, Any]) -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("u", source={**SOURCE, **source}, transaction=None))

    ways.line(record)

    assert not ways.takes(record)


@pytest.mark.parametrize(
    "old",
    [
        {"id": 1, "status": "", "paid": False, "total": 0, "note": None},
        {"id": 1, "status": "PT0S", "paid": 0, "total": 0.0, "note": "AA=="},
        {"id": 1, "status": "1970-01-01", "paid": None, "total": None, "note": "0x"},
    ],
)
def test_a_deleted_row_of_fillers_is_left_to_the_decoder(old: dict[str, Any]) -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("d", before=old))

    ways.line(record)

    assert not ways.takes(record)


def test_an_update_without_its_old_row_is_taken() -> None:
    ways = BothWays()
    record = a_plain_record(plain("u", before=None))
    ways.line(record)

    assert ways.takes(record)


def test_an_old_row_that_is_only_the_key_is_left_to_the_decoder() -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("u", before={"id": 1}))

    ways.line(record)

    assert not ways.takes(record)


def test_headers_that_only_travel_along_are_in_the_line() -> None:
    ways = BothWays(lessons())
    record = a_plain_record(plain("u"), headers=(("trace\\parent", b"00-1\n"),))

    assert ways.takes(record)


def test_headers_that_mean_something_are_left_to_the_decoder() -> None:
    ways = BothWays(lessons())

    assert not ways.takes(a_plain_record(plain("u"), headers=(("__debezium.oldkey", b"{}"),)))


@pytest.mark.parametrize("timestamp", [-1, 0, 2**62, AT - 10**9])
def test_a_time_of_kafkas_that_cannot_be_is_left_to_the_decoder(timestamp: int) -> None:
    ways = BothWays(lessons())

    assert not ways.takes(a_plain_record(plain("u"), timestamp=timestamp))


def test_a_table_with_a_rule_is_left_to_the_decoder() -> None:
    decoder = DebeziumDecoder(rules=[ColumnRule(table="orders", column="note")])
    lines = DirectLines(decoder, PostgresRowEncoder(1))
    record = a_plain_record(plain("u"))

    assert a_run(lines, record) is None
    assert a_run(lines, record) is None


def test_rows_with_more_columns_than_there_is_room_for_are_left_to_the_decoder() -> None:
    ways = BothWays()
    record = a_plain_record(plain("c", after={f"column_{n}": n for n in range(251)}))
    fitting = a_plain_record(plain("c", after={f"column_{n}": n for n in range(250)}))
    ways.line(record)
    ways.line(fitting)

    assert not ways.takes(record)
    assert ways.takes(fitting)


def test_an_envelope_is_taken_with_its_members_in_any_order() -> None:
    ways = BothWays(lessons())
    members = dict(reversed({**ENVELOPE}.items()))

    assert ways.takes(a_plain_record(as_json(members)))
