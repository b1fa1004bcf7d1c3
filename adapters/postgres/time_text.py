"""Times as text for PostgreSQL, in any year that it knows: Python's own end with the year 9999."""

_EPOCH_SHIFT = 719_468  # days from 0000-03-01 to 1970-01-01
_DAYS_PER_ERA = 146_097  # days in 400 years
_YEARS_PER_ERA = 400


def time_text(microseconds: int) -> str:
    """Write a time, in microseconds since 1970, as PostgreSQL reads it, exactly."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    date, suffix = _date(days)
    return f"{date} {hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}+00{suffix}"


def _date(days: int) -> tuple[str, str]:
    """
    The date so many days after 1970-01-01, in the Gregorian calendar, and `` BC`` before year 1.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    era, day_of_era = divmod(days + _EPOCH_SHIFT, _DAYS_PER_ERA)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9  # noqa: PLR2004 - March is month 0
    year = year_of_era + era * _YEARS_PER_ERA + (month <= 2)  # noqa: PLR2004 - January, February
    if year <= 0:
        return f"{1 - year:04d}-{month:02d}-{day:02d}", " BC"
    return f"{year:04d}-{month:02d}-{day:02d}", ""
