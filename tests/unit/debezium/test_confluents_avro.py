"""What Confluent's Avro converter wrote of a table with many types, against the SQL of its rows."""

import json
from typing import Any

from domain.audit_record import AuditRecord
from domain.operation import BeforeImage, OperationTypeEnum
from tests.unit.debezium.recordings import decoder_of, recording

NAME = "21-pg-avro-confluent-converter"
ANNE: dict[str, Any] = {
    "id": 1,
    "name": "Anne",
    "email": "a@x.example",
    "balance": "12.50",
    "big": "123456789012345678901234567890.5",
    "born": "1980-02-29",
    "seen": "2024-05-01T10:34:56.789012Z",
    "at": "2024-05-01T12:34:56.789",
    "tags": ["a", "b c", None],
    "doc": '{"k": [1, 2.50, null]}',
    "raw": "0xdeadbeef",
    "ok": True,
    "u": "6f1c0d1e-2b1a-4d6b-9d5e-000000000001",
    "f8": 0.1,
    "f4": 1.5,
    "s2": -3,
    "b8": 9007199254740993,
    "tm": "23:59:59.999999",
    "iv": "PT781H34M5.5S",
    "bits": "10110",
}
ZOE = {**ANNE, "name": "Zoë ☃", "balance": "-0.01", "seen": "infinity", "f8": "NaN"}
EMPTY = dict.fromkeys(ANNE)


def changes() -> list[AuditRecord]:
    decoder = decoder_of(NAME)
    results = [decoder.decode(record, 1) for record in recording(NAME)]
    return [result for result in results if isinstance(result, AuditRecord)]


def rows(change: AuditRecord) -> tuple[Any, ...]:
    return tuple(
        None if text is None else json.loads(text) for text in (change.old_data, change.new_data)
    )


def test_every_row_is_what_the_sql_wrote() -> None:
    seen = [(change.operation, *rows(change)) for change in changes()]

    second, third = {**EMPTY, "id": 2}, {**EMPTY, "id": 3}
    assert seen == [
        (OperationTypeEnum.INSERT, None, ANNE),
        (OperationTypeEnum.INSERT, None, second),
        (OperationTypeEnum.UPDATE, ANNE, ZOE),
        (OperationTypeEnum.DELETE, second, None),
        (OperationTypeEnum.INSERT, None, third),
        (OperationTypeEnum.DELETE, ZOE, None),
    ]


def test_columns_keep_their_order() -> None:
    first = changes()[0]

    assert list(json.loads(first.new_data or "")) == list(ANNE)


def test_nothing_has_to_be_noted_and_changed_columns_are_known() -> None:
    update = changes()[2]

    assert update.changed_columns == ("name", "balance", "seen", "f8")
    assert update.before_image is BeforeImage.COMPLETE
    assert all(change.value_notes is None for change in changes())


def test_the_source_block_is_kept_whole() -> None:
    update = changes()[2]

    source = json.loads(update.source_metadata or "")
    assert (source["connector"], source["schema"], source["table"]) == (
        "postgresql",
        "public",
        "customers",
    )
    assert update.source_table == "customers"
    assert update.transaction_id == str(source["txId"])
    assert update.transaction_order == 1
    assert source["xmin"] is None
