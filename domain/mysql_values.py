"""
Values as MySQL and MariaDB read them.

Texts are compared byte by byte, since a collation may take different ones for equal. A text with a
backslash, or a character that does not print, is written as its bytes: what a backslash means
depends on `sql_mode`. Instants are UTC: the script sets the session's time zone.
"""

import re

from domain.json_text import Number, parsed
from domain.sql_values import (
    HEXADECIMAL,
    NUMBER,
    ColumnSql,
    Dialect,
    NoSqlError,
    bytes_of,
    check_name,
    is_broken,
)

_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_TIMES = frozenset({"date", "datetime", "timestamp", "time", "year"})
_NUMBERS = frozenset(
    {"decimal", "numeric", "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "double"}
)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
_ZONELESS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+")
_BITS = re.compile(r"[01]+")


def _column(name: str, value: str, kind: str | None) -> ColumnSql:
    column = _quoted_name(name)
    base = None if kind is None else re.split(r"[ (]", kind.strip().lower(), maxsplit=1)[0]
    decoded = parsed(value)
    if decoded is None:
        return ColumnSql(column, "NULL", f"{column} IS NULL")
    literal = _literal(decoded, value, base)
    return ColumnSql(column, literal, _condition(column, literal, decoded, base))


def _literal(value: object, text: str, base: str | None) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Number):
        if not NUMBER.fullmatch(value):
            raise NoSqlError("it is a number that SQL cannot write")
        return str(value)
    if isinstance(value, str):
        return _typed_text(value, base)
    if base == "json" or (base == "longtext" and isinstance(value, dict)):
        return _quoted(text)
    raise NoSqlError("it is an object or a list, and no type says how the column takes it")


def _typed_text(value: str, base: str | None) -> str:
    if base is None:
        return _untyped_text(value)
    if base in _BYTES:
        return f"X'{bytes_of(value)}'"
    if base == "bit":
        if not _BITS.fullmatch(value):
            raise NoSqlError("its type is bit, and the value is not written as bits")
        return f"b'{value}'"
    if base in _NUMBERS and NUMBER.fullmatch(value):
        return value
    if base in {"datetime", "timestamp"}:
        return _quoted(value.removesuffix("Z").replace("T", " ", 1))
    return _quoted(value)


def _untyped_text(value: str) -> str:
    if HEXADECIMAL.fullmatch(value):
        raise NoSqlError("it may be bytes or a text: the column's type is not known")
    if _INSTANT.fullmatch(value):
        raise NoSqlError("it may be a timestamp or a text: the column's type is not known")
    return _quoted(value)


def _condition(column: str, literal: str, value: object, base: str | None) -> str:
    if base == "float":  # the column's own number is not the one that is written
        return f"abs({column} - {literal}) <= abs({literal}) * 1e-6"
    is_time = base in _TIMES or (
        base is None and isinstance(value, str) and _ZONELESS.fullmatch(value) is not None
    )
    is_text = literal.startswith(("'", "_utf8mb4'", "CONVERT("))
    if is_text and not is_time:
        return f"CAST(CONVERT({column} USING utf8mb4) AS BINARY) <=> CAST({literal} AS BINARY)"
    return f"{column} <=> {literal}"


def _quoted(text: str) -> str:
    if is_broken(text):
        raise NoSqlError("it has half a surrogate pair in it")
    if "\\" in text or not text.isprintable():
        return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if text.isascii() else f"_utf8mb4'{doubled}'"


def _quoted_name(name: str) -> str:
    check_name(name)
    return "`" + name.replace("`", "``") + "`"


MYSQL = Dialect("mysql", _column, _quoted_name)
"""MySQL's and MariaDB's way."""
