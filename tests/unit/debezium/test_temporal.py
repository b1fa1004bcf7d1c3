"""Dates and times as text, beyond the years that `datetime` knows."""

import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.debezium.temporal import (
    POSTGRESQL_MAXIMUM_DATE,
    POSTGRESQL_MINIMUM_DATE,
    date_text,
    duration_text,
    is_suspect_date,
    is_suspect_timestamp,
    offset_text,
    time_text,
    timestamp_text,
)

MICRO = 1_000_000
CYCLE_DAYS, CYCLE_YEARS = 146_097, 400


@given(day=st.dates())
def test_a_date_of_datetimes_years_is_its_own(day: date) -> None:
    assert date_text((day - date(1970, 1, 1)).days) == day.isoformat()


@given(
    day=st.dates(), cycles=st.integers(-17_000, 14_000).filter(lambda n: n not in range(-30, 30))
)
def test_a_far_date_is_the_near_one_some_cycles_of_400_years_away(day: date, cycles: int) -> None:
    text = date_text((day - date(1970, 1, 1)).days + cycles * CYCLE_DAYS)

    match = re.fullmatch(r"([+-]?\d+)-(\d\d-\d\d)", text)
    assert match is not None
    assert int(match[1]) == day.year + cycles * CYCLE_YEARS
    assert match[2] == day.isoformat()[5:]


@given(moment=st.datetimes())
def test_a_timestamp_of_datetimes_years_is_its_own(moment: datetime) -> None:
    micros = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - no zone

    text = timestamp_text(micros, MICRO)

    assert datetime.fromisoformat(text) == moment
    assert not is_suspect_timestamp(micros, MICRO)


def test_fractions_come_in_groups_of_three_digits() -> None:
    texts = [timestamp_text(n, 1_000_000_000)[19:] for n in (0, 1, 1_000, 1_000_000, 10_000_000)]

    assert texts == ["", ".000000001", ".000001", ".001", ".010"]


@pytest.mark.parametrize(
    ("value", "per_second", "text"),
    [
        (0, 1_000, "00:00:00"),
        (86_400_000, 1_000, "24:00:00"),
        (-1, MICRO, "-00:00:00.000001"),
        (-3_020_399_000_000, MICRO, "-838:59:59"),
        (1_500_000_000, 1_000_000_000, "00:00:01.500"),
    ],
)
def test_a_time_may_be_negative_or_long(value: int, per_second: int, text: str) -> None:
    assert time_text(value, per_second) == text


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "PT0S"),
        (1, "PT0.000001S"),
        (60 * MICRO, "PT1M"),
        (3600 * MICRO, "PT1H"),
        (-90_500_000, "PT-1M-30.5S"),
        (37_091_106_780_000, "PT10303H5M6.78S"),
    ],
)
def test_a_duration_is_hours_minutes_and_seconds(micros: int, text: str) -> None:
    assert duration_text(micros, MICRO) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "Z"), (19_800, "+05:30"), (-43_200, "-12:00"), (19_815, "+05:30:15"), (-30, "-00:00:30")],
)
def test_an_offset_has_a_sign(seconds: int, text: str) -> None:
    assert offset_text(seconds) == text


@pytest.mark.parametrize(
    ("days", "suspect"),
    [
        (0, False),
        (POSTGRESQL_MAXIMUM_DATE, False),
        (POSTGRESQL_MINIMUM_DATE, False),
        (POSTGRESQL_MINIMUM_DATE - 1, True),
        (POSTGRESQL_MAXIMUM_DATE + 1, True),
        (-2_147_472_692, False),
        (-2_147_472_691, False),
        (-622_191_233, True),
        (624_383_253, True),
    ],
)
def test_a_date_that_no_database_has_is_suspect(days: int, suspect: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_suspect_date(days) is suspect


def test_a_timestamp_before_postgresqls_first_is_suspect() -> None:
    first = POSTGRESQL_MINIMUM_DATE * 86_400 * MICRO

    assert not is_suspect_timestamp(first, MICRO)
    assert is_suspect_timestamp(first - 1, MICRO)
    assert is_suspect_timestamp(-9_223_372_036_854_775_000, MICRO)
    assert not is_suspect_timestamp(-9_223_372_036_832_400_000, MICRO)
    assert not is_suspect_timestamp(-(2**63), 1_000_000_000)
