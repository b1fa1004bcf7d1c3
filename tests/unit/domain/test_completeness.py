"""How a transaction stands: whole, on its way, lost, or nobody can say."""

from typing import Any

import msgspec
import pytest

from domain.completeness import (
    GRACE,
    EndedTransaction,
    PartitionStanding,
    Surroundings,
    TableCount,
    TransactionState,
    judge,
    read_end,
)

END_LSN = f"{600:016X}"
BEFORE, AT, BEHIND = (f"{lsn:016X}/{lsn:016X}" for lsn in (599, 600, 700))
HOUR = 3_600_000_000
ENDED = 1_000 * HOUR

COMPLETE, PENDING = TransactionState.COMPLETE, TransactionState.PENDING
MISSING, UNKNOWN = TransactionState.MISSING, TransactionState.UNKNOWN

WHOLE = TableCount("public.orders", 2, 2, 2, 2)
LACKS = TableCount("public.orders", 3, 2, 2, 3)


def ended(*tables: TableCount, **fields: Any) -> EndedTransaction:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "end": (9, 0, 7),
        "topic": "shop.transaction",
        "cluster_id": "cluster",
        "source_name": "shop",
        "transaction_id": "771",
        "ended_at": ENDED,
        "recorded_at": ENDED,
        "begins": 1,
        "ends": 1,
        "tables": tables or (LACKS,),
        "last_position": BEFORE,
        "end_lsn": END_LSN,
    }
    values.update(fields)
    return EndedTransaction(**values)


def a_partition(partition: int = 0, **fields: Any) -> PartitionStanding:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "stream_id": 1,
        "partition": partition,
        "topic": "shop.public.orders",
        "cluster_id": "cluster",
        "source_name": "shop",
        "next_offset": 10,
        "last_position": BEHIND,
    }
    values.update(fields)
    return PartitionStanding(**values)


def around(*partitions: PartitionStanding, **fields: Any) -> Surroundings:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "partitions": partitions or (a_partition(),),
        "tables": {("shop", "public.orders")},
        "begun_at": None,
        "now": ENDED + 2 * GRACE,
    }
    values.update(fields)
    return Surroundings(**values)


def test_every_place_of_every_table_is_complete() -> None:
    assert judge(ended(WHOLE), around()).state is COMPLETE


def test_what_is_whole_is_complete_whatever_else_is_odd() -> None:
    twice = ended(WHOLE, begins=2, ends=2, source_name=None)

    assert judge(twice, around(begun_at=ENDED, tables=set())).state is COMPLETE


def test_a_place_that_lacks_behind_which_everything_was_read_is_missing() -> None:
    judged = judge(ended(), around())

    assert judged.state is MISSING
    assert judged.reason == ("public.orders 2 of 3, and every partition of shop was read beyond it")


@pytest.mark.parametrize(
    ("position", "state"), [(BEFORE, PENDING), (AT, MISSING), (BEHIND, MISSING), (None, PENDING)]
)
def test_a_partition_has_passed_from_the_commit_on(
    position: str | None, state: TransactionState
) -> None:
    partitions = (a_partition(0), a_partition(1, last_position=position))

    assert judge(ended(), around(*partitions)).state is state


def test_where_end_has_no_position_a_row_behind_its_rows_must_have_come() -> None:
    of_mysql = ended(end_lsn=None, last_position=AT)

    assert judge(of_mysql, around(a_partition(last_position=AT))).state is PENDING
    assert judge(of_mysql, around(a_partition(last_position=BEHIND))).state is MISSING
    rowless = ended(end_lsn=None, last_position=None)
    assert judge(rowless, around()).state is PENDING


def test_a_partition_at_the_end_of_its_log_has_nothing_more() -> None:
    quiet = a_partition(1, last_position=BEFORE, at_log_end=True)

    assert judge(ended(), around(a_partition(), quiet)).state is MISSING


def test_partitions_of_another_source_or_cluster_have_no_say() -> None:
    others = (
        a_partition(1, source_name="other", last_position=BEFORE),
        a_partition(2, cluster_id="other", last_position=BEFORE, skipped=4),
    )

    assert judge(ended(), around(a_partition(), *others)).state is MISSING


