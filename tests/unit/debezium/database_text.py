"""
A column's value in the database's own words, made comparable with what the decoder gives.

    truth: "2026-02-28 13:14:15.67" ──▶ `of_database` ──┐
                                                        ├──▶ equal
    image: "2026-02-28T13:14:15.670" ──▶ `of_image` ────┘

The Connect schema of the column says how to read both. Fractions of seconds lose trailing zeros,
decimals their scale, floats are numbers; everything else stays text.
"""

import re
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.temporal import duration_text

_TIME = "io.debezium.time."
_CONNECT = "org.apache.kafka.connect.data."
_NUMBERS = frozenset({"int8", "int16", "int32", "int64"})
_DECIMALS = frozenset({f"{_CONNECT}Decimal", "io.debezium.data.VariableScaleDecimal"})
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, )?')
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}]+)|(\{)')
_INTERVAL_PART = re.compile(r"([+-]?\d+) (year|mon|day)")
_CLOCK = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?")
_DAY, _MOST = 86_400_000_000, 2**63 - 1


def of_database(text: str | None, node: ConnectSchema) -> Any:  # noqa: ANN401 - any column
    """The database's text of a column, comparable."""
    if text is None:
        return None
    if node.type == "array" and node.items is not None:
        return [of_database(part, node.items) for part in _elements(text)]
    reader = None if node.type == "double" else _DATABASE_BY_NAME.get(node.name or "")
    try:
        return reader(text) if reader is not None else _of_plain(text, node.type)
    except (ValueError, ArithmeticError):
        return text  # it is of another type: not equal to anything of this one


def of_image(value: Any, node: ConnectSchema) -> Any:  # noqa: ANN401 - any column
    """The same column's value in an image, comparable."""
    if value is None:
        return None
    if node.type == "array" and node.items is not None:
        return [of_image(part, node.items) for part in value]
    if node.type in {"float", "double"} or node.name in _DECIMALS:
        return _number(str(value), node.type)
    if (node.name or "").startswith((_TIME, _CONNECT)) and not str(node.name).endswith("Year"):
        return _short(str(value))
    return value


def hstore(text: str) -> dict[str, str | None]:
    """PostgreSQL's text of an hstore, as a map."""
    return {
        _unquoted(match[1]): None if match[2] is None else _unquoted(match[2])
        for match in _HSTORE.finditer(text)
    }


def _of_plain(text: str, kind: str) -> Any:  # noqa: ANN401 - any column
    if kind in _NUMBERS:
        return int(text)
    if kind in {"float", "double"}:
        return _number(text, kind)
    if kind == "boolean":
        return text in {"t", "true", "1", "b:1"}
    return text.replace("\\x", "0x").lower() if kind == "bytes" else text


def _number(text: str, kind: str) -> Any:  # noqa: ANN401 - a number, or a word
    """A number, NaN and infinities as words. Raises ValueError, ArithmeticError for others."""
    if kind == "float":
        return repr(struct.unpack("f", struct.pack("f", float(text)))[0])
    bare = _without_currency(text)
    return repr(float(bare)) if kind == "double" else Decimal(bare)


def _without_currency(text: str) -> str:
    return text.replace("$", "").replace(",", "")


def iso(text: str) -> str:
    """PostgreSQL's and MariaDB's text of a date or timestamp in ISO 8601."""
    is_before_christ = text.endswith(" BC")
    text = text.removesuffix(" BC").replace(" ", "T").replace("+00", "Z")
    year, dash, rest = text.partition("-")
    if not dash or not year.isdigit():
        return _short(text)
    number = 1 - int(year) if is_before_christ else int(year)
    sign = "-" if number < 0 else "+" if number > 9999 else ""
    return _short(f"{sign}{abs(number):04d}-{rest}")


def _short(text: str) -> str:
    """`text` without needless zeros in its fraction of a second."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda match: match[1].rstrip("."), text)


def _zoned(text: str) -> str:
    text = iso(text)
    return text if text.endswith(("Z", "infinity")) else f"{text}Z"


def _utc_time(text: str) -> str:
    """``13:14:15.678901+05:30`` in UTC, the only zone that Debezium gives times in."""
    clock, sign, offset = re.split(r"([+-])", text)
    hours, _, minutes = offset.partition(":")
    shift = (int(hours) * 60 + int(minutes or 0)) * 60_000_000
    micros = (_clock_micros(clock) - (shift if sign == "+" else -shift)) % _DAY
    seconds, fraction = divmod(micros, 1_000_000)
    minutes_of_day, second = divmod(seconds, 60)
    return _short(
        f"{minutes_of_day // 60:02d}:{minutes_of_day % 60:02d}:{second:02d}.{fraction:06d}Z"
    )


def _clock_micros(text: str) -> int:
    match = _CLOCK.search(text)
    if match is None:
        return 0
    sign, hours, minutes, seconds, fraction = match.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    micros = whole * 1_000_000 + int((fraction or "0").ljust(6, "0"))
    return -micros if sign else micros


def _average_duration(text: str) -> str:
    """An interval as Debezium averages it: 365.25 days a year, twelve equal months."""
    parts = {unit: int(count) for count, unit in _INTERVAL_PART.findall(text)}
    months = parts.get("year", 0) * 12 + parts.get("mon", 0)
    micros = months * _DAY * 30_4375 // 10_000 + parts.get("day", 0) * _DAY + _clock_micros(text)
    return _short(duration_text(min(micros, _MOST), 1_000_000))


def _elements(text: str) -> list[str | None]:
    """The elements of PostgreSQL's text of an array; one of arrays has nulls, as Debezium does."""
    found: list[str | None] = []
    depth, inside = 0, text[1:-1]
    for match in _ELEMENT.finditer(inside):
        if match[3]:
            depth += 1
            found.append(None)
        elif depth == 0:
            bare = match[2]
            found.append(_unquoted(match[1]) if bare is None else None if bare == "NULL" else bare)
        if inside[match.end() : match.end() + 1] == "}":
            depth -= 1
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _point(text: str) -> str:
    x, y = text.strip("()").split(",")
    return f"POINT({x} {y})"


_DATABASE_BY_NAME: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_DECIMALS, lambda text: Decimal(_without_currency(text))),
    f"{_TIME}Date": iso,
    f"{_TIME}Time": _short,
    f"{_TIME}MicroTime": _short,
    f"{_TIME}Timestamp": iso,
    f"{_TIME}MicroTimestamp": iso,
    f"{_TIME}ZonedTimestamp": _zoned,
    f"{_TIME}ZonedTime": _utc_time,
    f"{_TIME}MicroDuration": _average_duration,
    f"{_TIME}Year": int,
    f"{_CONNECT}Date": iso,
    f"{_CONNECT}Time": _short,
    f"{_CONNECT}Timestamp": iso,
    "io.debezium.data.Bits": str,
    "io.debezium.data.geometry.Point": _point,
}
