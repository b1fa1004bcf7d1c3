"""
Values of the trail as SQL, for those who put a change back: what all dialects share.

The trail has a value's canonical text, and not its column's type. Most texts mean the same in any
column that can hold them, since a quoted literal takes the column's type. Where they do not
(``0x00ff`` may be bytes or a text) the type must be given, or there is no SQL.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

HEXADECIMAL = re.compile(r"0x(?:[0-9a-f]{2})*")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class NoSqlError(ValueError):
    """A value or a name cannot be written as SQL; the text says why."""


class ColumnSql(NamedTuple):
    """
    A column with a value.

    Attributes:
        name: Name of the column, quoted.
        literal: The value.
        condition: A condition that holds only if the column has this value now; null-safe.
    """

    name: str
    literal: str
    condition: str


class Dialect(msgspec.Struct, frozen=True):
    """
    How a database wants it.

    Attributes:
        name: ``postgresql`` or ``mysql`` (MariaDB's is the same).
        column: Writes a column, given its name, the JSON text of a value, and the type as the
            database writes it, None where it is not known. Raises `NoSqlError`.
        quoted_name: Quotes the name of a column or a table. Raises `NoSqlError`.
        insert_suffix: Between the columns of an INSERT and VALUES.
    """

    name: str
    column: Callable[[str, str, str | None], ColumnSql]
    quoted_name: Callable[[str], str]
    insert_suffix: str = ""


def bytes_of(text: str) -> str:
    """The hexadecimal digits of bytes as the trail has them; raises `NoSqlError` without such."""
    if not HEXADECIMAL.fullmatch(text):
        raise NoSqlError("its type is one of bytes, and the value is not written as bytes")
    return text[2:]


def check_name(name: str) -> None:
    """Refuse a name that no database has. Raises `NoSqlError`."""
    if not name or "\0" in name or is_broken(name):
        raise NoSqlError("its name has characters that no SQL can name")


def is_broken(text: str) -> bool:
    """Whether there is half a surrogate pair in it."""
    return any("\ud800" <= character <= "\udfff" for character in text)
