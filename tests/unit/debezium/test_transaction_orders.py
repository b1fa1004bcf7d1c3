"""Places in a transaction: no number goes on that the trail has no room for."""

from typing import Any

import pytest

from domain.audit_record import AuditRecord
from tests.unit.debezium.records import an_envelope, audited, with_schema

LARGEST = 2**63 - 1


def plain(order: int) -> Any:  # noqa: ANN401 - JSON
    transaction = {"id": "1:2", "total_order": order, "data_collection_order": 1}
    return an_envelope("c", after={"id": 1}, transaction=transaction)


def with_its_schema(order: int) -> Any:  # noqa: ANN401 - JSON
    return with_schema(plain(order), [{"type": "int32", "field": "id"}])


def flattened(order: int) -> Any:  # noqa: ANN401 - JSON
    return {"id": 1, "__op": "c", "__transaction_id": "1:2", "__transaction_total_order": order}


def a_cloud_event(order: int) -> Any:  # noqa: ANN401 - JSON
    return {
        "specversion": "1.0",
        "id": "1",
        "type": "io.debezium.connector.postgresql.DataChangeEvent",
        "iodebeziumop": "c",
        "iodebeziumtxid": "1:2",
        "iodebeziumtxtotalorder": order,
        "data": {"before": None, "after": {"id": 1}},
    }


EVERY_SHAPE = pytest.mark.parametrize("made", [plain, with_its_schema, flattened, a_cloud_event])


@EVERY_SHAPE
def test_a_place_is_kept(made: Any) -> None:  # noqa: ANN401 - a function above
    record: AuditRecord = audited(made(LARGEST))

    assert record.transaction_order == LARGEST


@EVERY_SHAPE
@pytest.mark.parametrize("order", [LARGEST + 1, -(2**63) - 1, 10**30])
def test_a_number_beyond_64_bits_is_no_place(made: Any, order: int) -> None:  # noqa: ANN401 - as above
    record: AuditRecord = audited(made(order))

    assert (record.transaction_order, record.new_data) == (None, '{"id":1}')
