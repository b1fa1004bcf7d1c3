"""
Where the parts of a JSON text are, so that it can be damaged by cutting and pasting.

    {"a": 1, "b": [2]}
     ------             a member: `start` to `end`, its value from `value` to `end`
              --------  another
                    -   an element, which is its own value
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_MOST = 20_000


class Part(NamedTuple):
    """
    A member of an object, or an element of an array.

    Attributes:
        start: Where it begins.
        value: Where its value begins.
        end: Where it ends.
        in_schema: Whether it is inside the member ``schema`` of the whole.
    """

    start: int
    value: int
    end: int
    in_schema: bool


Spans = Sequence[Part]


def spans_of(text: bytes) -> Spans:
    """The parts of a text, in order of their ends; none where it is not JSON, or huge."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    return _Reader().read(text)[:_MOST]


class _Reader:
    """Reads tokens of valid JSON."""

    def __init__(self) -> None:
        self._found: list[Part] = []
        self._open: list[tuple[int, int]] = []
        self._schema_depth: int | None = None

    def read(self, text: bytes) -> list[Part]:
        """Give the parts."""
        start = value = -1
        for token in _TOKEN.finditer(text):
            first = token[0][:1]
            if first == b":":
                value = -1
                if len(self._open) == 1 and text[start : token.start()].rstrip() == b'"schema"':
                    self._schema_depth = 1
            elif first in b",}]":
                if start >= 0:
                    self._part(start, value, self._end)
                start, value = self._after(first)
            else:
                start = token.start() if start < 0 else start
                value = token.start() if value < 0 else value
                if first in b"{[":
                    self._open.append((start, value))
                    start = value = -1
            self._end = token.end()
        return self._found

    _end = 0

    def _after(self, first: bytes) -> tuple[int, int]:
        """Where the part goes on behind a comma or a bracket: a closed value may be a member's."""
        return self._open.pop() if first in b"}]" else (-1, -1)

    def _part(self, start: int, value: int, end: int) -> None:
        in_schema = self._schema_depth is not None and len(self._open) > self._schema_depth
        self._found.append(Part(start, value, end, in_schema))
        if self._schema_depth == len(self._open):
            self._schema_depth = None
