"""
Reads answers of `/api/v1` into the structs that made them.

msgspec writes a field that is raw JSON or null, and cannot read it; this goes down to these.
"""

import types
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")

_PIECES: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])


def read_answer(text: bytes, kind: type[T]) -> T:
    """
    Read an answer.

    Raises:
        DecodeError: It is no such answer.
    """
    found: T = _read(msgspec.Raw(text), kind)
    return found


def _read(raw: msgspec.Raw, kind: Any) -> Any:  # noqa: ANN401 - any type of a field, and its value
    if _is_struct(kind):
        return _struct(raw, kind)
    if get_origin(kind) is Sequence:
        (item,) = get_args(kind)
        return [_read(one, item) for one in _ITEMS.decode(raw)]
    if get_origin(kind) is types.UnionType:
        return _either(raw, get_args(kind))
    return msgspec.json.decode(raw, type=kind)


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _struct(raw: msgspec.Raw, kind: type[msgspec.Struct]) -> msgspec.Struct:
    pieces = _PIECES.decode(raw)
    given = {
        field.name: _read(pieces[field.encode_name], field.type)
        for field in msgspec.structs.fields(kind)
        if field.encode_name in pieces
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise msgspec.ValidationError(str(error)) from None


def _either(raw: msgspec.Raw, kinds: Sequence[Any]) -> Any:  # noqa: ANN401 - likewise
    """A value that may be null or absent."""
    if types.NoneType in kinds and bytes(raw).strip() == b"null":
        return None
    (kind,) = [one for one in kinds if one not in {types.NoneType, msgspec.UnsetType}]
    return _read(raw, kind)
