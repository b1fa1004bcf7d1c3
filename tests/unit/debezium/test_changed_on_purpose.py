"""Values that Debezium masked, hashed, cut or put elsewhere, and columns that changed."""

import json
from base64 import b64encode
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from tests.unit.debezium.records import an_envelope, audited, with_schema

REFERENCE = "__debezium:s3:ref:v1:bucket|key/of/object"


def typed(value: object, **column: Any) -> AuditRecord:  # noqa: ANN401 - any member of a schema
    column = {"type": "string", "field": "v", **column}
    return audited(with_schema(an_envelope(after={"v": value}), [column]))


@pytest.mark.parametrize(
    ("value", "parameters", "note"),
    [
        ("*****", {"masked": "true"}, "masked"),
        ("b5a2c96250612366ea272ffac6d9744a", {"masked": "true"}, "hashed"),
        ("abcde", {"truncateLength": "5"}, "truncated"),
    ],
)
def test_a_schema_tells_what_was_done_to_a_value(
    value: str, parameters: dict[str, str], note: str
) -> None:
    record = typed(value, parameters=parameters)

    assert json.loads(record.new_data or "") == {"v": value}
    assert json.loads(record.value_notes or "") == {"v": note}


@pytest.mark.parametrize(
    ("value", "parameters"),
    [(None, {"masked": "true"}), ("abcd", {"truncateLength": "5"}), ("x", {}), ("x", None)],
)
def test_a_value_as_it_was_has_no_note(value: str | None, parameters: object) -> None:
    assert typed(value, parameters=parameters).value_notes is None


@pytest.mark.parametrize("value", [REFERENCE, b64encode(REFERENCE.encode()).decode()])
def test_an_offloaded_value_is_a_reference_and_no_data(value: str) -> None:
    note = {"v": {"note": "offloaded", "reference": "bucket|key/of/object"}}

    plain = audited(an_envelope(after={"id": 1, "v": value}))
    record = typed(value)

    assert plain.new_data == '{"id":1}'
    assert record.new_data == "{}"
    assert json.loads(record.value_notes or "") == note


def test_a_suspect_date_is_kept_and_noted() -> None:
    record = typed(624383253, type="int32", name="io.debezium.time.Date")

    assert record.new_data == '{"v":"+1711473-04-14"}'
    assert record.value_notes == '{"v":"suspect"}'


def test_an_overflowed_timestamp_is_kept_and_noted() -> None:
    record = typed(-(2**63) + 9, type="int64", name="io.debezium.time.MicroTimestamp")

    assert record.value_notes == '{"v":"suspect"}'


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, ()),
        ({"a": 1, "b": 2}, {"b": 3, "a": 2}, ("b", "a")),
        ({"a": 1}, {"a": None}, ("a",)),
        ({"a": 1}, {"a": 1, "b": None}, ("b",)),
        ({"a": 1, "b": 2}, {"a": 1}, ("b",)),
        ({"a": 1.5}, {"a": 1.5}, ()),
        ({"a": True, "b": 0}, {"a": 1, "b": False}, ("a", "b")),
        ({"a": 1}, {"a": 1.0}, ("a",)),
        ({"a": {"x": [1, 2]}}, {"a": {"x": [2, 1]}}, ("a",)),
    ],
)
def test_the_columns_that_changed_are_named_in_row_order(
    old: object, new: object, changed: tuple[str, ...]
) -> None:
    record = audited(an_envelope("u", before=old, after=new))

    assert record.changed_columns == changed


def test_a_large_row_is_compared_like_a_small_one() -> None:
    old = {"id": 1, "text": "x" * 100_000, "n": 1}

    record = audited(an_envelope("u", before=old, after={**old, "n": 2}))

    assert record.changed_columns == ("n",)
