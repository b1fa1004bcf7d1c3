"""
Whether a value has the form that a schema says, where the schema did not come with it.

Types that were configured, or read from a catalog, are those of now; a record may be older or
younger. What does not have their form is left as it is.
"""

from typing import Any

import msgspec

from adapters.debezium.connect_schema import DECIMAL, ConnectSchema
from adapters.debezium.exact_json import is_array, is_object
from adapters.debezium.semantic_types import wire_bytes

_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_TYPES = {"boolean": bool, "string": str}
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_MOST_DIGITS = 1000
_SCALE_OF_ZERO = 2048


def fits(node: ConnectSchema, value: Any) -> bool:
    """Whether `value`, as JSON gives it, can be one of `node`; null can."""
    if value is None or node.name == DECIMAL:
        return value is None or _is_decimal(node, value)
    if node.type in _BITS:
        return type(value) is int and -1 << _BITS[node.type] <= 2 * value < 1 << _BITS[node.type]
    match node.type:
        case "boolean" | "string":
            return type(value) is _TYPES[node.type]
        case "float" | "double":
            return type(value) in {int, msgspec.Raw} or (
                type(value) is str and value in _NOT_FINITE
            )
        case "bytes":
            return _is_base64(value)
        case _:
            return _holds_what_fits(node, value)


def _holds_what_fits(node: ConnectSchema, value: Any) -> bool:
    if node.items is not None:
        return is_array(value) and all(fits(node.items, part) for part in value)
    if not is_object(value):
        return False
    if node.values is not None:
        of_values = node.values
        return all(fits(of_values, part) for part in value.values())
    return value.keys() <= {field.field for field in node.fields} and all(
        fits(field, value[name])
        if (name := field.field or "") in value and value[name] is not None
        else field.optional
        for field in node.fields
    )


def _is_base64(value: Any) -> bool:
    try:
        wire_bytes(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_decimal(node: ConnectSchema, value: Any) -> bool:
    """Whether it has no more digits than its type; a number of JSON's can be any."""
    if type(value) in {int, msgspec.Raw}:
        return True
    if not _is_base64(value):
        return False
    digits, scale = node.parameter("connect.decimal.precision"), int(node.parameter("scale") or 0)
    if digits is None:
        return True
    number = abs(int.from_bytes(wire_bytes(value), "big", signed=True))
    if scale > _MOST_DIGITS:  # a negative one, see `column_schemas`
        number, rest = divmod(number, 10**_SCALE_OF_ZERO)
        if rest:
            return False
    limit: int = 10 ** int(digits)
    return number < limit
