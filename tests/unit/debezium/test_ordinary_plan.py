"""Rows with types of their own, the short way: as the long way converts them, or not at all."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.debezium.decoder import DebeziumDecoder
from domain.consumed import RawRecord
from tests.builders import a_raw_record
from tests.unit.debezium.ordinary_changes import (
    AT,
    ENVELOPE,
    PLACEHOLDER,
    LongWay,
    decoded,
    in_wrapper,
)

DECIMAL = {
    "type": "bytes",
    "name": "org.apache.kafka.connect.data.Decimal",
    "parameters": {"scale": "2"},
}
TYPES: dict[str, dict[str, Any]] = {
    "id": {"type": "int64"},
    "amount": DECIMAL,
    "due": {"type": "int32", "name": "io.debezium.time.Date", "default": 0},
    "at": {"type": "int64", "name": "io.debezium.time.MicroTimestamp"},
    "ip": {"type": "string"},
    "raw": {"type": "bytes"},
    "tags": {"type": "array", "items": {"type": "string"}},
}
ORDINARY = {"id": 1, "amount": "TiE=", "due": 20_000, "at": AT, "ip": "::1", "raw": "AP8="}
REFERENCE = b64encode(b"__debezium:s3:ref:v1:bucket|key").decode()

texts = st.sampled_from(["::1", "", PLACEHOLDER, "\x00", "ü\\u", "java.lang.Object@1", "a\tb"])
encoded = st.sampled_from(
    ["TiE=", "", "AP8=", b64encode(PLACEHOLDER.encode()).decode(), REFERENCE, "no base64", None]
)
numbers = st.sampled_from([0, 1, -1, 20_000, AT, 2**63 - 1, -622_191_233, "x", 1.5, None])
rows = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "id": numbers,
        "amount": encoded,
        "due": numbers,
        "at": numbers,
        "ip": texts,
        "raw": encoded,
        "tags": st.sampled_from([None, [], ["a"], [PLACEHOLDER]]),
    },
)


def schema(types: dict[str, dict[str, Any]]) -> dict[str, Any]:
    columns = [{"field": name, "optional": True, **kind} for name, kind in types.items()]
    row = {"type": "struct", "optional": True, "fields": columns}
    return {"type": "struct", "fields": [{**row, "field": "before"}, {**row, "field": "after"}]}


def a_record(types: dict[str, dict[str, Any]], key: bytes | None, **members: object) -> RawRecord:
    value = in_wrapper({**ENVELOPE, **members}, schema(types))
    return a_raw_record(value=value, key=key, timestamp=AT + 10, headers=())


def both(types: dict[str, dict[str, Any]]) -> tuple[DebeziumDecoder, LongWay]:
    """Decoders that have met the schema."""
    decoders = DebeziumDecoder(), LongWay()
    for decoder in decoders:
        decoder.decode(a_record(types, None, before=None, after={}), 1)
    return decoders


@settings(max_examples=500, deadline=None)
@given(
    op=st.sampled_from(["c", "u", "u", "d", "r"]),
    old=st.just(ORDINARY) | rows,
    new=st.just(ORDINARY) | rows,
    key=st.sampled_from([None, b'{"id":1}', b'{"due":20000,"id":1}']),
)
def test_both_ways_convert_alike(
    op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, key: bytes | None
) -> None:
    short, long = both(TYPES)
    record = a_record(TYPES, key, op=op, before=old, after=new)

    assert decoded(short, record) == decoded(long, record)


def test_conversions_take_the_short_way() -> None:
    short, _ = both(TYPES)
    new = {**ORDINARY, "amount": "AA==", "due": None}

    found = short.ordinary_change(a_record(TYPES, b'{"id":1}', before=ORDINARY, after=new), 1)

    assert found is not None
    assert found.changed_columns == ("amount", "due")
    assert '"amount":"0.00","due":null,"at":"1970' in (found.new_data or "")


@pytest.mark.parametrize("parameter", [{"masked": "true"}, {"truncateLength": "3"}])
def test_a_column_that_was_changed_on_purpose_is_looked_at_closely(
    parameter: dict[str, str],
) -> None:
    types = {"ip": {"type": "string", "parameters": parameter}}
    short, long = both(types)
    record = a_record(types, None, before=None, after={"ip": "***"}, op="c")

    assert short.ordinary_change(record, 1) is None
    assert decoded(short, record) == decoded(long, record)


def test_a_key_behind_its_schema_is_decoded_as_ever() -> None:
    short, long = both(TYPES)
    key = in_wrapper(
        {"due": 20_000}, {"type": "struct", "fields": [{"field": "due", **TYPES["due"]}]}
    )
    record = a_record(TYPES, key, before=ORDINARY, after=ORDINARY)

    found = short.ordinary_change(record, 1)

    assert found is not None
    assert found.record_key == '{"due":"2024-10-04"}'
    assert found.record() == decoded(long, record)


def test_a_row_without_columns_is_stored_as_ever() -> None:
    short, long = both(TYPES)
    value = (a_record(TYPES, None, op="c", before=None, after={}).value or b"").replace(
        b'"after":{}', b'"after":{ }'
    )
    record = a_raw_record(value=value, timestamp=AT + 10, headers=())

    assert decoded(short, record) == decoded(long, record)
