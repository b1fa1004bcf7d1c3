"""
Values as PostgreSQL reads them.

Literals are quoted and have no type of their own, so that they take the column's: ``'3.14'`` is a
`real` beside a `real`. A backslash makes a literal an ``E''`` one, which means the same whatever
`standard_conforming_strings` is.
"""

import re
from typing import Any, cast

from domain.json_text import Number, parsed
from domain.sql_values import (
    HEXADECIMAL,
    ColumnSql,
    Dialect,
    NoSqlError,
    bytes_of,
    check_name,
    is_broken,
)

# Compared as text: they have no equality, or one that is not that of the values (areas).
_NO_EQUALITY = frozenset(
    {"json", "xml", "point", "line", "box", "path", "polygon", "circle", "citext"}
)
_JSON = frozenset({"json", "jsonb"})
_VECTORS = frozenset({"vector", "halfvec"})
_LONG_TIME = re.compile(r"-?PT(?:[3-9][0-9]|2[4-9]|[0-9]{3,})H.*")
_LOOKS_LIKE_A_DOCUMENT = re.compile(r"\s*[\[{<]")


def _column(name: str, value: str, kind: str | None) -> ColumnSql:
    column, base = _quoted_name(name), _base(kind)
    decoded = parsed(value)
    if decoded is None:
        return ColumnSql(column, "NULL", f"{column} IS NULL")
    literal = _literal(decoded, value, base)
    left = f"{column}{_cast(decoded, base)}"
    return ColumnSql(column, literal, f"{left} IS NOT DISTINCT FROM {literal}")


def _base(kind: str | None) -> str | None:
    """The type without its length: ``numeric(5,2)[]`` is ``numeric[]``."""
    return None if kind is None else re.sub(r"\(.*?\)", "", kind).strip().lower()


def _cast(value: object, base: str | None) -> str:
    """The cast for a column that can only be compared as text."""
    if base is None:
        is_document = isinstance(value, str) and _LOOKS_LIKE_A_DOCUMENT.match(value) is not None
        return "::text" if is_document else ""
    if base.removesuffix("[]") not in _NO_EQUALITY:
        return ""
    return "::text[]" if base.endswith("[]") else "::text"


def _literal(value: object, text: str, base: str | None) -> str:
    if isinstance(value, bool):
        return _quoted(
            str(value).lower() if base is None or not base.startswith("bit") else "01"[value]
        )
    if isinstance(value, str):
        return _quoted(value) if isinstance(value, Number) else _text(value, base)
    if base in _JSON:
        return _quoted(text)
    if isinstance(value, list):
        return _list(cast("list[object]", value), text, base)
    raise NoSqlError("it is an object, and how the column takes it depends on its type")


def _text(value: str, base: str | None) -> str:
    if base == "bytea":
        return f"decode('{bytes_of(value)}', 'hex')"
    if base is None and HEXADECIMAL.fullmatch(value):
        raise NoSqlError("it may be bytes or a text: the column's type is not known")
    if base == "interval" and _LONG_TIME.fullmatch(value):
        raise NoSqlError("the connector made one number of its months, days and hours")
    return _quoted(value)


def _list(value: list[object], text: str, base: str | None) -> str:
    if base in _VECTORS:
        return _quoted(text)
    if base is not None and not base.endswith("[]"):
        raise NoSqlError(f"it is a list, and the type of the column is {base}")
    return _quoted(_array(value, None if base is None else base.removesuffix("[]")))


def _array(value: list[object], element: str | None) -> str:
    return f"{{{','.join(_element(one, element) for one in value)}}}"


def _element(value: Any, element: str | None) -> str:  # noqa: ANN401 - JSON
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return _array(cast("list[object]", value), element)
    if isinstance(value, Number):
        return str(value)
    if not isinstance(value, str):
        raise NoSqlError("it is a list of objects")
    if element == "bytea":
        value = f"\\x{bytes_of(value)}"
    elif element is None and HEXADECIMAL.fullmatch(value):
        raise NoSqlError("it may be a list of bytes or of texts: its type is not known")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted(text: str) -> str:
    if "\0" in text or is_broken(text):
        raise NoSqlError("it has a character that PostgreSQL cannot hold")
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if "\\" not in doubled else "E'" + doubled.replace("\\", "\\\\") + "'"


def _quoted_name(name: str) -> str:
    check_name(name)
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


POSTGRESQL = Dialect("postgresql", _column, _quoted_name, " OVERRIDING SYSTEM VALUE")
"""PostgreSQL's way."""
