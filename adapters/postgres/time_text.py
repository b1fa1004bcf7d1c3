"""Times as text for PostgreSQL, in any year that it knows: Python's own end with the year 9999."""

from domain.calendar_date import calendar_date


def time_text(microseconds: int) -> str:
    """Write a time, in microseconds since 1970, as PostgreSQL reads it, exactly."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    date, suffix = _date(days)
    return f"{date} {hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}+00{suffix}"


def _date(days: int) -> tuple[str, str]:
    """The date so many days after 1970-01-01, and `` BC`` before year 1."""
    year, month, day = calendar_date(days)
    if year <= 0:
        return f"{1 - year:04d}-{month:02d}-{day:02d}", " BC"
    return f"{year:04d}-{month:02d}-{day:02d}", ""
