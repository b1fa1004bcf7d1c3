r"""
Which JSON passes PostgreSQL's `json` and breaks its `jsonb`, and a reversible escape for it.

`json` keeps any JSON text. The cast to `jsonb`, which readers do, refuses

* ``\u0000``, in values and in names;
* half a surrogate pair, as ``\ud800``;
* numbers beyond `numeric`: more than 131,072 digits before the point, or 16,383 behind it;
* what is nested deeper than the stack allows, or takes more than 256 MB.

Numbers with an exponent beyond 400 are refused here as well, long before `numeric` does it: when
printed, each takes as many digits as its exponent says. So are whole numbers of more than 4,300
digits, which Python's readers refuse.

**The escape.** A column with such a value is stored as a JSON string that holds the JSON text of
the value: ``{"a": "x\u0000"}`` becomes ``{"a": "\"x\\u0000\""}``, and `value_notes` says
``{"a": "escaped"}``. Where that does not help (such a name; too much of it) the whole image is one
string under the empty name, ``{"": "{...}"}``, and `value_notes` says ``{"": "escaped_image"}``.
`unescape_image` gives the text back, character by character. In SQL:
``(new_data ->> 'a')::json``.
"""

import json
import re
from collections.abc import Callable, Collection, Sequence

import msgspec

MAX_DEPTH = 200
"""Deeper nesting than this is escaped: it is far below what any PostgreSQL's stack allows."""

_MAX_EXPONENT = 400
_EXPONENT_DIGITS = 3
_MAX_WHOLE_DIGITS = 4_300
_MAX_FRACTION_DIGITS = 16_383
_MAX_SIZE = 200_000_000
_SIZE_PER_ELEMENT = 16

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u([dD][89a-fA-F][0-9a-fA-F]{2}|0000)|\\."
)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_NO_BRACKETS = {code: None for code in range(128) if chr(code) not in "{}[]"}


class Member(msgspec.Struct, frozen=True):
    """
    One member of a JSON object's text.

    Attributes:
        name: Its name as JSON text, with quotes.
        start: Where its value starts in the object's text.
        end: Where its value ends.
    """

    name: str
    start: int
    end: int


def members(text: str) -> Sequence[Member] | None:
    """
    Find the members of a JSON object, whatever is nested in it.

    Returns:
        The members in order; None if `text` is no object. Values are not validated.
    """
    found: list[Member] = []
    depth, name, start, end = 0, None, -1, -1
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if depth == 0 and (first != "{" or end >= 0):
            return None
        if depth == 1 and first in ",}":
            if name is not None:
                found.append(Member(name, start, end))
            name, start = None, -1
        elif depth == 1 and name is None:
            name = token[0] if first == '"' else None
            if name is None:
                return None
        elif depth == 1 and start < 0 and first != ":":
            start = token.start()
        depth += (first in "{[") - (first in "}]")
        end = token.end()
    return found if depth == 0 and end >= 0 else None


def is_unsafe(text: str) -> bool:
    """Whether the JSON `text` passes `json` and breaks `jsonb`."""
    if "\\u" in text and any(match[1] for match in _ESCAPE.finditer(text)):
        return True
    plain = _STRING.sub('""', text) if '"' in text else text
    return nesting(plain) > MAX_DEPTH or _expanded_size(plain, len(text)) > _MAX_SIZE


def nesting(text: str) -> int:
    """How deep arrays and objects are nested in JSON text, counted up to `MAX_DEPTH` + 1."""
    brackets = (_STRING.sub("", text) if '"' in text else text).translate(_NO_BRACKETS)
    brackets = brackets.replace("{", "[").replace("}", "]")
    depth = 0
    while depth <= MAX_DEPTH and "[]" in brackets:
        brackets = brackets.replace("[]", "")
        depth += 1
    return depth


def escape_image(text: str) -> tuple[str, Sequence[str] | None]:
    """
    Make the JSON object `text` safe for readers that cast it to `jsonb`.

    Returns:
        The text to store, and the names of the escaped columns; None for them if the whole
        image was escaped.
    """
    found = members(text)
    if found is None or any(is_unsafe(member.name) for member in found):
        return escape_whole(text), None
    unsafe = {m.name for m in found if is_unsafe(text[m.start : m.end])}
    escaped = _spliced(text, [m for m in found if m.name in unsafe], _quoted)
    if is_unsafe(escaped):
        return escape_whole(text), None
    return escaped, tuple(dict.fromkeys(json.loads(m.name) for m in found if m.name in unsafe))


def unescape_image(text: str, escaped: Collection[str] | None) -> str:
    """
    Give back what `escape_image` was given.

    Args:
        text: What it returned, and what is stored.
        escaped: The names that it returned.
    """
    found = list(members(text) or ())
    if escaped is not None:
        found = [member for member in found if json.loads(member.name) in escaped]
        return _spliced(text, found, json.loads)
    return str(json.loads(text[found[0].start : found[0].end]))


def escape_whole(text: str) -> str:
    """Any JSON text as an object with one string under the empty name."""
    return f'{{"":{_quoted(text)}}}'


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _spliced(text: str, chosen: Sequence[Member], change: Callable[[str], str]) -> str:
    """`text` with the values of the `chosen` members changed, and all else as it was."""
    pieces: list[str] = []
    done = 0
    for member in chosen:
        pieces += text[done : member.start], change(text[member.start : member.end])
        done = member.end
    return "".join((*pieces, text[done:]))


def _expanded_size(plain: str, size: int) -> int:
    """Roughly what `jsonb` and its printed form take; without strings in `plain`."""
    total = size + _SIZE_PER_ELEMENT * plain.count(",")
    for match in _NUMBER.finditer(plain):
        whole, fraction, exponent = match.groups()
        shift = _shift(exponent) if exponent else 0
        if (
            shift > _MAX_EXPONENT
            or len(whole) + shift > _MAX_WHOLE_DIGITS
            or len(fraction or "") + shift > _MAX_FRACTION_DIGITS
        ):
            return _MAX_SIZE + 1
        total += shift
    return total


def _shift(exponent: str) -> int:
    """The exponent without its sign; anything beyond the limit counts as just beyond it."""
    digits = exponent.lstrip("+-0")
    return _MAX_EXPONENT + 1 if len(digits) > _EXPONENT_DIGITS else int(digits or 0)
