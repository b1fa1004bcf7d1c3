"""
When a change happened, judged from the record alone. All times are microseconds since 1970, UTC.

    chosen  = the source's time, else the envelope's
    result  = chosen                  if 2000-01-01 <= chosen <= Kafka's time + 1 day
              Kafka's time            else, if it lies in 2000-01-01 .. 2200-01-01
              2000-01-01              else

A record that is read again thus lands on the same key of the trail, and no clock of ours, and no
wild value of a source, can make a partition of the table. Without a time of Kafka's, 2200-01-01
is the upper bound. The rule never changes after release.
"""

from domain.operation import TimestampSource

EARLIEST = 946_684_800_000_000
"""2000-01-01T00:00:00Z, the earliest change timestamp."""

LATEST = 7_258_118_400_000_000
"""2200-01-01T00:00:00Z: a time of Kafka's from here on is not believed."""

ONE_DAY = 86_400_000_000
"""A source's clock may be ahead of Kafka's by this much."""


_FIRST = -210_866_803_200_000_000
"""4714-11-24 BC, the first day of PostgreSQL's `timestamptz`."""

_LAST = 9_223_371_331_199_999_999
"""The end of the year 294246: microseconds from here on leave 64 bits."""


def microseconds(
    nanoseconds: int | None, microseconds: int | None, milliseconds: int | None
) -> int | None:
    """The finest of the three times that is given, rounded down; None where there is none."""
    if nanoseconds is not None:
        return nanoseconds // 1000
    if microseconds is not None:
        return microseconds
    return None if milliseconds is None else milliseconds * 1000


def kafka_microseconds(milliseconds: int | None) -> int | None:
    """Kafka's timestamp in microseconds; None where it has none (negative)."""
    return None if milliseconds is None or milliseconds < 0 else milliseconds * 1000


def storable(time: int | None) -> int | None:
    """
    A clock's reading that a trail can hold; None for one beyond 4713 BC to 294247.

    No clock of a connector or a broker stands there. The change itself must not be refused for it.
    """
    return None if time is None or not _FIRST <= time <= _LAST else time


def change_timestamp(
    source: int | None, envelope: int | None, kafka: int | None
) -> tuple[int, TimestampSource]:
    """
    Judge when a change happened.

    Args:
        source: The database's time of the change; None where unknown.
        envelope: The connector's time of handling it; None where unknown.
        kafka: Kafka's timestamp of the record; None where it has none.

    Returns:
        The time, and the clock that it was taken from.
    """
    latest = LATEST if kafka is None else kafka + ONE_DAY
    if source is not None:
        if EARLIEST <= source <= latest:
            return source, TimestampSource.SOURCE
    elif envelope is not None and EARLIEST <= envelope <= latest:
        return envelope, TimestampSource.ENVELOPE
    if kafka is not None and EARLIEST <= kafka < LATEST:
        return kafka, TimestampSource.KAFKA
    return EARLIEST, TimestampSource.KAFKA
