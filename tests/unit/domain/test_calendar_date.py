"""Dates in any year: as Python has them where it has them, and alike in every era."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_date import calendar_date

EPOCH = date(1970, 1, 1)
DAYS_OF_400_YEARS = 146_097


@given(st.dates())
def test_dates_are_those_of_python_in_its_years(day: date) -> None:
    assert calendar_date((day - EPOCH) // timedelta(days=1)) == (day.year, day.month, day.day)


@given(st.dates(), st.integers(-10_000, 10_000))
def test_every_400_years_are_alike(day: date, eras: int) -> None:
    days = (day - EPOCH) // timedelta(days=1) + eras * DAYS_OF_400_YEARS

    assert calendar_date(days) == (day.year + 400 * eras, day.month, day.day)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-719_468, (0, 3, 1)),
        (-719_469, (0, 2, 29)),
        (-719_528, (0, 1, 1)),
        (-719_529, (-1, 12, 31)),
    ],
)
def test_the_year_0_is_before_the_year_1(days: int, expected: tuple[int, int, int]) -> None:
    assert calendar_date(days) == expected
