"""Rows that PostgreSQL's `jsonb` refuses are stored in a reversible escape, and noted."""

import json
from collections.abc import Collection

import pytest

from domain.audit_record import AuditRecord
from domain.errors import TransformationError
from domain.jsonb_safety import is_unsafe, unescape_image
from domain.value_notes import WHOLE_IMAGE
from tests.unit.debezium.records import a_source, an_envelope, as_bytes, audited

DEEP = "[" * 600 + "]" * 600
VERY_DEEP = "[" * 5000 + "]" * 5000
UNSAFE = [
    r'"a\u0000b"',
    r'"\ud800"',
    r'"\udc00\ud800"',
    "1e999999",
    "-2E+500",
    '[1, {"x": 1e401}]',
    "1" * 140_000,
    "0." + "1" * 17_000,
    DEEP,
    VERY_DEEP,
]


def with_row(row: str, *, side: str = "after", op: str = "c") -> AuditRecord:
    envelope = as_bytes(an_envelope(op, **{side: "ROW"})) or b""
    return audited(envelope.replace(b'"ROW"', row.encode()))


def escaped_columns(record: AuditRecord) -> Collection[str] | None:
    notes = json.loads(record.value_notes or "{}")
    if notes.get(WHOLE_IMAGE) == "escaped_image":
        return None
    return [column for column, note in notes.items() if note == "escaped"]


@pytest.mark.parametrize("value", UNSAFE, ids=lambda value: value[:20])
def test_an_unsafe_value_is_escaped_in_its_column_alone(value: str) -> None:
    row = f'{{"id":1,"v":{value},"w":"x"}}'

    record = with_row(row)

    stored = record.new_data or ""
    assert not is_unsafe(stored)
    assert escaped_columns(record) == ["v"]
    assert unescape_image(stored, ["v"]) == row
    assert json.loads(stored)["w"] == "x"


@pytest.mark.parametrize("value", UNSAFE, ids=lambda value: value[:20])
def test_an_old_row_is_escaped_too(value: str) -> None:
    row = f'{{"id":1,"v":{value}}}'

    record = with_row(row, side="before", op="d")

    assert not is_unsafe(record.old_data or "")
    assert unescape_image(record.old_data or "", ["v"]) == row


def test_an_unsafe_name_escapes_the_whole_row() -> None:
    row = r'{"id":1,"a\u0000":2}'

    record = with_row(row)

    assert escaped_columns(record) is None
    assert unescape_image(record.new_data or "", None) == row


@pytest.mark.parametrize(
    "value",
    [r'"\\u0000"', r'"\ud83d\ude00"', "1e400", "123456789.10", "[" * 400 + "]" * 400, '"[[[["'],
    ids=lambda value: value[:20],
)
def test_what_only_looks_unsafe_stays_as_it_was(value: str) -> None:
    row = f'{{"id":1,"v":{value}}}'

    record = with_row(row)

    assert record.new_data == row
    assert escaped_columns(record) == []


@pytest.mark.parametrize(
    "row", [r'{"a":1"\ud800""b":2}', r'{"a":["\u0000"1]}', r'{"a":NaN,"b":"\ud800"}']
)
def test_what_is_no_json_is_poison_whatever_else_is_unsafe_in_it(row: str) -> None:
    with pytest.raises(TransformationError, match=r"^invalid_json: "):
        with_row(row)


def test_what_changed_is_still_known() -> None:
    envelope = as_bytes(an_envelope("u", before="OLD", after="NEW")) or b""
    old, new = rb'{"id":1,"v":"\u0000","w":1}', rb'{"id":1,"v":"\u0000","w":2}'

    record = audited(envelope.replace(b'"OLD"', old).replace(b'"NEW"', new))

    assert record.changed_columns == ("w",)


def test_rest_of_the_record_survives_half_a_surrogate_pair() -> None:
    plain = with_row('{"id":1,"v":"x"}')
    unsafe = with_row(r'{"id":1,"v":"\ud800"}')

    assert (unsafe.lsn, unsafe.transaction_id, unsafe.change_timestamp, unsafe.source_table) == (
        plain.lsn,
        plain.transaction_id,
        plain.change_timestamp,
        plain.source_table,
    )


def test_an_unsafe_source_block_does_not_lose_the_row() -> None:
    envelope = as_bytes(an_envelope(after={"id": 1}, source=a_source(query="QUERY"))) or b""

    record = audited(envelope.replace(b"QUERY", rb"SELECT \u0000"))

    assert record.new_data == '{"id":1}'
    assert not is_unsafe(record.source_metadata or "")
    assert r"SELECT \\u0000" in (record.source_metadata or "")
