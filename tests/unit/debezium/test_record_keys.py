"""Keys: one canonical text for one row, whatever it was written in."""

import json
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.errors import ValidationError
from tests.unit.debezium.records import a_consumed, a_source, an_envelope, audited, decoded

ID_SCHEMA = {"type": "struct", "fields": [{"type": "int64", "field": "id"}]}


def keyed(key: object, **source: object) -> AuditRecord:
    return audited(an_envelope(after={"id": 1}, source=a_source(**source)), key=key)


@pytest.mark.parametrize(
    "key",
    [
        {"id": 1},
        b' {"id" : 1} ',
        b'\xef\xbb\xbf{"id":1}',
        {"schema": None, "payload": {"id": 1}},
        {"schema": {}, "payload": {"id": 1}},
        {"schema": ID_SCHEMA, "payload": {"id": 1}},
        {"id": 1, "__dbz__physicalTableIdentifier": "s.t"},
    ],
    ids=str,
)
def test_wrappers_spaces_and_routers_leave_no_trace(key: object) -> None:
    record = keyed(key)

    assert record.record_key == '{"id":1}'
    assert record.key_hash == keyed({"id": 1}).key_hash


def test_columns_are_sorted_by_name() -> None:
    assert keyed({"b": 1, "a": {"d": 1, "c": 2}}).record_key == '{"a":{"c":2,"d":1},"b":1}'


@pytest.mark.parametrize("number", ["9007199254740993", "1.10", "-0.0", "1e400", str(2**70)])
def test_numbers_stay_as_they_are(number: str) -> None:
    assert keyed(f'{{"id":{number}}}'.encode()).record_key == f'{{"id":{number}}}'


@pytest.mark.parametrize("key", [None, b"null", {"schema": None, "payload": None}], ids=str)
def test_a_row_without_key_has_none(key: object) -> None:
    record = keyed(key)

    assert record.record_key is None
    assert record.key_hash is None


def test_a_key_that_is_text_is_a_json_string() -> None:
    assert keyed(b"order-1 {").record_key == '"order-1 {"'
    assert keyed(b"42").record_key == "42"


def test_values_have_their_canonical_form() -> None:
    fields = [
        {"type": "int32", "name": "io.debezium.time.Date", "field": "day"},
        {
            "type": "bytes",
            "name": "org.apache.kafka.connect.data.Decimal",
            "parameters": {"scale": "2"},
            "field": "price",
        },
    ]
    schema = {"type": "struct", "fields": fields}

    record = keyed({"schema": schema, "payload": {"price": "AeIT", "day": 17424}})

    assert record.record_key == '{"day":"2017-09-15","price":"1234.11"}'


def test_a_suspect_date_is_its_text() -> None:
    fields = [{"type": "int32", "name": "io.debezium.time.Date", "field": "day"}]
    schema = {"type": "struct", "fields": fields}

    record = keyed({"schema": schema, "payload": {"day": 624383253}})

    assert record.record_key == '{"day":"+1711473-04-14"}'


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("1234", '{"_id":1234}'),
        ('"1234"', '{"_id":"1234"}'),
        ('{"$oid":"67ab"}', '{"_id":"67ab"}'),
        ('{"b":1,"a":{"$numberLong":"5"}}', '{"_id":{"a":5,"b":1}}'),
        ("67ab25755c0d5ac87eb8c632", '{"_id":"67ab25755c0d5ac87eb8c632"}'),
    ],
)
def test_mongodbs_ids_are_documents_in_text(written: str, canonical: str) -> None:
    assert keyed({"id": written}, connector="mongodb").record_key == canonical


def test_yugabytes_cells_are_opened() -> None:
    key = {"id": {"value": 1, "set": True}}

    assert keyed(key, connector="yugabytedb").record_key == '{"id":1}'
    assert keyed(key).record_key == '{"id":{"set":true,"value":1}}'


@pytest.mark.parametrize("source", [{"db": "dev", "table": "t"}, None], ids=["named", "without"])
def test_an_imitators_key_is_taken_out_of_its_wrapper(source: Any) -> None:  # noqa: ANN401 - JSON
    envelope = an_envelope(after={"id": 1}, source=source)

    assert audited(envelope, key={"payload": {"id": 1}}).record_key == '{"id":1}'


def test_a_column_called_payload_is_a_column() -> None:
    assert keyed({"payload": {"id": 1}}).record_key == '{"payload":{"id":1}}'
    assert audited({"id": 1}, key={"payload": 1}).record_key == '{"payload":1}'


@pytest.mark.parametrize("key", [b"", b"\xff\xfe"])
def test_a_binary_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValidationError, match=r"^undecodable_key: "):
        decoded(a_consumed(an_envelope(after={"id": 1}), key=key))


def test_a_key_nested_too_deep_is_refused() -> None:
    key = b"[" * 5000 + b"]" * 5000

    with pytest.raises(ValidationError, match=r"^nested_too_deep: "):
        decoded(a_consumed(an_envelope(after={"id": 1}), key=key))


def test_equal_keys_of_different_tables_have_different_hashes() -> None:
    hashes = {keyed({"id": 1}, **source).key_hash for source in ({}, {"table": "orders"})}
    hashes |= {keyed({"id": 1}, schema="other").key_hash, keyed({"id": 1}, name="x").key_hash}

    assert len(hashes) == 4


def test_the_topic_stands_for_a_table_that_is_not_named() -> None:
    one, other = (audited({"id": 1}, key={"id": 1}, topic=topic) for topic in ("a.b", "a.c"))

    assert one.record_key == other.record_key
    assert one.key_hash != other.key_hash


def test_a_key_tells_nothing_of_its_wire() -> None:
    rows = [{"id": n} for n in (1, 2, 3)]
    wrapped = [{"schema": ID_SCHEMA, "payload": row} for row in rows]

    assert [keyed(key).record_key for key in wrapped] == [
        json.dumps(row, separators=(",", ":")) for row in rows
    ]


def test_a_key_of_a_registry_needs_one() -> None:
    with pytest.raises(ValidationError, match=r"^registry_needed: .*confluent id 5"):
        keyed(b"\x00\x00\x00\x00\x05\x02")
