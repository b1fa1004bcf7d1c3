"""Times as text for PostgreSQL: exact in any year."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.time_text import time_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Y2000, Y2200 = 946_684_800_000_000, 7_258_118_400_000_000


@given(st.integers(Y2000, Y2200))
def test_times_of_two_centuries_are_exact(microseconds: int) -> None:
    expected = EPOCH + timedelta(microseconds=microseconds)

    assert time_text(microseconds) == expected.strftime("%Y-%m-%d %H:%M:%S.%f+00")


@given(st.datetimes())
def test_times_of_every_year_that_python_knows_are_exact(moment: datetime) -> None:
    microseconds = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

    assert time_text(microseconds) == moment.isoformat(" ", "microseconds") + "+00"


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        (0, "1970-01-01 00:00:00.000000+00"),
        (-1, "1969-12-31 23:59:59.999999+00"),
        (253_402_300_800_000_000, "10000-01-01 00:00:00.000000+00"),
        (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999+00 BC"),
        (-62_167_219_200_000_000, "0001-01-01 00:00:00.000000+00 BC"),
    ],
)
def test_times_beyond_pythons_years_are_written_as_postgresql_reads_them(
    microseconds: int, expected: str
) -> None:
    assert time_text(microseconds) == expected
