"""
Times as people write them on a command line.

| form | means |
|---|---|
| ``2026-07-01``, ``2026-07-01T09:30:00+02:00`` | that time; UTC unless it says otherwise |
| ``30s``, ``15m``, ``2h``, ``3d``, ``1w``, also ``2h ago`` | so long ago |
| ``now``, ``today``, ``yesterday`` | now; the beginning of that day, UTC |
"""

import re
from datetime import UTC, datetime, timedelta

import typer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def read_moment(option: str, text: str, *, now: datetime) -> int:
    """
    Read a time.

    Args:
        option: What the time was given for, for the error.
        text: The time; see the module's docstring.
        now: The time now, UTC.

    Returns:
        Microseconds since 1970, UTC.

    Raises:
        BadParameter: It is no time.
    """
    try:
        return (_moment(text.strip(), now) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{option}: {text!r} is no time. Write 2026-07-01, 2026-07-01T09:30 (UTC), "
            f"2026-07-01T09:30:00+02:00, 2h (ago), 3d, now, today or yesterday."
        ) from None


def _moment(text: str, now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if text.lower() in words:
        return words[text.lower()]
    if span := _SPAN.fullmatch(text.lower()):
        return now - int(span[1]) * _UNITS[span[2]]
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
