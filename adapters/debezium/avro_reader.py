"""
Readers of Avro that are compiled once for each schema: twice as fast as a reader of any schema.

    bare schema ──▶ `_Program` ──▶ source of one function ──▶ `read(data)`

The function reads what is valid. It raises for everything else, and for what it does not know:
fastavro has the last word there, and the words for it. Nothing of a schema gets into the source:
names and symbols are constants that the source refers to by number.
"""

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

from adapters.debezium.exact_json import is_array, is_object

AvroReader = Callable[[bytes], Any]

_MOST_PARTS = 5000
"""Longer schemas are left to fastavro: a program of theirs would take too long to compile."""

_CONTINUES = 128
_MOST_BITS = 64


class NotCompiledError(Exception):
    """The schema is left to fastavro."""


def compile_reader(schema: Any) -> AvroReader:
    """
    The reader of a schema.

    Args:
        schema: A bare schema, as `AvroTypes` makes them.

    Returns:
        A function that takes a whole body, and raises some exception if it is not of the schema.

    Raises:
        NotCompiledError: The schema refers to itself, or is too long.
    """
    program = _Program()
    result = program.value(schema, 1)
    lines = ["def read(data):", "    p = 0", *program.lines]
    lines += ["    if p != len(data):", "        raise EOFError", f"    return {result}"]
    names: dict[str, Any] = {**_FUNCTIONS, **program.constants}
    exec(compile("\n".join(lines), "<reader of an Avro schema>", "exec"), names)  # noqa: S102 - see the module: it is our own text alone
    reader: AvroReader = names["read"]
    return reader


class _Program:
    """Writes the lines that read a value; `p` is where they are in `data`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self._defined: dict[str, Any] = {}
        self._open: set[str] = set()
        self._parts = 0

    def value(self, schema: Any, depth: int) -> str:
        """Write what reads a value; returns the name of the variable that it is in."""
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise NotCompiledError
        if isinstance(schema, str) and schema in self._defined:
            schema = self._defined[schema]
        if is_array(schema):
            return self._union(schema, depth)
        result = f"v{self._parts}"
        if is_object(schema):
            self._complex(schema, result, depth)
        elif schema == "null":
            return "None"
        elif schema in _PRIMITIVES:
            self._add(depth, *(line.replace("$", result) for line in _PRIMITIVES[schema]))
        else:
            raise NotCompiledError
        return result

    def _complex(self, schema: Mapping[str, Any], result: str, depth: int) -> None:
        if schema["type"] in {"array", "map"}:
            self._blocks(schema, result, depth)
        elif schema["type"] in {"record", "enum", "fixed"}:
            self._named(schema, result, depth)
        else:
            raise NotCompiledError

    def _add(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def _constant(self, value: object) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def _union(self, branches: Sequence[Any], depth: int) -> str:
        result = f"v{self._parts}"
        self._add(depth, "b = data[p]", "p += 1")
        word = "if"
        for number, branch in enumerate(branches):
            self._add(depth, f"{word} b == {2 * number}:")
            self._add(depth + 1, f"{result} = {self.value(branch, depth + 1)}")
            word = "elif"
        self._add(depth, "else:", "    raise LookupError")
        return result

    def _named(self, schema: Mapping[str, Any], result: str, depth: int) -> None:
        name: str = schema["name"]
        if name in self._open:  # it contains itself
            raise NotCompiledError
        self._defined[name] = schema
        match schema["type"]:
            case "record":
                self._open.add(name)
                members = ", ".join(
                    f"{self._constant(field['name'])}: {self.value(field['type'], depth)}"
                    for field in schema["fields"]
                )
                self._add(depth, f"{result} = {{{members}}}")
                self._open.remove(name)
            case "enum":
                names: Sequence[str] = schema["symbols"]
                symbols = self._constant(dict(enumerate(names)))
                self._add(depth, "n, p = long_at(data, p)", f"{result} = {symbols}[n]")
            case _:
                size = int(schema["size"])
                self._add(depth, f"{result}, p = data[p : p + {size}], p + {size}")
                self._add(depth, "if p > len(data):", "    raise EOFError")

    def _blocks(self, schema: Mapping[str, Any], result: str, depth: int) -> None:
        """Arrays and maps come in blocks; a negative count has the bytes of its block behind it."""
        count = f"n{self._parts}"
        is_map = schema["type"] == "map"
        self._add(depth, f"{result} = {'{}' if is_map else '[]'}", f"{count}, p = long_at(data, p)")
        self._add(depth, f"while {count}:", f"    if {count} < 0:")
        self._add(depth + 2, f"{count} = -{count}", "n, p = long_at(data, p)")
        self._add(depth + 1, f"for _ in range({count}):")
        if is_map:
            name = self.value("string", depth + 2)
            item = self.value(schema["values"], depth + 2)
            self._add(depth + 2, f"{result}[{name}] = {item}")
        else:
            self._add(depth + 2, f"{result}.append({self.value(schema['items'], depth + 2)})")
        self._add(depth + 1, f"{count}, p = long_at(data, p)")


def _long_at(data: bytes, position: int) -> tuple[int, int]:
    """A number of any length, and where it ends."""
    byte = data[position]
    position += 1
    number, bits = byte & 127, 7
    while byte >= _CONTINUES:
        byte = data[position]
        position += 1
        number |= (byte & 127) << bits
        bits += 7
    if number >> _MOST_BITS:
        raise OverflowError
    return (number >> 1) ^ -(number & 1), position


def _end_at(data: bytes, position: int) -> tuple[int, int]:
    """Where text ends whose length stands at `position`, and where it begins."""
    length, begin = _long_at(data, position)
    if length < 0:
        raise ValueError
    return begin + length, begin


_FUNCTIONS = {
    "long_at": _long_at,
    "end_at": _end_at,
    "float_at": Struct("<f").unpack_from,
    "double_at": Struct("<d").unpack_from,
    "truth": {0: False, 1: True},
}

_NUMBER = (
    "$ = data[p]",
    "if $ < 128:",
    "    $ = ($ >> 1) ^ -($ & 1)",
    "    p += 1",
    "else:",
    "    $, p = long_at(data, p)",
)
_LENGTH = (
    "$ = data[p]",
    "if $ < 128 and not $ & 1:",
    "    p += 1",
    "    $ = p + ($ >> 1)",
    "else:",
    "    $, p = end_at(data, p)",
)
_PRIMITIVES: Mapping[str, Sequence[str]] = {
    "boolean": ("$ = truth[data[p]]", "p += 1"),
    "int": _NUMBER,
    "long": _NUMBER,
    "float": ("($,) = float_at(data, p)", "p += 4"),
    "double": ("($,) = double_at(data, p)", "p += 8"),
    "string": (*_LENGTH, "$, p = data[p:$].decode(), $"),
    "bytes": (*_LENGTH, "$, p = data[p:$], $"),
}
