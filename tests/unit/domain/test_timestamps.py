"""When a change happened: the rule that never changes after release, at each of its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.operation import TimestampSource
from domain.timestamps import (
    EARLIEST,
    LATEST,
    ONE_DAY,
    change_timestamp,
    kafka_microseconds,
    microseconds,
    storable,
)

KAFKA = 1_700_000_000_000_000
SOURCE = TimestampSource.SOURCE
ENVELOPE = TimestampSource.ENVELOPE
BROKER = TimestampSource.KAFKA
_TIMES = st.none() | st.integers(-(2**70), 2**70)


@pytest.mark.parametrize(
    ("source", "envelope", "kafka", "expected"),
    [
        (KAFKA - 5, KAFKA, KAFKA, (KAFKA - 5, SOURCE)),
        (EARLIEST, None, KAFKA, (EARLIEST, SOURCE)),
        (EARLIEST - 1, KAFKA, KAFKA, (KAFKA, BROKER)),
        (KAFKA + ONE_DAY, None, KAFKA, (KAFKA + ONE_DAY, SOURCE)),
        (KAFKA + ONE_DAY + 1, KAFKA, KAFKA, (KAFKA, BROKER)),
        (None, KAFKA - 5, KAFKA, (KAFKA - 5, ENVELOPE)),
        (None, EARLIEST - 1, KAFKA, (KAFKA, BROKER)),
        (None, KAFKA + ONE_DAY + 1, KAFKA, (KAFKA, BROKER)),
        (None, None, KAFKA, (KAFKA, BROKER)),
        (None, None, None, (EARLIEST, BROKER)),
        (None, None, EARLIEST - 1, (EARLIEST, BROKER)),
        (None, None, LATEST, (EARLIEST, BROKER)),
        (None, None, LATEST - 1, (LATEST - 1, BROKER)),
        (LATEST, None, None, (LATEST, SOURCE)),
        (LATEST + 1, None, None, (EARLIEST, BROKER)),
        (0, None, None, (EARLIEST, BROKER)),
    ],
)
def test_each_clock_is_believed_within_its_limits(
    source: int | None,
    envelope: int | None,
    kafka: int | None,
    expected: tuple[int, TimestampSource],
) -> None:
    assert change_timestamp(source, envelope, kafka) == expected


@given(source=_TIMES, envelope=_TIMES, kafka=_TIMES.filter(lambda t: t is None or t < LATEST))
def test_no_clock_can_leave_the_range_of_the_trail(
    source: int | None, envelope: int | None, kafka: int | None
) -> None:
    chosen, _ = change_timestamp(source, envelope, kafka)

    assert EARLIEST <= chosen <= LATEST + ONE_DAY


def test_the_limits_are_those_that_were_released() -> None:
    assert (EARLIEST, LATEST, ONE_DAY) == (
        946_684_800_000_000,
        7_258_118_400_000_000,
        86_400_000_000,
    )


@pytest.mark.parametrize(
    ("given_times", "expected"),
    [
        ((1_999, 5, 7), 1),
        ((-1, 5, 7), -1),
        ((None, 5, 7), 5),
        ((None, None, 7), 7_000),
        ((None, None, None), None),
    ],
)
def test_the_finest_time_counts_rounded_down(
    given_times: tuple[int | None, int | None, int | None], expected: int | None
) -> None:
    assert microseconds(*given_times) == expected


@pytest.mark.parametrize(("given_time", "expected"), [(5, 5_000), (0, 0), (-1, None), (None, None)])
def test_kafka_has_no_negative_time(given_time: int | None, expected: int | None) -> None:
    assert kafka_microseconds(given_time) == expected


@pytest.mark.parametrize("wild", [9_223_371_331_200_000_000, 2**63 * 1000, -(2**63)])
def test_a_clock_that_no_trail_can_hold_is_left_out(wild: int) -> None:
    assert storable(wild) is None


@pytest.mark.parametrize("time", [None, 0, -210_866_803_200_000_000, 9_223_371_331_199_999_999])
def test_every_other_clock_is_kept(time: int | None) -> None:
    assert storable(time) == time
