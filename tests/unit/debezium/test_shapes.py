"""Which shape a value has: Debezium's records, and rows of users that look like them."""

import json
from typing import Any

import pytest

from adapters.debezium.config import DecoderConfig
from domain.control import ControlKind
from domain.errors import TransformationError
from domain.operation import OperationTypeEnum
from tests.unit.debezium.records import (
    SOURCE,
    a_consumed,
    an_envelope,
    audited,
    control,
    decoded,
)

BEGIN: dict[str, Any] = {
    "status": "BEGIN",
    "id": "571:5",
    "event_count": None,
    "data_collections": None,
}
CHANGE: dict[str, Any] = {
    "source": SOURCE,
    "databaseName": "d",
    "ddl": "DROP TABLE x",
    "tableChanges": [],
}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (BEGIN, ControlKind.TRANSACTION_BEGIN),
        ({**BEGIN, "status": "END", "event_count": 2}, ControlKind.TRANSACTION_END),
        (CHANGE, ControlKind.SCHEMA_CHANGE),
        ({**CHANGE, "position": {}}, ControlKind.SCHEMA_HISTORY),
        ({"id": "1", "aggregate_type": "Initial Snapshot", "type": "X"}, ControlKind.NOTIFICATION),
        ({"type": "log", "data": {"message": "x"}}, ControlKind.SIGNAL),
        (an_envelope("m", message={"prefix": "p", "content": ""}), ControlKind.LOGICAL_MESSAGE),
    ],
)
def test_a_control_message_is_known_by_its_members(value: Any, kind: ControlKind) -> None:  # noqa: ANN401 - JSON
    message = control(value, topic="any.topic")

    assert message.kind is kind
    kept: dict[str, Any] = json.loads(message.payload or "")
    assert [*kept] == [*value]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"key": {"serverName": "srv1"}}, ControlKind.HEARTBEAT),
        ({"topic": "__debezium-heartbeat.srv1"}, ControlKind.HEARTBEAT),
        ({"topic": "srv1.transaction", "key": {"id": "5"}}, ControlKind.TRANSACTION),
        ({"key": {"databaseName": "d"}}, ControlKind.SCHEMA_CHANGE),
        ({"key": {"id": 1}}, ControlKind.TOMBSTONE),
        ({"key": None}, ControlKind.TOMBSTONE),
        ({"key": b"\x00\x00"}, ControlKind.TOMBSTONE),
    ],
    ids=str,
)
def test_what_kafkas_null_is_follows_from_key_and_topic(
    fields: dict[str, Any], kind: ControlKind
) -> None:
    assert control(None, **fields).kind is kind


def test_a_heartbeat_needs_its_key_too() -> None:
    beat = {"ts_ms": 1}

    assert control(beat, key={"serverName": "s"}).kind is ControlKind.HEARTBEAT
    assert audited(beat, key={"id": 1}).new_data == '{"ts_ms":1}'


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "op": "c", "before": "8:00", "after": "17:00"},
        {"op": "u", "source": "web"},
        {"status": "BEGIN", "id": 1},
        {"type": 3, "data": "x"},
        {"schema": "public", "payload": 5},
        {"payload": {"op": 1}},
        {"data": {"x": 1}, "type": "a", "id": 1},
        {"specversion": "1.0", "data": "x"},
        {"ddl": "x"},
    ],
    ids=str,
)
def test_a_users_row_with_such_columns_is_a_row(row: dict[str, Any]) -> None:
    record = audited(row)

    assert record.operation is OperationTypeEnum.UPSERT
    assert json.loads(record.new_data or "") == row


def test_rows_that_nothing_marks_are_refused_where_that_is_configured() -> None:
    config = DecoderConfig(accept_unmarked_rows=False)

    with pytest.raises(TransformationError, match=r"^not_an_envelope: .*id, name"):
        decoded(a_consumed({"id": 1, "name": "x"}), config)
    assert audited({"id": 1, "__op": "c"}, config).operation is OperationTypeEnum.INSERT


@pytest.mark.parametrize(
    "value", [b"{}", b" { } ", b'{"schema":null,"payload":{}}'], ids=["bare", "spaced", "wrapped"]
)
@pytest.mark.parametrize("key", [None, {"id": 1}], ids=["without key", "with key"])
def test_an_object_of_nothing_is_no_row_of_an_unnamed_table(value: bytes, key: Any) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(TransformationError, match=r"^not_an_envelope: .*\(none\)"):
        decoded(a_consumed(value, key=key))


def test_a_row_of_nothing_is_one_where_something_marks_it() -> None:
    by_header = audited({}, headers=(("__op", b"u"), ("__table", b"orders")))

    assert (by_header.operation, by_header.source_table) == (OperationTypeEnum.UPDATE, "orders")


@pytest.mark.parametrize("topic", ["outbox.event.order", "srv1.outbox.event.order"])
def test_an_outbox_is_known_by_its_topic(topic: str) -> None:
    assert control({"total": 5}, topic=topic).kind is ControlKind.OUTBOX
    assert control(b'"text"', topic=topic).payload == '"text"'


def test_an_outbox_is_known_by_the_header_of_its_event() -> None:
    assert control({"total": 5}, headers=(("id", b"4d47"),)).kind is ControlKind.OUTBOX


def test_without_an_outbox_its_topic_means_nothing() -> None:
    record = audited({"id": 1}, DecoderConfig(outbox_prefix=None), topic="outbox.event.order")

    assert record.operation is OperationTypeEnum.UPSERT


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "invalid_json"),
        (b"not json", "invalid_json"),
        (b'{"op":"c"', "invalid_json"),
        (b'"text"', "not_a_change_event"),
        (b"[1]", "not_a_change_event"),
        (b"\x00\x01", "truncated_header"),
        (b"\x00\x00\x00\x00\x01\x02", "registry_needed"),
        (an_envelope("x"), "unknown_op"),
        (an_envelope("c"), "missing_after"),
        (an_envelope("c", after=5), "not_a_row"),
        ({"source": SOURCE, "after": {"id": 1}}, "missing_op"),
    ],
    ids=str,
)
def test_poison_says_what_is_wrong(value: object, reason: str) -> None:
    with pytest.raises(TransformationError, match=f"^{reason}: "):
        decoded(a_consumed(value))


def test_a_dead_letter_is_kept_as_text_or_hexadecimal() -> None:
    headers = (("__connect.errors.exception.message", b"no"),)

    text = control(b'{"op":"c"}', headers=headers)
    binary = control(b"\x00\xff", headers=headers)

    assert (text.kind, text.payload) == (ControlKind.DEAD_LETTER, r'"{\"op\":\"c\"}"')
    assert binary.payload == '{"hex":"00ff"}'
    assert control(None, headers=headers).kind is ControlKind.DEAD_LETTER
