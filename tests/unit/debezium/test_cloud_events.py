"""CloudEvents: the envelope's parts as attributes, with and without them."""

import json
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.operation import OperationTypeEnum, TimestampSource
from tests.unit.debezium.records import audited

BARE: dict[str, Any] = {
    "id": 'name:srv1;lsn:29274832;txId:565;sequence:[null,"29274832"]',
    "source": "/debezium/postgresql/srv1",
    "specversion": "1.0",
    "type": "io.debezium.connector.postgresql.DataChangeEvent",
    "time": "2020-01-13T13:55:39.738Z",
    "datacontenttype": "application/json",
}
ATTRIBUTES: dict[str, Any] = {
    "iodebeziumop": "u",
    "iodebeziumconnector": "postgresql",
    "iodebeziumname": "srv1",
    "iodebeziumtsms": "1578923739700",
    "iodebeziumdb": "inventory",
    "iodebeziumschema": "public",
    "iodebeziumtable": "customers",
    "iodebeziumtxId": "565",
    "iodebeziumlsn": "29274832",
}
ROWS: dict[str, Any] = {"before": {"id": 1, "n": 1}, "after": {"id": 1, "n": 2}}


def an_event(data: object = ROWS, **attributes: object) -> AuditRecord:
    return audited({**BARE, **ATTRIBUTES, **attributes, "data": data})


def test_attributes_are_the_source_block() -> None:
    record = an_event()

    assert record.operation is OperationTypeEnum.UPDATE
    assert (record.connector, record.source_name) == ("postgresql", "srv1")
    assert (record.source_database, record.source_schema, record.source_table) == (
        "inventory",
        "public",
        "customers",
    )
    assert (record.transaction_id, record.lsn) == ("565", "0/1BEB2D0")
    assert record.change_timestamp == 1_578_923_739_700_000
    assert record.changed_columns == ("n",)


def test_case_tells_the_sources_transaction_from_the_blocks() -> None:
    record = an_event(
        iodebeziumtxId=None,
        iodebeziumtxid="571:5",
        iodebeziumtxtotalorder="3",
        iodebeziumtxdatacollectionorder=2,
    )

    assert record.transaction_id == "571"
    assert (record.transaction_order, record.collection_order) == (3, 2)


def test_all_attributes_are_kept() -> None:
    record = an_event(traceparent="00-1")

    kept = json.loads(record.source_metadata or "")
    assert kept == {**BARE, **ATTRIBUTES, "traceparent": "00-1"}


@pytest.mark.parametrize(
    ("rows", "operation"),
    [
        (ROWS, OperationTypeEnum.UPDATE),
        ({"before": None, "after": {"id": 1}}, OperationTypeEnum.UPSERT),
        ({"before": {"id": 1}, "after": None}, OperationTypeEnum.DELETE),
        ({"before": None, "after": None}, OperationTypeEnum.DELETE),
    ],
)
def test_without_attributes_the_rows_tell_what_they_can(
    rows: dict[str, Any], operation: OperationTypeEnum
) -> None:
    record = audited({**BARE, "data": rows})

    assert record.operation is operation
    assert (record.connector, record.source_name) == ("postgresql", "srv1")
    assert record.timestamp_source is TimestampSource.SOURCE
    assert record.change_timestamp == 1_578_923_739_738_000
    assert record.source_position is None


def test_a_schema_in_front_of_the_data_converts_it() -> None:
    day = {"type": "int32", "name": "io.debezium.time.Date", "field": "n"}
    row = {"type": "struct", "fields": [{"type": "int32", "field": "id"}, day]}
    sides = [{**row, "field": "before"}, {**row, "field": "after"}]
    schema = {"type": "struct", "fields": sides}

    record = an_event({"schema": schema, "payload": ROWS})

    assert record.new_data == '{"id":1,"n":"1970-01-03"}'
    assert record.value_notes is None


def test_data_that_is_a_whole_envelope_is_read_as_one() -> None:
    envelope = {**ROWS, "op": "u", "source": {"connector": "mariadb", "db": "m", "table": "t"}}

    record = audited({**BARE, "data": envelope})

    assert (record.connector, record.source_database, record.source_table) == ("mariadb", "m", "t")
    assert record.operation is OperationTypeEnum.UPDATE


@pytest.mark.parametrize("time", ["soon", None, 5])
def test_a_time_that_is_none_is_not_believed(time: object) -> None:
    record = audited({**BARE, "time": time, "data": ROWS})

    assert record.timestamp_source is TimestampSource.KAFKA
