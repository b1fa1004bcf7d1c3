"""The short way gives what the long way gives, and is taken by ordinary changes."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.row_encoder import PostgresRowEncoder
from domain.audit_record import AuditRecord
from domain.operation import BeforeImage
from domain.redaction import ColumnRule
from tests.builders import a_raw_record
from tests.unit.debezium.ordinary_changes import (
    AT,
    ENVELOPE,
    PLACEHOLDER,
    SOURCE,
    LongWay,
    as_json,
    decoded,
    in_wrapper,
)

texts = st.sampled_from(
    [
        *("", "placed", "ü", '"', "\0", "\ud800", "\\u0041"),
        *(PLACEHOLDER, f"x{PLACEHOLDER}", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="),
        *("java.lang.Object@1f", "__debezium:s3:ref:v1:b|k"),
    ]
)
numbers = st.sampled_from([0, 1, -1, 2**53 + 1, 10**40, 1.5, 1e300, True, False, None])
values = st.recursive(
    texts | numbers, lambda inner: st.lists(inner, max_size=2) | st.just({"a": 1}), max_leaves=3
)
columns = st.sampled_from(["id", "status", "paid", "total", "note", ""])
rows = st.none() | st.dictionaries(columns, values, max_size=5)
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 0, -1, "x", 2**70, [], {}, "null", '[null,"1"]', '["a","b"]']
)
keys = st.sampled_from(
    [
        *(None, b"", b'{"id":1}', b'{"status":"x","id":1.50}', b"7", b'{"payload":{"id":1}}'),
        *(b'{"id":1,"__dbz__physicalTableIdentifier":"t"}', b"\xff", b'{"id"', b"[1]"),
        *(b'{"id":1e999}', b'{"id":1%030d}' % 0),
    ]
)

timestamps = st.sampled_from([AT + 10, -1, 0, 2**62, AT - 10**9])
identities = st.sampled_from([{}, {"public.orders": "full"}, {"public.orders": "default"}])


@st.composite
def envelopes(draw: st.DrawFn) -> dict[str, Any]:
    """Envelopes around the ordinary one: rows of any kind, and a few members that are odd."""
    envelope: dict[str, Any] = {
        **ENVELOPE,
        "op": draw(st.sampled_from(["c", "u", "u", "u", "d", "r", "t", "x"])),
        "before": draw(st.just(ENVELOPE["before"]) | rows),
        "after": draw(st.just(ENVELOPE["after"]) | rows),
        "source": dict(SOURCE),
    }
    for field in draw(st.lists(st.sampled_from(list(SOURCE)), max_size=2)):
        envelope["source"][field] = draw(odd)
    for field in draw(
        st.lists(st.sampled_from(["transaction", "ts_ms", "ts_us", "ts_ns"]), max_size=1)
    ):
        envelope[field] = draw(odd)
    return envelope


def row_schema(field: str) -> dict[str, Any]:
    types = {"id": "int32", "status": "string", "paid": "boolean", "total": "double"}
    columns = [{"field": name, "type": kind, "optional": True} for name, kind in types.items()]
    columns.append({"field": "note", "type": "string", "default": "paid"})
    return {"type": "struct", "field": field, "optional": True, "fields": columns}


SCHEMA = {"type": "struct", "fields": [row_schema("before"), row_schema("after")]}


@settings(max_examples=600, deadline=None)
@given(
    envelope=envelopes(),
    schema=st.sampled_from([None, SCHEMA]),
    key=keys,
    timestamp=timestamps,
    replica_identity=identities,
)
def test_both_ways_give_the_same(
    envelope: dict[str, Any],
    schema: object,
    key: bytes | None,
    timestamp: int,
    replica_identity: dict[str, Any],
) -> None:
    config = DecoderConfig(replica_identity=replica_identity)
    short, long = DebeziumDecoder(config), LongWay(config)
    value = as_json(envelope) if schema is None else in_wrapper(envelope, schema)
    record = a_raw_record(value=value, key=key, timestamp=timestamp, headers=())
    encoder = PostgresRowEncoder(1)
    decoded(short, a_raw_record(value=in_wrapper(ENVELOPE, SCHEMA)))  # a schema is learned

    assert decoded(short, record) == decoded(long, record)
    change = short.ordinary_change(record, 1)
    if change is not None:
        assert encoder.encode_ordinary(change) == encoder.encode(change.record())


@pytest.mark.parametrize("op", ["c", "u", "d", "r"])
@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_an_ordinary_change_takes_the_short_way(op: str, schema: object) -> None:
    before = ENVELOPE["before"] if op in {"u", "d"} else None
    after = ENVELOPE["after"] if op != "d" else None
    envelope = {**ENVELOPE, "op": op, "before": before, "after": after}
    value = as_json(envelope) if schema is None else in_wrapper(envelope, schema)
    record = a_raw_record(value=value, key=b'{"id":1}', timestamp=AT + 10, headers=())
    decoder = DebeziumDecoder()
    decoder.decode(a_raw_record(value=in_wrapper(ENVELOPE, SCHEMA)), 1)

    found = decoder.ordinary_change(record, 1)

    assert found is not None
    assert found.record_key == '{"id":1}'
    assert found.changed_columns == (("status", "paid", "total") if op == "u" else None)


@pytest.mark.parametrize(
    ("old", "image"),
    [
        ({"id": 1, "status": "", "paid": False, "note": None}, BeforeImage.INVENTED),
        ({"id": 1, "status": "", "paid": False, "note": "paid"}, BeforeImage.INVENTED),  # a default
        ({"id": 1, "status": "", "paid": False, "note": "x"}, BeforeImage.COMPLETE),
    ],
)
def test_a_deleted_row_of_fillers_is_invented(old: dict[str, Any], image: BeforeImage) -> None:
    value = in_wrapper({**ENVELOPE, "op": "d", "before": old, "after": None}, SCHEMA)
    record = a_raw_record(value=value, key=b'{"id":1}', timestamp=AT + 10, headers=())
    decoder = DebeziumDecoder()
    decoder.decode(a_raw_record(value=in_wrapper(ENVELOPE, SCHEMA)), 1)

    found = decoder.decode(record, 1)

    assert isinstance(found, AuditRecord)
    assert found.before_image is image


REFERENCE = "__debezium:s3:ref:v1:bucket|key"


@pytest.mark.parametrize("text", [REFERENCE, b64encode(REFERENCE.encode()).decode()])
@pytest.mark.parametrize("op", ["c", "u"])
def test_a_value_that_lies_elsewhere_is_looked_at_closely(op: str, text: str) -> None:
    before = None if op == "c" else {"id": 1, "note": text}
    envelope = {**ENVELOPE, "op": op, "before": before, "after": {"id": 1, "note": text}}
    record = a_raw_record(value=as_json(envelope), timestamp=AT + 10, headers=())

    found = DebeziumDecoder().decode(record, 1)

    assert isinstance(found, AuditRecord)
    assert found == decoded(LongWay(), record)
    assert "offloaded" in (found.value_notes or "")


def test_a_table_with_a_rule_takes_the_long_way() -> None:
    record = a_raw_record(value=as_json(ENVELOPE), timestamp=AT + 10, headers=())

    ruled = DebeziumDecoder(rules=[ColumnRule(table="orders", column="note")])
    other = DebeziumDecoder(rules=[ColumnRule(table="customers", column="note")])

    assert ruled.ordinary_change(record, 1) is None
    assert other.ordinary_change(record, 1) is not None


def test_headers_that_only_travel_along_are_stored() -> None:
    record = a_raw_record(
        value=as_json(ENVELOPE), timestamp=AT + 10, headers=(("traceparent", b"00-1"),)
    )

    found = DebeziumDecoder().decode(record, 1)

    assert isinstance(found, AuditRecord)
    assert msgspec.json.decode(found.headers or "") == [["traceparent", "00-1"]]
