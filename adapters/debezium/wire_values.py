"""
Values that Avro or Protobuf decode to, in the form that JsonConverter's JSON has once parsed.

    float32      the shortest number that is the same          0.1, not 0.10000000149011612
    NaN, ...     "NaN", "Infinity", "-Infinity"
    maps         an object; pairs where the keys are no text   [[1, 2.5]]
    bytes        stay: converters take them, and msgspec writes them as base64

What a schema does not tell the type of (`ANY`) is brought into a readable form here.
"""

import math
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import is_array, is_object

ANY = "any"
"""Type of a schema node that says nothing: a union of several types, a type inside itself."""

Form = Callable[[Any], Any]

_FLOAT_DIGITS = range(6, 10)
_ALL_DIGITS = range(1, 10)
_LEAST_WITH_ALL_BITS = 2.0**-126
"""Below it a float32 has fewer bits, and fewer digits than six tell it."""

_FLOAT = struct.Struct("f")


def json_form(schema: ConnectSchema) -> Form | None:
    """The function that brings a value of `schema` into that form; None for "as it is"."""
    make = _FORMS.get(schema.type)
    return None if make is None else make(schema)


def _double(value: Any) -> Any:
    return _number(value, repr(value))


def _float(value: Any) -> Any:
    if not math.isfinite(value):
        return _number(value, "")
    single = _FLOAT.pack(value)
    for digits in _FLOAT_DIGITS if abs(value) >= _LEAST_WITH_ALL_BITS else _ALL_DIGITS:
        text = f"{value:.{digits}g}"
        if _packed(float(text)) == single:
            return msgspec.Raw(repr(float(text)).encode())
    return msgspec.Raw(repr(value).encode())


def _packed(value: float) -> bytes:
    try:
        return _FLOAT.pack(value)
    except OverflowError:  # rounded up beyond the largest
        return b""


def _number(value: float, text: str) -> Any:
    if math.isfinite(value):
        return msgspec.Raw(text.encode())
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _array(schema: ConnectSchema) -> Form | None:
    form = None if schema.items is None else json_form(schema.items)
    if form is None:
        return None
    return lambda value: [None if part is None else form(part) for part in value]


def _map(schema: ConnectSchema) -> Form:
    of_key = None if schema.keys is None else json_form(schema.keys)
    of_value = None if schema.values is None else json_form(schema.values)
    has_text_keys = schema.keys is None or schema.keys.type == "string"

    def convert(value: Any) -> Any:
        found = value.items() if is_object(value) else [(p["key"], p["value"]) for p in value]
        pairs = [(_formed(of_key, key), _formed(of_value, part)) for key, part in found]
        if has_text_keys and all(type(key) is str for key, _ in pairs):
            return dict(pairs)
        return [list(pair) for pair in pairs]

    return convert


def _struct(schema: ConnectSchema) -> Form | None:
    forms = [
        (node.field, form)
        for node in schema.fields
        if node.field is not None and (form := json_form(node)) is not None
    ]
    if not forms:
        return None

    def convert(value: Any) -> Any:
        changed = {
            field: form(value[field]) for field, form in forms if value.get(field) is not None
        }
        return {**value, **changed}

    return convert


def _any(value: Any) -> Any:
    if type(value) is bytes:
        return f"0x{value.hex()}"
    if type(value) is float:
        return _double(value)
    if is_array(value):
        return [_any(part) for part in value]
    if is_object(value):
        return {key: _any(part) for key, part in value.items()}
    return value


def _formed(form: Form | None, value: Any) -> Any:
    return value if value is None or form is None else form(value)


_FORMS: dict[str, Callable[[ConnectSchema], Form | None]] = {
    "float": lambda _: _float,
    "double": lambda _: _double,
    "array": _array,
    "map": _map,
    "struct": _struct,
    ANY: lambda _: _any,
}
