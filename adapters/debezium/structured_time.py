"""Debezium 3.7's structured dates and times: records of parts, made into ISO 8601."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.temporal import calendar_date_text, clock_text, offset_text

_SPECIAL = {"POSITIVE_INFINITY": "infinity", "NEGATIVE_INFINITY": "-infinity"}
_NANO_DIGITS = 9


def _special(value: Mapping[str, Any]) -> str | None:
    word = value.get("specialValue")
    return None if word is None else _SPECIAL.get(word, str(word))


def _parts(value: Mapping[str, Any], *names: str) -> list[int]:
    parts = [value.get(name) or 0 for name in names]
    for name, part in zip(names, parts, strict=True):
        if type(part) is not int:
            raise TypeError(f"{type(part).__name__} for {name}")
    return parts


def _day(value: Mapping[str, Any]) -> str:
    year, month, day = _parts(value, "year", "month", "day")
    return calendar_date_text(year, month, day)


def _clock(value: Mapping[str, Any]) -> str:
    hour, minute, second, nanos = _parts(value, "hour", "minute", "second", "nanos")
    return clock_text(hour, minute, second, nanos)


def _zone(value: Mapping[str, Any]) -> str:
    return offset_text(_parts(value, "offsetSeconds")[0])


def _date(value: Mapping[str, Any]) -> str:
    return _special(value) or _day(value)


def _time(value: Mapping[str, Any]) -> str:
    return _special(value) or _clock(value)


def _timestamp(value: Mapping[str, Any]) -> str:
    return _special(value) or f"{_day(value)}T{_clock(value)}"


def _zoned_time(value: Mapping[str, Any]) -> str:
    return _special(value) or f"{_clock(value)}{_zone(value)}"


def _zoned_timestamp(value: Mapping[str, Any]) -> str:
    return _special(value) or f"{_day(value)}T{_clock(value)}{_zone(value)}"


def _duration(value: Mapping[str, Any]) -> str:
    years, months, days, hours, minutes, seconds, nanos = _parts(
        value, "years", "months", "days", "hours", "minutes", "seconds", "nanos"
    )
    fraction = f".{abs(nanos):0{_NANO_DIGITS}d}".rstrip("0") if nanos else ""
    sign = "-" if nanos < 0 and seconds == 0 else ""
    return f"P{years}Y{months}M{days}DT{hours}H{minutes}M{sign}{seconds}{fraction}S"


def _always(convert: Callable[[Any], str]) -> Callable[[ConnectSchema], Callable[[Any], str]]:
    return lambda _: convert


STRUCTURED: dict[str, Callable[[ConnectSchema], Callable[[Any], Any] | None]] = {
    "io.debezium.time.StructuredDate": _always(_date),
    "io.debezium.time.StructuredTime": _always(_time),
    "io.debezium.time.StructuredTimestamp": _always(_timestamp),
    "io.debezium.time.StructuredZonedTime": _always(_zoned_time),
    "io.debezium.time.StructuredZonedTimestamp": _always(_zoned_timestamp),
    "io.debezium.time.StructuredDuration": _always(_duration),
}
"""Semantic name to factory of converters. `connect_schema` is not looked at: the parts say all."""
