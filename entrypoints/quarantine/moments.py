"""Times on the command line: ``2026-01-31T12:00:00Z``, or how long ago, or how long from now."""

import datetime as dt
import re

import typer

_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MICROSECONDS = 1_000_000


def moment(option: str, text: str | None, *, now: float, ahead: bool = False) -> int | None:
    """
    Read a time.

    Args:
        option: Name of the option, for the error.
        text: ISO 8601, in UTC where it names no zone; or ``30m``, ``2h``, ``1d``.
        now: Seconds since 1970.
        ahead: Whether a span is from now on, not back.

    Returns:
        Microseconds since 1970, UTC; None for None.

    Raises:
        BadParameter: It is neither.
    """
    if text is None:
        return None
    if span := _SPAN.fullmatch(text):
        seconds = int(span[1]) * _UNITS[span[2]]
        return int((now + seconds if ahead else now - seconds) * _MICROSECONDS)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{option}: {text!r} is no time. Give 2026-01-31T12:00:00Z, or 30m, 2h, 1d."
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=dt.UTC)
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def shown(microseconds: int | None) -> str | None:
    """Write a time as ISO 8601 in UTC, to the second; None for None."""
    if microseconds is None:
        return None
    at = dt.datetime.fromtimestamp(microseconds // _MICROSECONDS, tz=dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
