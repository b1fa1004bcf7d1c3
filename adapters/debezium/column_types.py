"""
Types of columns as databases write them, and as Debezium's ``sourceSchema`` tells them.

    numeric(10,2)   timestamp(3) without time zone   int(10) unsigned   varchar(5)[]   _int4
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import is_array, is_object

_TYPE = re.compile(
    r"""
    (?P<name>[^()\[\]]+)
    (?: \( (?P<arguments>(?:'(?:[^'\\]|''|\\.)*'|[^()'])*) \) (?P<rest>[^()\[\]]*) )?
    (?P<dimensions>(?:\s*\[\d*\])*) \s*
    """,
    re.VERBOSE,
)
_WORDS_OF_NUMBERS = frozenset({"unsigned", "signed", "zerofill"})


class ColumnType(msgspec.Struct, frozen=True):
    """
    A column's type, or that of an array's elements.

    Attributes:
        name: In lower case, without arguments and without the schema that it is in.
        arguments: Length, precision, scale; none where they are not said.
        is_unsigned: Whether the type is an unsigned number.
        is_array: Whether the column holds arrays of it.
    """

    name: str
    arguments: tuple[int, ...] = ()
    is_unsigned: bool = False
    is_array: bool = False

    def argument(self, default: int) -> int:
        """The first argument, or `default`."""
        return self.arguments[0] if self.arguments else default


def read_type(text: str) -> ColumnType | None:
    """Read a type as a database writes it; None for what is no type."""
    match = _TYPE.fullmatch(text.strip())
    if match is None:
        return None
    words = f"{match['name']} {match['rest'] or ''}".lower().split()
    name = " ".join(word for word in words if word not in _WORDS_OF_NUMBERS)
    name = name if name == '"char"' else name.rpartition(".")[2].strip('"')
    is_array = bool(match["dimensions"]) or name.startswith("_")
    return ColumnType(
        name=name.removeprefix("_") if is_array else name,
        arguments=_numbers(match["arguments"]),
        is_unsigned="unsigned" in words or "zerofill" in words,
        is_array=is_array,
    )


def types_of_source_schema(block: Any) -> dict[str, ColumnType]:
    """
    The columns that ``sourceSchema`` tells, which `ExtractSchemaToNewRecord` adds to envelopes.

    Its names are of any case; length and scale stand beside the name.
    """
    table = block.get("table") if is_object(block) else None
    columns = table.get("columns") if is_object(table) else None
    found: dict[str, ColumnType] = {}
    for column in columns if is_array(columns) else ():
        name, kind = (column.get("name"), _told_type(column)) if is_object(column) else (None, None)
        if type(name) is str and kind is not None:
            found[name] = kind
    return found


def named(nodes: Mapping[str, ConnectSchema]) -> ConnectSchema:
    """The schema of rows with these columns."""
    fields = [msgspec.structs.replace(node, field=name) for name, node in nodes.items()]
    return ConnectSchema("struct", fields=tuple(fields))


def _told_type(column: dict[str, Any]) -> ColumnType | None:
    text = column.get("typeExpression") or column.get("typeName")
    kind = read_type(text) if type(text) is str else None
    if kind is None or kind.arguments:
        return kind
    length, scale = column.get("length"), column.get("scale")
    told = [n for n in (length, scale) if type(n) is int]
    return msgspec.structs.replace(kind, arguments=_of_connector(kind.name, told))


def _of_connector(name: str, told: list[int]) -> tuple[int, ...]:
    """PostgreSQL's connector gives a time's width as length, and its precision as scale."""
    if name.startswith("time") and len(told) > 1:
        return (told[1],)
    if name.startswith("time") and told and told[0] > _FINEST:
        return ()
    return tuple(told)


_FINEST = 6


def _numbers(text: str | None) -> tuple[int, ...]:
    parts = [part.strip() for part in (text or "").split(",")]
    if not all(re.fullmatch(r"-?\d{1,9}", part) for part in parts):
        return ()
    return tuple(int(part) for part in parts)
