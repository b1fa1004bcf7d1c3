"""Windows of time are as wide as what was found lets expect, now and the next time."""

import pytest
from msgspec.structs import replace

from adapters.postgres.window_widths import RememberedWidths, Widths
from application.trail_query import Place, TrailQuery
from tests.builders import DAY, NOON, SECOND

MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
QUICK, SLOW = 0.001, 0.1
ORDERS, ITEMS = TrailQuery(source_table="orders"), TrailQuery(source_table="items")


@pytest.fixture
def widths() -> Widths:
    """Give those of a search for 50 rows before noon."""
    return Widths(NOON, 50)


@pytest.fixture
def remembered() -> RememberedWidths:
    """Give the widths of a process that remembers one search."""
    remembered = RememberedWidths()
    remembered.learn(ORDERS, 10 * HOUR)
    return remembered


def width_for(remembered: RememberedWidths, query: TrailQuery) -> int:
    """The width of the first window; 0 where nothing is known."""
    guess = remembered.guess_for(query)
    return guess.width if guess else 0


def test_the_first_window_is_a_minute(widths: Widths) -> None:
    assert widths.since(NOON) == NOON - MINUTE


@pytest.mark.parametrize(("took", "times"), [(QUICK, 50), (SLOW, 4)])
def test_where_nothing_is_found_the_next_is_many_times_as_wide(
    widths: Widths, took: float, times: int
) -> None:
    widths.choose(NOON - MINUTE, 0, took)

    assert widths.next == times * MINUTE


def test_the_next_is_as_wide_as_what_was_found_lets_expect(widths: Widths) -> None:
    widths.choose(NOON - MINUTE, 34, SLOW)

    assert widths.next == int(MINUTE * (16 + 1.5 * 4 + 1) / 34)


@pytest.mark.parametrize(("took", "times"), [(QUICK, 64), (SLOW, 16)])
def test_few_rows_do_not_let_expect_just_any_width(widths: Widths, took: float, times: int) -> None:
    widths.choose(NOON - MINUTE, 1, took)

    assert widths.next == min(times, 49 + 1.5 * 7 + 1) * MINUTE


def test_what_was_expected_and_did_not_come_makes_the_next_wider(widths: Widths) -> None:
    widths.choose(NOON - MINUTE, 49, QUICK)
    expected = widths.next

    widths.choose(NOON - MINUTE - expected, 49, QUICK)

    assert expected < MINUTE
    assert widths.next == 2 * expected


def test_a_wider_window_is_expected_to_take_as_many_times_as_long(widths: Widths) -> None:
    widths.choose(NOON - MINUTE, 0, SLOW)

    assert widths.expected == 4 * SLOW


def test_a_search_that_was_made_before_begins_with_what_it_needed(
    remembered: RememberedWidths,
) -> None:
    again = replace(ORDERS, since=NOON)

    assert 10 * HOUR < width_for(remembered, ORDERS) < 13 * HOUR
    assert width_for(remembered, again) == width_for(remembered, ORDERS)


def test_another_search_begins_with_the_least_that_as_many_rows_needed(
    remembered: RememberedWidths,
) -> None:
    remembered.learn(TrailQuery(), HOUR)
    remembered.learn(TrailQuery(limit=1), MINUTE)

    assert HOUR < width_for(remembered, ITEMS) < 2 * HOUR
    assert MINUTE < width_for(remembered, replace(ITEMS, limit=1)) <= 3 * MINUTE
    assert width_for(remembered, replace(ITEMS, limit=51)) == 0


@pytest.mark.parametrize(
    "older", [replace(ORDERS, until=NOON), replace(ORDERS, before=Place(NOON, 1, 0, 0))]
)
def test_older_rows_are_searched_for_without_a_guess(
    remembered: RememberedWidths, older: TrailQuery
) -> None:
    remembered.learn(older, HOUR)

    assert width_for(remembered, older) == 0
    assert width_for(remembered, ORDERS) > 10 * HOUR


def test_what_has_become_rare_is_not_remembered(remembered: RememberedWidths) -> None:
    remembered.learn(ORDERS, 300 * DAY)

    assert width_for(remembered, ORDERS) == 0


def test_what_was_not_searched_for_any_more_is_forgotten_first(
    remembered: RememberedWidths,
) -> None:
    for number in range(512):
        remembered.learn(TrailQuery(source_table=f"table_{number}"), MINUTE)

    assert width_for(remembered, ORDERS) < 2 * MINUTE


def test_everything_is_forgotten_at_once(remembered: RememberedWidths) -> None:
    remembered.forget()

    assert width_for(remembered, ORDERS) == 0


def test_after_a_wrong_guess_the_next_is_given_longer(remembered: RememberedWidths) -> None:
    before = remembered.guess_for(ORDERS)

    remembered.forget()
    remembered.learn(ORDERS, HOUR)

    after = remembered.guess_for(ORDERS)
    assert before
    assert after
    assert after.seconds == 4 * before.seconds
