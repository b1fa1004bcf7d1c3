"""What is marked as delivered again, and that no real change is ever taken for another."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.redelivery import (
    Certainty,
    Coordinates,
    Delivery,
    repeats,
    stands_alone,
)

CERTAIN, POSSIBLE = Certainty.CERTAIN, Certainty.POSSIBLE


def a_delivery(offset: int, run: int = 1, **fields: Any) -> Delivery:  # noqa: ANN401 - any field
    """A change of a row with a key."""
    values: dict[str, Any] = {
        "place": (1, 0, offset),
        "run": f"run-{run}",
        "run_order": run,
        "has_run_id": True,
        "identity": "0/10 orders UPDATE 1",
        "content": "new, paid",
        "is_alone": True,
    }
    values.update(fields)
    return Delivery(**values)


def marks(*deliveries: Delivery) -> Mapping[int, tuple[int, Certainty]]:
    """Offset of each later row, with that of the first and the certainty."""
    return {r.later[2]: (r.first[2], r.certainty) for r in repeats(deliveries)}


def test_the_same_change_of_another_run_is_a_redelivery() -> None:
    assert marks(a_delivery(0), a_delivery(5, run=2)) == {5: (0, CERTAIN)}


def test_one_run_never_repeats_itself() -> None:
    assert marks(a_delivery(0), a_delivery(1)) == {}


def test_every_later_run_repeats_the_first() -> None:
    found = marks(a_delivery(0), a_delivery(5, run=2), a_delivery(9, run=3))

    assert found == {5: (0, CERTAIN), 9: (0, CERTAIN)}


def test_another_identity_is_another_change() -> None:
    assert marks(a_delivery(0), a_delivery(5, run=2, identity="0/18 orders UPDATE 1")) == {}


def test_the_nth_of_a_run_answers_the_nth_before_and_what_is_more_is_new() -> None:
    first = [a_delivery(offset) for offset in (0, 1)]
    again = [a_delivery(offset, run=2) for offset in (5, 6, 7)]
    once_more = [a_delivery(offset, run=3) for offset in (8, 9, 10, 11)]

    found = marks(*first, *again, *once_more)

    assert {later: first for later, (first, _) in found.items()} == {5: 0, 6: 1, 8: 0, 9: 1, 10: 7}


def test_without_run_ids_nothing_is_certain() -> None:
    found = marks(a_delivery(0), a_delivery(5, run=2, has_run_id=False))

    assert found == {5: (0, POSSIBLE)}


def test_other_images_of_the_same_change_leave_a_doubt() -> None:
    found = marks(a_delivery(0), a_delivery(5, run=2, content="new, ***"))

    assert found == {5: (0, POSSIBLE)}


def test_rows_of_one_copy_that_differ_are_never_taken_for_each_other() -> None:
    row: dict[str, Any] = {"is_alone": False, "identity": "0/10 log INSERT"}

    found = marks(a_delivery(0, **row), a_delivery(5, run=2, content="another", **row))

    assert found == {}


def test_rows_that_are_the_same_in_everything_are_only_possible() -> None:
    row: dict[str, Any] = {"is_alone": False, "identity": "0/10 log INSERT"}

    found = marks(a_delivery(0, **row), a_delivery(5, run=2, **row))

    assert found == {5: (0, POSSIBLE)}


def test_their_place_in_the_transaction_makes_them_certain() -> None:
    row: dict[str, Any] = {"is_alone": False, "identity": "0/10 log INSERT"}

    found = marks(
        a_delivery(0, order=(1, 1), **row),
        a_delivery(1, order=(2, 2), **row),
        a_delivery(5, run=2, order=(2, 2), **row),
        a_delivery(6, run=2, order=(3, 3), **row),
    )

    assert found == {5: (1, CERTAIN), 6: (0, POSSIBLE)}


@pytest.mark.parametrize(
    ("connector", "operation", "has_key", "alone"),
    [
        ("postgresql", "UPDATE", False, True),
        ("postgresql", "TRUNCATE", False, True),
        ("postgresql", "INSERT", False, False),
        ("postgresql", "INSERT", True, True),
        ("mysql", "INSERT", False, True),
        ("oracle", "UPDATE", False, False),
        (None, "UPDATE", False, False),
    ],
)
def test_a_change_stands_alone_where_its_position_or_key_names_it(
    connector: str | None,
    operation: str,
    has_key: bool,  # noqa: FBT001 - a parameter
    alone: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert stands_alone(connector, operation, has_key=has_key) is alone


# whatever a source writes, and however often its connector is killed


class Written(msgspec.Struct, frozen=True):
    """A real change: its log record, its row, and its number in all the log."""

    number: int
    position: int
    row: int


rows_of_a_log = st.lists(
    st.lists(st.integers(0, 1), min_size=1, max_size=4), min_size=1, max_size=5
)
runs = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4)


def a_log_of(rows: Sequence[Sequence[int]]) -> Sequence[Written]:
    """Number the rows of log records."""
    flat = [(position, row) for position, record in enumerate(rows) for row in record]
    return [Written(number, position, row) for number, (position, row) in enumerate(flat)]


def delivered(
    log: Sequence[Written],
    ranges: Sequence[tuple[int, int]],
    *,
    has_order: bool,
    from_records: bool,
) -> Sequence[tuple[Written, Delivery]]:
    """What reaches the trail when runs begin at one place of `log` and end at another."""
    found: list[tuple[Written, Delivery]] = []
    for run, (start, count) in enumerate(ranges, start=1):
        begin = min(start, len(log) - 1)
        if from_records:
            begin = next(w.number for w in log if w.position == log[begin].position)
        for change in log[begin : begin + count]:
            order = (change.number + 1, change.number + 1) if has_order else (None, None)
            delivery = a_delivery(
                len(found),
                run,
                identity=f"{change.position} INSERT",
                content=str(change.row),
                order=order,
                is_alone=False,
            )
            found.append((change, delivery))
    return found


def left(
    deliveries: Sequence[tuple[Written, Delivery]], certain: Sequence[Coordinates]
) -> Sequence[int]:
    """The number of each change that people see, once for every row that they see of it."""
    hidden = set(certain)
    return sorted(change.number for change, d in deliveries if d.place not in hidden)


@given(rows=rows_of_a_log, ranges=runs, has_order=st.booleans())
def test_every_change_stays_visible_wherever_the_connector_goes_on(
    rows: Sequence[Sequence[int]],
    ranges: Sequence[tuple[int, int]],
    has_order: bool,  # noqa: FBT001 - drawn
) -> None:
    deliveries = delivered(a_log_of(rows), ranges, has_order=has_order, from_records=False)

    certain = [r.later for r in repeats(d for _, d in deliveries) if r.certainty is CERTAIN]

    assert set(left(deliveries, certain)) == {change.number for change, _ in deliveries}


@given(rows=rows_of_a_log, ranges=runs)
def test_with_an_order_every_change_is_seen_exactly_once(
    rows: Sequence[Sequence[int]], ranges: Sequence[tuple[int, int]]
) -> None:
    deliveries = delivered(a_log_of(rows), ranges, has_order=True, from_records=True)

    certain = [r.later for r in repeats(d for _, d in deliveries) if r.certainty is CERTAIN]

    assert left(deliveries, certain) == sorted({change.number for change, _ in deliveries})


@given(rows=rows_of_a_log, ranges=runs, random=st.randoms())
def test_the_order_in_which_rows_are_looked_at_does_not_matter(
    rows: Sequence[Sequence[int]],
    ranges: Sequence[tuple[int, int]],
    random: Any,  # noqa: ANN401 - a Random
) -> None:
    found = [d for _, d in delivered(a_log_of(rows), ranges, has_order=False, from_records=True)]
    shuffled = random.sample(found, len(found))

    assert repeats(shuffled) == repeats(found)
