"""Which run of a connector records are of."""

import json
from typing import Any

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.memory.row_encoder import MemoryRowEncoder
from application.connector_runs import run_of, runs_of
from application.transform_records import transform_records
from domain.consumed import PartitionSlice
from domain.redelivery import RunStretch
from domain.stream import StreamPartition
from tests.builders import a_raw_record

HEADER = "__debezium.context.runId"


@pytest.mark.parametrize(
    ("headers", "run"),
    [
        ((("other", b"x"), (HEADER, b"01a2")), "01a2"),
        (((HEADER, b'"01a2"'),), '"01a2"'),
        (((HEADER, b"\xff\x00"),), r"\xff\0"),
        (((HEADER, None),), None),
        (((HEADER, b""),), None),
        (((HEADER, b"x" * 201),), None),
        ((("other", b"x"),), None),
        ((), None),
    ],
)
def test_the_run_is_what_the_header_says(
    headers: tuple[tuple[str, bytes | None], ...], run: str | None
) -> None:
    assert run_of(a_raw_record(headers=headers)) == run


def test_a_slice_is_cut_where_the_header_changes() -> None:
    first, second = ((HEADER, b"a"),), ((HEADER, b"b"),)
    changes = [a_raw_record(3, headers=first), a_raw_record(5, headers=second)]

    found = runs_of(changes, ["20", "10"])

    assert found == (RunStretch(3, "a", "20", "20"), RunStretch(5, "b", "10", "10"))


def test_a_slice_without_changes_has_no_run() -> None:
    assert runs_of([], []) == ()


def test_a_slice_is_cut_among_its_changes_alone() -> None:
    bytes_of: dict[str, Any] = {"key": b'{"id":1}', "headers": ((HEADER, b"a"),)}
    records = [
        a_raw_record(0, **{**bytes_of, "value": b"\x00 no json"}),
        a_raw_record(1, **{**bytes_of, "value": a_change_of_orders(20)}),
        a_raw_record(2, **{**bytes_of, "value": None}),
        a_raw_record(3, **{**bytes_of, "value": a_change_of_orders(10)}),
        a_raw_record(4, value=a_change_of_orders(10), headers=((HEADER, b"b"),)),
    ]
    part = PartitionSlice(StreamPartition(1, 0, "shop.public.orders"), 0, 5, records)

    (advance,) = transform_records(DebeziumDecoder(), MemoryRowEncoder(), [part]).advances

    assert advance.runs == (
        RunStretch(1, "a", place(10), place(20)),
        RunStretch(4, "b", place(10), place(10)),
    )


def place(lsn: int) -> str:
    return f"{lsn:016X}/{lsn:016X}"


def a_change_of_orders(lsn: int) -> bytes:
    source = {"connector": "postgresql", "name": "shop", "db": "shop", "schema": "public"}
    at = {"table": "orders", "lsn": lsn, "txId": 7, "ts_ms": 1_700_000_000_000}
    value = {"op": "c", "before": None, "after": {"id": 1}, "source": {**source, **at}}
    return json.dumps({**value, "ts_ms": 1_700_000_000_001}).encode()
