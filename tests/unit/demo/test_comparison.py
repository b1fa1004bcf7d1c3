"""The check must be able to fail: every kind of planted difference is found."""

import msgspec
import pytest

from entrypoints.demo.comparison import Change, Fault, TableShape, compare
from entrypoints.demo.values import Value

FULL = TableShape({"id": "bigint", "status": "text"}, ["id"], full=True)
KEY_ONLY = TableShape({"id": "bigint", "stars": "smallint"}, ["id"], full=False)
SHAPES = {"orders": FULL, "reviews": KEY_ONLY}


def a_change(
    operation: str,
    *,
    row: int = 1,
    old: str | None = None,
    new: str | None = None,
    at: tuple[str, int] = ("700", 1),
) -> Change:
    """Make a change of an order; `at` is its transaction, and its place in all that happened."""
    transaction, order = at
    return Change(
        table="orders",
        operation=operation,
        key=(row,),
        old=None if old is None else {"id": row, "status": old},
        new=None if new is None else {"id": row, "status": new},
        transaction=transaction,
        at=1_000,
        place=f"place {order}",
        order=order,
    )


def a_review(operation: str, *, old: int | None, before_image: str) -> Change:
    row: dict[str, Value] | None = None if old is None else {"id": 1, "stars": old}
    return Change(
        table="reviews",
        operation=operation,
        key=(1,),
        old=row,
        new=None if operation == "DELETE" else {"id": 1, "stars": 5},
        transaction="700",
        at=1_000,
        place="somewhere",
        order=1,
        before_image=before_image,
    )


LIFE = (
    a_change("SNAPSHOT", new="placed", at=("690", 1)),
    a_change("UPDATE", old="placed", new="paid", at=("700", 2)),
    a_change("UPDATE", old="paid", new="shipped", at=("701", 3)),
    a_change("INSERT", row=2, new="placed", at=("701", 4)),
    a_change("DELETE", old="shipped", at=("702", 5)),
)


def faults(truth: tuple[Change, ...], trail: tuple[Change, ...]) -> list[Fault]:
    return [difference.fault for difference in compare(truth, trail, SHAPES)]


def test_finds_nothing_wrong_where_nothing_is() -> None:
    assert faults(LIFE, LIFE) == []


def test_takes_a_snapshot_for_the_same_whatever_transaction_read_it() -> None:
    read_by_another = msgspec.structs.replace(LIFE[0], transaction="999")

    assert faults(LIFE, (read_by_another, *LIFE[1:])) == []


@pytest.mark.parametrize("left_out", range(len(LIFE)))
def test_finds_each_change_that_is_missing(left_out: int) -> None:
    trail = tuple(change for i, change in enumerate(LIFE) if i != left_out)

    assert faults(LIFE, trail) == [Fault.MISSING]


def test_finds_a_change_that_was_stored_twice() -> None:
    assert faults(LIFE, (*LIFE, LIFE[-1])) == [Fault.EXTRA]


def test_finds_a_change_that_never_happened() -> None:
    invented = a_change("INSERT", row=99, new="placed", at=("703", 6))

    assert faults(LIFE, (*LIFE, invented)) == [Fault.EXTRA]


def test_finds_a_wrong_new_value_and_names_both() -> None:
    wrong = msgspec.structs.replace(LIFE[1], new={"id": 1, "status": "unpaid"})

    found = compare(LIFE, (LIFE[0], wrong, *LIFE[2:]), SHAPES)

    assert [d.fault for d in found] == [Fault.WRONG_VALUE]
    assert "'paid'" in found[0].what
    assert "'unpaid'" in found[0].what


def test_finds_a_wrong_old_value() -> None:
    wrong = msgspec.structs.replace(LIFE[4], old={"id": 1, "status": "lost"})

    assert faults(LIFE, (*LIFE[:4], wrong)) == [Fault.WRONG_VALUE]


