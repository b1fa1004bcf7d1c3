"""Dates of the proleptic Gregorian calendar, in any year: Python's own end with the year 9999."""

_DAYS_FROM_MARCH_0 = 719_468  # 0000-03-01 to 1970-01-01
_DAYS_PER_ERA = 146_097
_YEARS_PER_ERA = 400
_MONTHS_BEFORE_JANUARY = 10  # of a year that begins in March


def calendar_date(days: int) -> tuple[int, int, int]:
    """
    Year, month and day that is so many days after 1970-01-01; the year 0 is 1 BC.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    era, day_of_era = divmod(days + _DAYS_FROM_MARCH_0, _DAYS_PER_ERA)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153  # March is 0
    day = day_of_year - (153 * month + 2) // 5 + 1
    year = year_of_era + era * _YEARS_PER_ERA
    if month < _MONTHS_BEFORE_JANUARY:
        return year, month + 3, day
    return year + 1, month - 9, day
