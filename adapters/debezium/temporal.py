"""
Dates, times and durations as text, exact at any year: integers in, ISO 8601 out.

`datetime` covers the years 1 to 9999 in microseconds; databases go further and finer. So days
become dates by arithmetic of the proleptic Gregorian calendar, with floor division throughout:
-1 ms is ``1969-12-31T23:59:59.999``. Years beyond 9999 carry ``+``, those before 0 ``-`` (year 0
is 1 BC). Fractions have 0, 3, 6 or 9 digits. Times without a zone get none.
"""

from datetime import date

from domain.calendar_date import calendar_date

_ORDINAL_1970 = 719_163
_FIRST_ORDINAL, _LAST_ORDINAL = 1, 3_652_059

NANOSECONDS = 1_000_000_000
_DAY = 86_400

POSTGRESQL_MAXIMUM_DATE = 2_145_042_905
POSTGRESQL_MINIMUM_DATE = -2_440_588

_DATE_INFINITIES = {-2_147_472_692: "infinity", -2_147_472_691: "-infinity"}
_SNAPSHOT_DATE_INFINITIES = frozenset({-622_191_233, 624_383_253})
_MOST, _LEAST = 2**63 - 1, -(2**63)
_TIMESTAMP_INFINITIES = {
    1_000: {9_223_372_036_825_200: "infinity", -9_223_372_036_832_400: "-infinity"},
    1_000_000: {
        9_223_372_036_825_200_000: "infinity",
        -9_223_372_036_832_400_000: "-infinity",
    },
    NANOSECONDS: {_MOST: "infinity", _LEAST: "-infinity", -_MOST: "-infinity"},
}


def date_text(days: int) -> str:
    """A date, from days since 1970; PostgreSQL's overflowing infinities are recognised."""
    ordinal = days + _ORDINAL_1970
    if _FIRST_ORDINAL <= ordinal <= _LAST_ORDINAL:
        return date.fromordinal(ordinal).isoformat()
    infinity = _DATE_INFINITIES.get(days)
    return infinity if infinity is not None else calendar_date_text(*calendar_date(days))


def is_suspect_date(days: int) -> bool:
    """
    Whether `days` is likely an infinity that a snapshot spoiled, or no date of PostgreSQL's.

    One of the two spoiled values is also a legal date, so it is flagged and not translated.
    """
    if days in _DATE_INFINITIES:
        return False
    in_range = POSTGRESQL_MINIMUM_DATE <= days <= POSTGRESQL_MAXIMUM_DATE
    return days in _SNAPSHOT_DATE_INFINITIES or not in_range


def is_suspect_timestamp(value: int, per_second: int) -> bool:
    """
    Whether a timestamp lies before PostgreSQL's first: its last ones overflow to such numbers.

    Args:
        value: Units since 1970-01-01T00:00:00.
        per_second: Units in a second: 1000, 1000000 or 1000000000.
    """
    return value < POSTGRESQL_MINIMUM_DATE * _DAY * per_second and (
        value not in _TIMESTAMP_INFINITIES[per_second]
    )


def time_text(value: int, per_second: int) -> str:
    """
    A time of day, from units since midnight. 24:00:00 is one; MySQL's reach to +-838:59:59.

    Args:
        value: Units since midnight; may be negative or more than a day.
        per_second: Units in a second.
    """
    sign = "-" if value < 0 else ""
    seconds, fraction = divmod(abs(value), per_second)
    return f"{sign}{_clock(seconds)}{_fraction(fraction, per_second)}"


def timestamp_text(value: int, per_second: int) -> str:
    """
    A timestamp without zone, from units since 1970 of its wall clock.

    Args:
        value: Units since 1970-01-01T00:00:00; PostgreSQL's infinities are recognised.
        per_second: Units in a second: 1000, 1000000 or 1000000000.
    """
    infinity = _TIMESTAMP_INFINITIES[per_second].get(value)
    if infinity is not None:
        return infinity
    seconds, fraction = divmod(value, per_second)
    days, second_of_day = divmod(seconds, _DAY)
    ordinal = days + _ORDINAL_1970
    if _FIRST_ORDINAL <= ordinal <= _LAST_ORDINAL:
        day = date.fromordinal(ordinal).isoformat()
    else:
        day = calendar_date_text(*calendar_date(days))
    return f"{day}T{_clock(second_of_day)}{_fraction(fraction, per_second)}"


def duration_text(value: int, per_second: int) -> str:
    """A duration of exact seconds in ISO 8601, as ``PT10303H5M6.78S``; zero is ``PT0S``."""
    sign = "-" if value < 0 else ""
    seconds, fraction = divmod(abs(value), per_second)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    digits = f"{fraction:0{len(str(per_second)) - 1}d}".rstrip("0")
    parts = [f"{sign}{hours}H" if hours else "", f"{sign}{minutes}M" if minutes else ""]
    if seconds or digits or not (hours or minutes):
        parts.append(f"{sign}{seconds}{'.' if digits else ''}{digits}S")
    return "PT" + "".join(parts)


def calendar_date_text(year: int, month: int, day: int) -> str:
    """A date from its parts; the year is astronomical (0 is 1 BC)."""
    return f"{_year(year)}-{month:02d}-{day:02d}"


def clock_text(hour: int, minute: int, second: int, nanoseconds: int) -> str:
    """A time of day from its parts."""
    fraction = _fraction(nanoseconds, NANOSECONDS)
    return f"{hour:02d}:{minute:02d}:{second:02d}{fraction}"


def offset_text(seconds: int) -> str:
    """An offset from UTC: ``Z``, ``+05:30`` or ``+05:30:15``."""
    if seconds == 0:
        return "Z"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    tail = f":{rest:02d}" if rest else ""
    return f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}{tail}"


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _fraction(fraction: int, per_second: int) -> str:
    if not fraction:
        return ""
    width = len(str(per_second)) - 1
    digits = f"{fraction:0{width}d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}"


def _year(year: int) -> str:
    if year < 0:
        return f"-{-year:04d}"
    return f"{year:04d}" if year <= 9999 else f"+{year}"  # noqa: PLR2004 - the last year of 4 digits
