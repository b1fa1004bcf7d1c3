"""Typed rows for properties: a Connect schema, and a value in the forms of JSON and of Avro."""

import base64
import math
import struct
from typing import Any

from hypothesis import strategies as st

_TIME, _DATA = "io.debezium.time.", "io.debezium.data."
_CONNECT = "org.apache.kafka.connect.data."
_INT32, _INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "__debezium_unavailable_value",
        "infinity",
        "2017-09-15Z",
        "\x00",
        "d800",
        "java.lang.Object@1",
    ]
)
_BYTES = st.binary(max_size=10) | st.just(b"__debezium_unavailable_value")
_CODES = list(b"__debezium_unavailable_value")
_SPECIAL = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0])
_FLOATS = _SPECIAL | st.floats(width=32)
_DOUBLES = _SPECIAL | st.floats()
_AS_THEY_ARE = frozenset({"boolean", "int8", "int16", "int32", "int64", "string"})

Typed = tuple[dict[str, Any], st.SearchStrategy[Any]]
"""A Connect schema, and values of it as Avro gives them."""

_SCALARS: list[Typed] = [
    ({"type": "boolean"}, st.booleans()),
    ({"type": "int8"}, st.integers(-128, 127)),
    ({"type": "int16"}, st.integers(-(2**15), 2**15 - 1)),
    ({"type": "int32"}, _INT32),
    ({"type": "int64"}, _INT64),
    ({"type": "float"}, _FLOATS),
    ({"type": "double"}, _DOUBLES),
    ({"type": "string"}, _TEXTS),
    ({"type": "string", "parameters": {"truncateLength": "3"}}, _TEXTS),
    ({"type": "string", "parameters": {"masked": "true"}}, _TEXTS),
    ({"type": "bytes"}, _BYTES),
    *(({"type": "int32", "name": name}, _INT32) for name in (f"{_TIME}Date", f"{_CONNECT}Date")),
    *(({"type": "int32", "name": name}, _INT32) for name in (f"{_TIME}Time", f"{_CONNECT}Time")),
    *(
        ({"type": "int64", "name": name}, _INT64)
        for name in (
            *(f"{_TIME}{own}" for own in ("MicroTime", "NanoTime", "Timestamp", "MicroTimestamp")),
            *(f"{_TIME}{own}" for own in ("NanoTimestamp", "MicroDuration", "NanoDuration")),
            f"{_CONNECT}Timestamp",
        )
    ),
    *(
        ({"type": "string", "name": name}, _TEXTS)
        for name in (f"{_TIME}IsoDate", f"{_TIME}ZonedTimestamp", f"{_DATA}Json", f"{_DATA}Enum")
    ),
    *(
        ({"type": "bytes", "name": f"{_CONNECT}Decimal", "parameters": {"scale": scale}}, _BYTES)
        for scale in ("0", "2", "-3", "30")
    ),
    ({"type": "bytes", "name": f"{_DATA}Bits", "parameters": {"length": "9"}}, _BYTES),
]
_STRUCTS: list[Typed] = [
    (
        {
            "type": "struct",
            "name": f"{_DATA}VariableScaleDecimal",
            "fields": [{"type": "int32", "field": "scale"}, {"type": "bytes", "field": "value"}],
        },
        st.fixed_dictionaries({"scale": st.integers(-9, 30), "value": _BYTES}),
    ),
    (
        {
            "type": "struct",
            "name": f"{_DATA}SparseDoubleVector",
            "fields": [
                {"type": "int16", "field": "dimensions"},
                {
                    "type": "map",
                    "keys": {"type": "int16"},
                    "values": {"type": "double"},
                    "field": "vector",
                },
            ],
        },
        st.fixed_dictionaries(
            {
                "dimensions": st.integers(0, 99),
                "vector": st.dictionaries(st.integers(0, 9), st.floats(-1e9, 1e9), max_size=3),
            }
        ),
    ),
]


def _optional(typed: Typed) -> Typed:
    schema, values = typed
    return {**schema, "optional": True}, st.none() | values


def _array(typed: Typed) -> Typed:
    schema, values = _optional(typed)
    placeholder = st.just(_CODES) if schema["type"] in {"int32", "int64"} else st.nothing()
    return {"type": "array", "items": schema}, st.lists(values, max_size=3) | placeholder


def _text_map(typed: Typed) -> Typed:
    schema, values = _optional(typed)
    return (
        {"type": "map", "keys": {"type": "string"}, "values": schema},
        st.dictionaries(_TEXTS, values, max_size=3),
    )


TYPES = st.one_of(
    *(
        st.sampled_from(made)
        for made in (
            _SCALARS,
            [typed for typed in _SCALARS if typed[0]["type"] in {"float", "double"}],
            [_optional(typed) for typed in _SCALARS],
            [_optional(typed) for typed in _STRUCTS],
            [_optional(_array(typed)) for typed in _SCALARS],
            [_optional(_text_map(typed)) for typed in _SCALARS],
        )
    )
)


def in_json(schema: dict[str, Any], value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value as JsonConverter writes it, before it is text."""
    if value is None or schema["type"] in _AS_THEY_ARE:
        return value
    match schema["type"]:
        case "bytes":
            return base64.b64encode(value).decode()
        case "float" | "double":
            return _number(value, schema["type"])
        case "array":
            return [in_json(schema["items"], part) for part in value]
        case "map":
            pairs = [(key, in_json(schema["values"], part)) for key, part in value.items()]
            return dict(pairs) if schema["keys"]["type"] == "string" else pairs
        case _:
            return {f["field"]: in_json(f, value[f["field"]]) for f in schema["fields"]}


def in_avro(schema: dict[str, Any], value: Any) -> Any:  # noqa: ANN401 - any value
    """A value as fastavro takes it: maps without text keys are arrays of entries."""
    if value is None:
        return None
    match schema["type"]:
        case "map" if schema["keys"]["type"] != "string":
            return [{"key": key, "value": part} for key, part in value.items()]
        case "struct":
            return {f["field"]: in_avro(f, value[f["field"]]) for f in schema["fields"]}
        case _:
            return value


def _number(value: float, kind: str) -> float | str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if kind == "double":
        return value
    shortest = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next(one for one in shortest if _single(one) == _single(value))


def _single(value: float) -> bytes:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return b""
