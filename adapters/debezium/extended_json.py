"""
MongoDB's extended JSON in canonical form: its types as plain, exact JSON.

``{"$oid": "67ab..."}`` is its text, ``{"$numberLong": "5"}`` the number, ``{"$date": ...}`` the
instant in ISO 8601, ``{"$numberDecimal": "1.10"}`` the text, ``{"$binary": ...}`` is ``0x...``.
What JSON cannot say (timestamps, regular expressions, the smallest and greatest key) stays as it
is.

Source: MongoDB Extended JSON (v2), relaxed and canonical, and what Debezium writes of v1.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.exact_json import is_array, is_object
from adapters.debezium.temporal import timestamp_text

_MILLI = 1000


def plain_document(value: Any) -> Any:
    """
    `value`, as JSON gives it, with MongoDB's types made plain. What is no such type stays.

    Numbers with a fraction stay `msgspec.Raw`.
    """
    if is_array(value):
        return [plain_document(part) for part in value]
    if not is_object(value):
        return value
    if value and next(iter(value)).startswith("$"):
        return _plain_type(value)
    return {name: plain_document(part) for name, part in value.items()}


def _plain_type(value: Mapping[str, Any]) -> Any:
    name, inner = next(iter(value.items()))
    if len(value) == 1:
        if name in {"$oid", "$numberDecimal", "$symbol", "$uuid"} and isinstance(inner, str):
            return inner
        if name in {"$numberLong", "$numberInt"}:
            return _whole(inner, value)
        if name == "$numberDouble" and isinstance(inner, str):
            return _fraction(inner)
        if name == "$date":
            return _instant(inner, value)
    if name == "$binary":
        return _binary(inner, value)
    return value


def _whole(inner: Any, value: Mapping[str, Any]) -> Any:
    try:
        return int(inner) if isinstance(inner, str) else value
    except ValueError:
        return value


def _fraction(text: str) -> Any:
    try:
        msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text  # NaN, Infinity
    return msgspec.Raw(text.encode())


def _instant(inner: Any, value: Mapping[str, Any]) -> Any:
    if isinstance(inner, str):
        return inner
    if is_object(inner) and inner.keys() == {"$numberLong"}:
        inner = _whole(inner["$numberLong"], value)
    if type(inner) is not int:
        return value
    text = timestamp_text(inner, _MILLI)
    return text if text.endswith("infinity") else f"{_with_milliseconds(text)}Z"


def _with_milliseconds(text: str) -> str:
    return text if "." in text else f"{text}.000"


def _binary(inner: Any, value: Mapping[str, Any]) -> Any:
    base64 = inner.get("base64") if is_object(inner) else inner
    try:
        return f"0x{b64decode(base64, validate=True).hex()}" if isinstance(base64, str) else value
    except (Base64Error, ValueError):
        return value
