"""
JSON without loss: what one pass of msgspec gives, and what it must be told to be exact and safe.

Numbers with a fraction or an exponent stay text (`msgspec.Raw`), so nothing is rounded, and
encode as they were. The one pass also finds numbers that `jsonb` does not take; the other dangers
(`domain.jsonb_safety`) are found by a search for a byte each.
"""

from typing import Any, TypeGuard

import msgspec

from domain.jsonb_safety import MAX_DEPTH, nesting

Json = msgspec.Raw | bytes | memoryview
"""JSON text in UTF-8, wherever it lies."""

_LONG = 1000
_UNSAFE_EXPONENT = 3


class UnsafeNumberError(Exception):
    """A number needs the closer look of `domain.jsonb_safety`."""


def _number(text: str) -> msgspec.Raw:
    _refuse_unsafe(text)
    return msgspec.Raw(text.encode())


def _comparable_number(text: str) -> tuple[str]:
    _refuse_unsafe(text)
    return (text,)


def _refuse_unsafe(text: str) -> None:
    mantissa, mark, exponent = text.replace("E", "e").partition("e")
    if len(mantissa) > _LONG or (mark and len(exponent.lstrip("+-0")) >= _UNSAFE_EXPONENT):
        raise UnsafeNumberError


decode_row = msgspec.json.Decoder(dict[str, Any], float_hook=_number).decode
"""Decode a JSON object. Raises `UnsafeNumberError`, and `msgspec.ValidationError` for an integer
of thousands of digits, besides `msgspec.DecodeError` for what is no JSON."""

_Row = dict[str, Any] | None
decode_comparable = msgspec.json.Decoder(_Row, float_hook=_comparable_number).decode
"""Decode a JSON object or null, only to compare: numbers with a fraction or an exponent are of a
form that has a hash, and that nothing else is decoded to. Raises as `decode_row` does."""

decode_exact = msgspec.json.Decoder(float_hook=lambda text: msgspec.Raw(text.encode())).decode
"""Decode any JSON; numbers with a fraction or an exponent stay text."""

decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""Decode a JSON object, leaving its values as they are."""

encode = msgspec.json.Encoder().encode
encode_sorted = msgspec.json.Encoder(order="sorted").encode


def is_too_deep(text: bytes) -> bool:
    """
    Whether JSON is nested too deep for us.

    The limit is fixed, since a parser's own depends on who calls it, and results must not.
    """
    return text.count(b"{") + text.count(b"[") > MAX_DEPTH and (
        nesting(text.decode("utf-8", "replace")) > MAX_DEPTH
    )


def first_byte(text: Json) -> bytes:
    """The first byte of JSON text: what kind of value it is."""
    return bytes(memoryview(text)[:1])


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded value is a JSON object."""
    return type(value) is dict


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a decoded value is a JSON array."""
    return type(value) is list
