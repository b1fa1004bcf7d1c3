"""Times for people, and exactly. The trail's times are microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = 60
_HOUR = 3600
_DAY = 86_400
_FIRST = datetime(1, 1, 3, tzinfo=UTC)
_LAST = datetime(9999, 12, 29, tzinfo=UTC)


def moment(microseconds: int) -> datetime:
    """The time as Python has it; aware, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def within_calendar(microseconds: int) -> int:
    """The nearest time that is still a date when a day is added, or taken away."""
    first, last = ((end - _EPOCH) // timedelta(microseconds=1) for end in (_FIRST, _LAST))
    return min(max(microseconds, first), last)


def iso(microseconds: int) -> str:
    """Exactly: ``2026-07-01T09:30:00.123456Z``."""
    return moment(microseconds).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def clock(microseconds: int) -> str:
    """The time of day to the second: ``09:30:00``."""
    return moment(microseconds).strftime("%H:%M:%S")


def precise(microseconds: int) -> str:
    """Day and time to the microsecond: ``1 Jul 2026, 09:30:00.123456``."""
    return f"{day(microseconds)}, {moment(microseconds):%H:%M:%S.%f}"


def day(microseconds: int) -> str:
    """The day: ``1 Jul 2026``."""
    time = moment(microseconds)
    return f"{time.day} {time:%b} {time.year}"


def ago(microseconds: int, now: datetime) -> str:
    """
    How long ago, while that is readable, else the day. Live pages repeat this in `live.js`.

    The source's clock may be a little ahead of ours: that is no reason to name the day.
    """
    seconds = (now - moment(microseconds)).total_seconds()
    if -_MINUTE < seconds < _MINUTE:
        return "just now"
    if 0 <= seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if 0 <= seconds < _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    return day(microseconds)


def for_input(microseconds: int) -> str:
    """As an input of type ``datetime-local`` takes it, to the millisecond at most."""
    time = moment(microseconds).replace(tzinfo=None)
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds")


def span(microseconds: int) -> str:
    """How long, in the two units that say most: ``3 h 12 min``."""
    seconds = max(microseconds // 1_000_000, 0)
    for size, name, smaller, next_name in (
        (_DAY, "days", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {name}" + (f" {rest} {next_name}" if rest else "")
    return f"{seconds} s"


def count(number: int) -> str:
    """A number with its thousands apart: ``1 234 567``, with spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")
