"""Where changes stand in their source: text that sorts in the source's order."""

import itertools
from typing import Any

import pytest

from adapters.debezium.position import change_user, lsn_text, source_position, transaction_id
from adapters.debezium.source_block import TransactionBlock, source_from_fields

ORDERS: list[tuple[str, list[dict[str, Any]]]] = [
    (
        "postgresql",
        [
            {"lsn": 9, "sequence": '[null,"9"]'},
            {"lsn": 300, "sequence": '["250","300"]'},
            {"lsn": 260, "sequence": '["400","260"]'},
            {"lsn": 310, "sequence": '["400","310"]'},
            {"lsn": 2**40, "sequence": f'["{2**40}","{2**40}"]'},
        ],
    ),
    (
        "mysql",
        [
            {"file": "binlog.000009", "pos": 900, "row": 0},
            {"file": "binlog.000010", "pos": 4, "row": 0},
            {"file": "binlog.000010", "pos": 4, "row": 10},
            {"file": "binlog.000010", "pos": 30, "row": 2},
        ],
    ),
    (
        "sqlserver",
        [
            {"commit_lsn": "00000027:00000758:0005", "change_lsn": None},
            {"commit_lsn": "00000027:00000758:0005", "change_lsn": "a", "event_serial_no": 1},
            {"commit_lsn": "00000027:00000758:0005", "change_lsn": "a", "event_serial_no": 2},
            {"commit_lsn": "00000027:00000759:0001", "change_lsn": "A", "event_serial_no": 1},
        ],
    ),
    (
        "oracle",
        [
            {"commit_scn": "99", "txId": "0a", "txSeq": 2},
            {"commit_scn": "100", "txId": "0a", "txSeq": 2},
            {"commit_scn": "100", "txId": "0a", "txSeq": 10},
            {"commit_scn": "18446744073709551615", "scn": "7", "rs_id": " 0x1 ", "ssn": 0},
            {"commit_scn": "18446744073709551615", "scn": "7", "rs_id": " 0x1 ", "ssn": 3},
        ],
    ),
    ("mongodb", [{"ts_ms": 999_000, "ord": 9}, {"ts_ms": 1_000_000, "ord": 1}]),
    ("db2", [{"commit_lsn": "01", "change_lsn": "09"}, {"commit_lsn": "02", "change_lsn": "01"}]),
    ("informix", [{"commit_lsn": "99", "change_lsn": 1}, {"commit_lsn": "100", "change_lsn": 1}]),
    ("cassandra", [{"file": "c-1.log", "pos": 9}, {"file": "c-1.log", "pos": 10}]),
    ("cockroachdb", [{"ts_hlc": "99.0000000002"}, {"ts_hlc": "100.0000000001"}]),
    ("yashandb", [{"position_scn": 9, "group_lsn": 1}, {"position_scn": 10, "group_lsn": 0}]),
    ("yugabytedb", [{"commit_time": 99}, {"commit_time": "100"}]),
    (
        "spanner",
        [
            {"ts_ms": 9, "server_transaction_id": "a", "sequence": "1", "mod_number": 2},
            {"ts_ms": 9, "server_transaction_id": "a", "sequence": "1", "mod_number": 10},
            {"ts_ms": 10, "server_transaction_id": "a", "sequence": "0", "mod_number": 0},
        ],
    ),
]


@pytest.mark.parametrize(("connector", "sources"), ORDERS, ids=[name for name, _ in ORDERS])
def test_positions_sort_in_the_order_of_the_source(
    connector: str, sources: list[dict[str, Any]]
) -> None:
    positions = [
        source_position(source_from_fields({"connector": connector, **fields}))
        for fields in sources
    ]

    assert None not in positions
    assert all(one < other for one, other in itertools.pairwise(map(str, positions)))


def test_vitess_orders_transactions_by_epoch_rank_and_place() -> None:
    vitess = source_from_fields({"connector": "vitess"})
    blocks = [
        TransactionBlock("a", 2, 1, transaction_epoch=0, transaction_rank="99"),
        TransactionBlock("b", 1, 1, transaction_epoch=0, transaction_rank="100"),
        TransactionBlock("b", 10, 1, transaction_epoch=0, transaction_rank="100"),
        TransactionBlock("c", 1, 1, transaction_epoch=1, transaction_rank="1"),
    ]

    positions = [str(source_position(vitess, block)) for block in blocks]

    assert positions == sorted(positions)
    assert len(set(positions)) == len(positions)


@pytest.mark.parametrize("connector", [name for name, _ in ORDERS] + ["vitess", "unheard", None])
def test_a_source_without_position_has_none(connector: str | None) -> None:
    assert source_position(source_from_fields({"connector": connector})) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"connector": "postgresql", "lsn": -1},
        {"connector": "mysql", "file": "binlog"},
        {"connector": "mongodb", "ts_ms": -1},
        {"connector": "cockroachdb", "ts_hlc": "x.y"},
    ],
)
def test_nonsense_is_no_position(fields: dict[str, Any]) -> None:
    assert source_position(source_from_fields(fields)) is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"lsn": 24023128}, "0/16E9058"),
        ({"lsn": 2**63 - 1}, "7FFFFFFF/FFFFFFFF"),
        ({"lsn": "1:3::0:0"}, "1:3::0:0"),
        ({"file": "binlog.000003", "pos": 484}, "binlog.000003:484"),
        ({"change_lsn": "0027", "commit_lsn": "0028"}, "0027"),
        ({"commit_lsn": "0028"}, "0028"),
        ({"scn": "2122185"}, "2122185"),
        ({}, None),
    ],
)
def test_the_position_as_the_source_writes_it(fields: dict[str, Any], text: str | None) -> None:
    assert lsn_text(source_from_fields(fields)) == text


@pytest.mark.parametrize(
    ("fields", "block", "expected"),
    [
        ({"connector": "postgresql", "txId": 556}, "556:24023128", "556"),
        ({"connector": "postgresql"}, "556:24023128", "556"),
        ({"connector": "mysql", "gtid": "3e11:23"}, None, "3e11:23"),
        ({"connector": "mysql"}, "file=b.1,pos=4", "file=b.1,pos=4"),
        ({"connector": "sqlserver", "commit_lsn": "0027"}, None, "0027"),
        ({"connector": "mongodb", "lsid": "s", "txnNumber": 3}, None, "s:3"),
        ({"connector": "mongodb", "lsid": "s"}, None, None),
        ({"connector": "vitess", "vgtid": "[v]"}, "other", "[v]"),
        ({"connector": "spanner", "server_transaction_id": "t"}, None, "t"),
        ({"connector": "oracle", "txId": ""}, None, None),
    ],
)
def test_the_id_that_all_records_of_a_transaction_share(
    fields: dict[str, Any], block: str | None, expected: str | None
) -> None:
    assert transaction_id(source_from_fields(fields), block) == expected


@pytest.mark.parametrize(
    ("name", "user"), [("SCOTT", "SCOTT"), ("UNKNOWN", None), ("", None), (None, None)]
)
def test_only_a_known_user_is_one(name: str | None, user: str | None) -> None:
    assert change_user(source_from_fields({"connector": "oracle", "user_name": name})) == user
