"""
JSON that is handed on as it is written: every number keeps its digits, every name its place.

What the trail stores is unescaped here: escapes are for databases' sake (`domain.jsonb_safety`).
"""

from collections.abc import Mapping

import msgspec

from domain.redacted_surroundings import escaped_whole

NULL = msgspec.Raw(b"null")

Members = Mapping[str, msgspec.Raw]

_encode = msgspec.json.Encoder().encode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def raw(text: str | None) -> msgspec.Raw | None:
    """JSON text as a value of JSON."""
    return None if text is None else msgspec.Raw(text.encode("utf-8", "backslashreplace"))


def plain(text: str | None) -> str | None:
    """The JSON text itself, where it was escaped whole."""
    return text and (escaped_whole(text) or text)


def members(text: str | None) -> Members:
    """The members of a JSON object; none for anything else."""
    try:
        return _members(text or "{}")
    except (msgspec.MsgspecError, UnicodeError):
        return {}


def member(found: Members, name: str) -> object:
    """The value of a member; None without it; as it is written where Python has no such value."""
    try:
        return msgspec.json.decode(found[name]) if name in found else None
    except msgspec.MsgspecError:
        return found[name]


def headers_of(text: str | None) -> Mapping[str, object]:
    """Stored headers by name, the last one where names repeat; without names that are no text."""
    pairs = msgspec.json.decode(text or "[]", type=list[tuple[object, object]])
    return {name: value for name, value in pairs if isinstance(name, str)}


def line_of(fields: Mapping[str, object]) -> bytes:
    """One line of JSON."""
    # In JSON, a line break can only be space between tokens: a record may be written with some.
    return _encode(fields).replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
