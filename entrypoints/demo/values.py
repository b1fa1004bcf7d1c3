"""
One column's value as the source prints it and as the trail keeps it, made comparable.

The source says `column::text`, the trail JSON. Both become the same Python value, or they differ:
numbers exactly, with their scale; times to the microsecond; JSON by content.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec


class Unreadable(msgspec.Struct, frozen=True):
    """A value of the trail that is not of its column's type: equal to none that is."""

    raw: str


Value = str | int | bool | Decimal | dt.date | dt.datetime | Unreadable | None
"""What a value becomes. JSON becomes a text with sorted keys."""


class UnreadableValueError(ValueError):
    """A value that its column's type does not allow, or a type that is not known here."""


def read_value(raw: object, kind: str) -> Value:
    """
    Read `raw`, a text of the source or a JSON value of the trail, as `kind`.

    Args:
        raw: The value; JSON numbers as Decimal.
        kind: Name of the column's type, as ``format_type`` prints it, without its modifier.

    Raises:
        UnreadableValueError: It is no such value, or `kind` is not known.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise UnreadableValueError(f"values of type {kind} cannot be compared: add a reader")
    if raw is None:
        return None
    try:
        return reader(raw)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise UnreadableValueError(f"{raw!r} is not of type {kind}") from error


def _whole(raw: Any) -> int:  # noqa: ANN401 - any JSON value
    number = Decimal(raw)
    if number != int(number) or isinstance(raw, bool):
        raise ValueError(raw)
    return int(number)


def _exact(raw: Any) -> str:  # noqa: ANN401 - any JSON value
    """1.10 and 1.1 are equal numbers; they are not the same numeric(10,2)."""
    if isinstance(raw, bool):
        raise TypeError(raw)
    return f"{Decimal(raw):f}"


def _truth(raw: object) -> bool:
    words: dict[object, bool] = {"true": True, "false": False, "t": True, "f": False}
    return raw if isinstance(raw, bool) else words[raw]


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(raw)
    return raw


def _json(raw: object) -> str:
    """Text of the content: keys sorted, numbers as Decimal: no digit and no type is lost."""
    if isinstance(raw, str):
        raw = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
    return repr(_with_sorted_keys(raw))


def _with_sorted_keys(content: object) -> object:
    if isinstance(content, dict):
        items = cast("dict[str, object]", content).items()
        return {key: _with_sorted_keys(value) for key, value in sorted(items)}
    if isinstance(content, list):
        return [_with_sorted_keys(item) for item in cast("list[object]", content)]
    return content


def _instant(raw: object) -> dt.datetime:
    at = dt.datetime.fromisoformat(_text(raw))
    if at.tzinfo is None:
        raise ValueError(raw)
    return at.astimezone(dt.UTC)


def _wall_clock(raw: object) -> dt.datetime:
    at = dt.datetime.fromisoformat(_text(raw))
    if at.tzinfo is not None:
        raise ValueError(raw)
    return at


_READERS: Mapping[str, Callable[[Any], Value]] = {
    "smallint": _whole,
    "integer": _whole,
    "bigint": _whole,
    "numeric": _exact,
    "boolean": _truth,
    "text": _text,
    "jsonb": _json,
    "date": lambda raw: dt.date.fromisoformat(_text(raw)),
    "timestamp without time zone": _wall_clock,
    "timestamp with time zone": _instant,
}