def test_one_that_ended_just_now_is_pending() -> None:
    assert judge(ended(), around(now=ENDED + GRACE - 1)).state is PENDING
    assert judge(ended(), around(now=ENDED + GRACE)).state is MISSING


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"begins": 2}, "it has 2 BEGIN and 1 END records"),
        ({"begins": 0}, "it has 0 BEGIN and 1 END records"),
        ({"ends": 2}, "it has 1 BEGIN and 2 END records"),
        ({"source_name": None}, "which source it is of cannot be told"),
        ({"is_ambiguous": True}, "which source it is of cannot be told"),
        (
            {"tables": (WHOLE, TableCount("public.left_out", 1))},
            "no change of public.left_out has ever come: it may not be read, or be left out",
        ),
        (
            {"tables": (TableCount("public.orders", 3, 3, 2, 2),)},
            "the places of changes of public.orders are counted anew, or in other ways",
        ),
        (
            {"tables": (TableCount("public.orders", 3, 3, 3, 4),)},
            "the places of changes of public.orders are counted anew, or in other ways",
        ),
    ],
)
def test_it_is_unknown_where_the_transaction_itself_leaves_a_doubt(
    fields: dict[str, Any], reason: str
) -> None:
    judged = judge(
        ended(**fields) if "tables" not in fields else ended(*fields["tables"]), around()
    )

    assert (judged.state, judged.reason) == (UNKNOWN, reason)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"skipped": 2}, "rules left 2 records of shop.public.orders 0 out of the trail"),
        (
            {"quarantined_from": ENDED - HOUR, "quarantined_until": ENDED - HOUR},
            "records of shop.public.orders 0 are in quarantine",
        ),
        ({"gap_seen": ENDED}, "shop.public.orders 0 has a gap of offsets"),
    ],
)
def test_it_is_unknown_where_what_lacks_may_be_known_to_lack(
    fields: dict[str, Any], reason: str
) -> None:
    judged = judge(ended(), around(a_partition(**fields)))

    assert (judged.state, judged.reason) == (UNKNOWN, reason)


@pytest.mark.parametrize(
    "fields",
    [
        {"quarantined_from": ENDED + 2 * HOUR, "quarantined_until": ENDED + 3 * HOUR},
        {"quarantined_from": ENDED - 3 * HOUR, "quarantined_until": ENDED - 2 * HOUR},
        {"gap_seen": ENDED - 2 * HOUR},
    ],
)
def test_what_lacks_at_another_time_explains_nothing(fields: dict[str, Any]) -> None:
    assert judge(ended(), around(a_partition(**fields))).state is MISSING


def test_it_is_unknown_where_the_trail_began_in_the_middle() -> None:
    assert judge(ended(), around(begun_at=ENDED - GRACE)).state is UNKNOWN
    assert judge(ended(), around(begun_at=ENDED - GRACE - 1)).state is MISSING


def payload(**fields: Any) -> str:  # noqa: ANN401 - any field
    count = {"data_collection": "public.orders", "event_count": 2}
    values = {"status": "END", "id": "771:600", "event_count": 2, "data_collections": [count]}
    return msgspec.json.encode({**values, **fields}).decode()


def test_an_end_record_counts_tables_and_names_a_commit() -> None:
    end = read_end(payload())

    assert end is not None
    assert list(end.counts) == [("public.orders", 2)]
    assert end.lsn == END_LSN


@pytest.mark.parametrize("own_id", ["3e11fa47-71ca-11e1-9e33-c80aa9429562:23", "0-1-42", "", "7"])
def test_only_postgresqls_id_names_a_commit(own_id: str) -> None:
    end = read_end(payload(id=own_id))

    assert end is not None
    assert end.lsn is None


@pytest.mark.parametrize("text", [None, "", "null", "[]", payload(data_collections=None)])
def test_a_record_that_counts_nothing_is_no_end(text: str | None) -> None:
    assert read_end(text) is None
