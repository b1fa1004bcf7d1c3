"""
JSON text, read and written without loss: numbers stay as the source wrote them.

`canonical_text` is the one text of a value, whoever wrote it: columns sorted by name at every
level, no spaces, no escapes that JSON does not ask for.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from domain.jsonb_safety import MAX_DEPTH, nesting

_HALF_PAIR = re.compile("[\ud800-\udfff]")


class TooDeepError(ValueError):
    """It is nested so deep that nobody looks inside."""


class Number(str):
    """A number as the source wrote it."""

    __slots__ = ()


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """
    Read any JSON.

    Returns:
        What `json.loads` gives, with every number as a `Number`.

    Raises:
        TooDeepError: It is nested deeper than `MAX_DEPTH`.
        ValueError: It is no JSON.
    """
    if text.count("{") + text.count("[") > MAX_DEPTH and nesting(text) > MAX_DEPTH:
        raise TooDeepError(f"it is nested deeper than {MAX_DEPTH}")
    try:
        return json.loads(text, parse_int=Number, parse_float=Number)
    except RecursionError as error:  # brackets in a broken string are counted by nobody
        raise TooDeepError("it is nested too deep") from error


def written(value: object, *, is_sorted: bool = False) -> str:
    """Write what `parsed` read, with columns sorted by name where that is wanted."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return _HALF_PAIR.sub(_escaped, json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        columns = cast("Mapping[str, object]", value)
        names = sorted(columns) if is_sorted else columns
        pairs = (f"{written(n)}:{written(columns[n], is_sorted=is_sorted)}" for n in names)
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        elements = cast("list[object]", value)
        return f"[{','.join(written(element, is_sorted=is_sorted) for element in elements)}]"
    return json.dumps(value)


def canonical_text(text: str) -> str:
    """Give the one text of the JSON value `text`; what is nested too deep stays as it is."""
    try:
        return written(parsed(text), is_sorted=True)
    except ValueError:
        return text


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether what was read is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether what was read is a JSON array."""
    return isinstance(value, list)


def is_text(value: object) -> TypeGuard[str]:
    """Whether what was read is a text, and no number."""
    return isinstance(value, str) and not isinstance(value, Number)


def holds_json(text: str) -> bool:
    """Whether a text may be an object or an array written as JSON: a cheap look."""
    return text.lstrip()[:1] in {"{", "["}


def _escaped(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"
