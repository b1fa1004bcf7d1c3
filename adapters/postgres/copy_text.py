r"""
PostgreSQL's COPY text format: one line a row, columns between tabs, ``\N`` for null.

Backslash, tab, newline and carriage return are escaped, so a line ends where a newline is, always:
rows can be joined back to back, and split apart again. What PostgreSQL cannot hold as text (NUL,
half a surrogate pair) goes through as it is: the server refuses that row, and no other.
"""

NULL = r"\N"

_EPOCH_SHIFT = 719_468  # days from 0000-03-01 to 1970-01-01
_DAYS_PER_ERA = 146_097  # days in 400 years
_YEARS_PER_ERA = 400


def text_field(text: str | None) -> str:
    """One column of text; null if None."""
    if text is None:
        return NULL
    # Searches for one character are far faster than a regular expression or a translation table.
    if "\\" in text:
        text = text.replace("\\", r"\\")
    if "\n" in text:
        text = text.replace("\n", r"\n")
    if "\t" in text:
        text = text.replace("\t", r"\t")
    if "\r" in text:
        text = text.replace("\r", r"\r")
    return text


def bytes_field(value: bytes | None) -> str:
    r"""One column of type `bytea`; null if None. Its own ``\x`` is escaped in turn."""
    return NULL if value is None else rf"\\x{value.hex()}"


def array_field(texts: tuple[str, ...] | None) -> str:
    """One column of type `text[]`; null if None. Every element is quoted."""
    if texts is None:
        return NULL
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return text_field("{" + ",".join(f'"{text}"' for text in quoted) + "}")


def timestamp_field(microseconds: int | None) -> str:
    """One column of type `timestamptz`, exact in any year; null if None."""
    if microseconds is None:
        return NULL
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    date, suffix = _date(days)
    return f"{date} {hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}+00{suffix}"


def joined(*fields: str) -> bytes:
    """One line."""
    return ("\t".join(fields) + "\n").encode("utf-8", "surrogatepass")


def split_lines(lines: bytes) -> list[bytes]:
    """The rows in `lines`, each with its newline."""
    return [line + b"\n" for line in lines.split(b"\n")[:-1]]


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