def test_finds_a_column_that_is_missing_or_too_many() -> None:
    short = msgspec.structs.replace(LIFE[3], new={"id": 2})
    long = msgspec.structs.replace(LIFE[3], new={"id": 2, "status": "placed", "extra": "x"})

    assert faults(LIFE, (*LIFE[:3], short, LIFE[4])) == [Fault.WRONG_VALUE]
    assert faults(LIFE, (*LIFE[:3], long, LIFE[4])) == [Fault.WRONG_VALUE]


def test_does_not_take_null_for_an_empty_text() -> None:
    null = msgspec.structs.replace(LIFE[3], new={"id": 2, "status": None})
    empty = msgspec.structs.replace(LIFE[3], new={"id": 2, "status": ""})

    assert faults((null,), (empty,)) == [Fault.WRONG_VALUE]


def test_finds_a_row_where_there_must_be_none() -> None:
    with_new = msgspec.structs.replace(LIFE[4], new={"id": 1, "status": "shipped"})

    assert faults(LIFE, (*LIFE[:4], with_new)) == [Fault.WRONG_VALUE]


def test_finds_a_wrong_operation() -> None:
    wrong = msgspec.structs.replace(LIFE[3], operation="UPSERT")

    assert sorted(faults(LIFE, (*LIFE[:3], wrong, LIFE[4]))) == [Fault.EXTRA, Fault.MISSING]


def test_finds_a_wrong_transaction() -> None:
    wrong = msgspec.structs.replace(LIFE[3], transaction="702")

    assert sorted(faults(LIFE, (*LIFE[:3], wrong, LIFE[4]))) == [Fault.EXTRA, Fault.MISSING]


def test_finds_changes_of_one_row_in_the_wrong_order() -> None:
    swapped = (LIFE[0], LIFE[2], LIFE[1], LIFE[3], LIFE[4])

    assert faults(LIFE, swapped) == [Fault.WRONG_ORDER]


def test_does_not_mind_the_order_of_different_rows_in_different_transactions() -> None:
    moved = (LIFE[3], LIFE[0], LIFE[1], LIFE[2], LIFE[4])

    assert faults(LIFE, moved) == []


def test_finds_a_wrong_order_within_a_transaction() -> None:
    made = (
        a_change("INSERT", row=1, new="placed", at=("700", 1)),
        a_change("INSERT", row=2, new="placed", at=("700", 2)),
    )
    told = (
        msgspec.structs.replace(made[0], order=2),
        msgspec.structs.replace(made[1], order=1),
    )

    assert faults(made, told) == [Fault.WRONG_ORDER]


def test_finds_a_change_without_a_place_in_its_transaction() -> None:
    lost = msgspec.structs.replace(LIFE[3], order=None)

    assert faults(LIFE, (*LIFE[:3], lost, LIFE[4])) == [Fault.WRONG_ORDER]


def test_finds_a_change_before_it_happened() -> None:
    early = msgspec.structs.replace(LIFE[3], at=999)

    assert faults(LIFE, (*LIFE[:3], early, LIFE[4])) == [Fault.WRONG_TIME]


def test_wants_the_old_row_called_complete_where_the_source_gives_it() -> None:
    modest = msgspec.structs.replace(LIFE[1], before_image="key")

    assert faults(LIFE, (LIFE[0], modest, *LIFE[2:])) == [Fault.WRONG_VALUE]


def test_takes_no_old_row_where_the_source_does_not_give_it() -> None:
    made = a_review("UPDATE", old=4, before_image="complete")

    assert faults((made,), (a_review("UPDATE", old=None, before_image="absent"),)) == []


def test_takes_only_the_key_of_a_deleted_row_where_the_source_gives_no_more() -> None:
    made = a_review("DELETE", old=4, before_image="complete")
    invented = a_review("DELETE", old=0, before_image="key")
    other_row = msgspec.structs.replace(invented, old={"id": 2, "stars": 0})

    assert faults((made,), (invented,)) == []
    assert faults((made,), (other_row,)) == [Fault.WRONG_VALUE]


def test_does_not_let_the_trail_call_an_invented_row_complete() -> None:
    made = a_review("DELETE", old=4, before_image="complete")
    claimed = a_review("DELETE", old=0, before_image="complete")

    assert faults((made,), (claimed,)) == [Fault.WRONG_VALUE]
