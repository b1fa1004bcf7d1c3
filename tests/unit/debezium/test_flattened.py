"""Flattened rows: what their metadata fields and headers say, and what is the user's."""

import json
from typing import Any

import pytest

from adapters.debezium.config import DecoderConfig
from domain.control import ControlKind
from domain.operation import OperationTypeEnum, TimestampSource
from tests.unit.debezium.records import AT, audited, control

ROW: dict[str, Any] = {"id": 1, "name": "Anne"}


@pytest.mark.parametrize(
    ("fields", "operation"),
    [
        ({"__op": "c"}, OperationTypeEnum.INSERT),
        ({"__op": "u"}, OperationTypeEnum.UPDATE),
        ({"__op": "d"}, OperationTypeEnum.DELETE),
        ({"__op": "r"}, OperationTypeEnum.SNAPSHOT),
        ({"__op": "?"}, OperationTypeEnum.UPSERT),
        ({"__deleted": "true"}, OperationTypeEnum.DELETE),
        ({"__deleted": True}, OperationTypeEnum.DELETE),
        ({"__deleted": "false"}, OperationTypeEnum.UPSERT),
        ({"__deleted": 1}, OperationTypeEnum.UPSERT),
        ({"__deleted": []}, OperationTypeEnum.UPSERT),
        ({"__op": "c", "__deleted": "true"}, OperationTypeEnum.DELETE),
        ({}, OperationTypeEnum.UPSERT),
    ],
    ids=str,
)
def test_the_operation_is_what_the_fields_say(
    fields: dict[str, Any], operation: OperationTypeEnum
) -> None:
    record = audited({**ROW, **fields})

    assert record.operation is operation
    image = record.old_data if operation is OperationTypeEnum.DELETE else record.new_data
    assert json.loads(image or "") == ROW


def test_fields_come_from_envelope_source_and_transaction() -> None:
    added = {
        "__op": "u",
        "__ts_ms": AT + 500,
        "__source_ts_ms": AT,
        "__db": "inventory",
        "__schema": "public",
        "__table": "customers",
        "__connector": "postgresql",
        "__name": "srv1",
        "__lsn": 24023128,
        "__txId": 556,
        "__total_order": 3,
        "__transaction_data_collection_order": 2,
    }

    record = audited({**ROW, **added})

    assert json.loads(record.new_data or "") == ROW
    assert (record.source_name, record.source_schema, record.source_table) == (
        "srv1",
        "public",
        "customers",
    )
    assert (record.change_timestamp, record.captured_at) == (AT * 1000, (AT + 500) * 1000)
    assert (record.transaction_id, record.lsn) == ("556", "0/16E9058")
    assert (record.transaction_order, record.collection_order) == (3, 2)
    assert record.timestamp_source is TimestampSource.SOURCE


def test_other_columns_with_the_prefix_are_the_users() -> None:
    row = {**ROW, "__mine": 1, "__source_of": 2}

    record = audited({**row, "__op": "c"})

    assert json.loads(record.new_data or "") == row


def test_the_prefix_can_be_another() -> None:
    config = DecoderConfig(flattened_prefix="_dbz_")

    record = audited({**ROW, "_dbz_op": "c", "__op": "mine"}, config)

    assert record.operation is OperationTypeEnum.INSERT
    assert json.loads(record.new_data or "") == {**ROW, "__op": "mine"}


@pytest.mark.parametrize("text", [b"u", b'"u"', b'{"schema":{"type":"string"},"payload":"u"}'])
def test_headers_are_bare_text_or_json(text: bytes) -> None:
    record = audited(ROW, headers=(("__op", text), ("__source_ts_ms", str(AT).encode())))

    assert record.operation is OperationTypeEnum.UPDATE
    assert record.change_timestamp == AT * 1000


def test_a_field_of_the_row_wins_over_a_header() -> None:
    record = audited({**ROW, "__op": "c"}, headers=(("__op", b"u"),))

    assert record.operation is OperationTypeEnum.INSERT


@pytest.mark.parametrize("value", [b"null", {"schema": {"type": "struct"}, "payload": None}])
def test_jsons_null_is_a_delete_of_which_nothing_is_known(value: object) -> None:
    record = audited(value, key={"id": 1})

    assert record.operation is OperationTypeEnum.DELETE
    assert (record.old_data, record.new_data, record.record_key) == (None, None, '{"id":1}')


def test_a_kafka_null_is_a_delete_only_where_its_headers_tell_more_than_the_operation() -> None:
    told = (("__op", b"d"), ("__table", b"customers"))

    record = audited(None, key={"id": 1}, headers=told)

    assert record.operation is OperationTypeEnum.DELETE
    assert record.source_table == "customers"
    assert control(None, key={"id": 1}, headers=told[:1]).kind is ControlKind.TOMBSTONE
    assert control(None, headers=(("__op", b"u"), told[1])).kind is ControlKind.TOMBSTONE


def test_a_delete_with_nothing_but_metadata_has_no_old_row() -> None:
    record = audited({"__deleted": True}, key={"id": '{"$oid":"67ab"}'})

    assert record.old_data is None
    assert record.record_key == '{"_id":"67ab"}'
