"""Which changes belong to one transaction."""

import pytest

from domain.transaction_identity import (
    WINDOW,
    TransactionIdentity,
    grouping_id,
    same_transaction,
)

ONE = TransactionIdentity("cluster", "shop", "shop", "771")


@pytest.mark.parametrize(
    ("raw", "grouping"),
    [
        ("571:53195829", "571"),
        ("571", "571"),
        ("0-1-42", "0-1-42"),
        ("3e11fa47-71ca-11e1-9e33-c80aa9429562:23", "3e11fa47-71ca-11e1-9e33-c80aa9429562:23"),
        ("3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23",) * 2,
        ("file=mysql-bin.000003,pos=154", "file=mysql-bin.000003,pos=154"),
        ("00000027:00000758:0005", "00000027:00000758:0005"),
        ("\u0665:\u0667", "\u0665:\u0667"),
        ("5:", "5:"),
        ("", ""),
    ],
)
def test_only_postgresqls_id_has_a_part_that_differs(raw: str, grouping: str) -> None:
    assert grouping_id(raw) == grouping


@pytest.mark.parametrize(("distance", "same"), [(0, True), (WINDOW, True), (WINDOW + 1, False)])
def test_an_id_is_one_transaction_within_a_window_of_time(distance: int, same: bool) -> None:  # noqa: FBT001 - a parameter
    assert same_transaction(ONE, ONE, one_at=5, other_at=5 + distance) is same
    assert same_transaction(ONE, ONE, one_at=5 + distance, other_at=5) is same


@pytest.mark.parametrize(
    "other",
    [
        TransactionIdentity("elsewhere", "shop", "shop", "771"),
        TransactionIdentity("cluster", "other", "shop", "771"),
        TransactionIdentity("cluster", "shop", None, "771"),
        TransactionIdentity("cluster", "shop", "shop", "772"),
    ],
)
def test_the_same_number_elsewhere_is_another_transaction(other: TransactionIdentity) -> None:
    assert not same_transaction(ONE, other, one_at=0, other_at=0)


def test_the_window_can_be_narrower() -> None:
    assert not same_transaction(ONE, ONE, one_at=0, other_at=11, window=10)
