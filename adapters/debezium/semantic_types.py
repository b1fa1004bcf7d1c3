"""
Values in their canonical form: exact, readable, the same whatever wire format they came in.

    decimals               text with their scale            "-1234.11"
    dates, times           ISO 8601, no zone unless known   "2018-06-20T15:13:16.945"
    infinities             "infinity", "-infinity"
    bytes                  "0x" and hexadecimal             "0x00ff"
    bits                   zeros and ones                   "1000000"
    geometry               (E)WKT                           "SRID=4326;POINT(1 2)"
    numbers, booleans      as they are
    everything else        the text, as the source wrote it

`converter` looks once at a schema and returns a function for its values, or None where they stay
as they are. A converter takes what JSON or Avro give for a value (bytes as base64 text or bytes,
a number with a fraction as `msgspec.Raw` or float) and never null.

Sources: Debezium's `io.debezium.time`, `io.debezium.data` and Connect's `data` logical types.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Any

import msgspec

from adapters.debezium import temporal
from adapters.debezium.connect_schema import DECIMAL, ConnectSchema
from adapters.debezium.decimals import decimal_from_bytes, decimal_from_number
from adapters.debezium.exact_json import is_object
from adapters.debezium.geometry import geometry_text, number_text
from adapters.debezium.structured_time import STRUCTURED

Converter = Callable[[Any], Any]
_Factory = Callable[[ConnectSchema], Converter | None]

_UNLIMITED_BITS = 2**31 - 1
_MILLI, _MICRO, _NANO = 1_000, 1_000_000, temporal.NANOSECONDS


class Suspect(msgspec.Struct, frozen=True):
    """A converted value that is likely not what the source held."""

    value: Any


def converter(schema: ConnectSchema) -> Converter | None:
    """
    The function that brings a value of `schema` into its canonical form; None for "as it is".

    The function raises `ValueError` or `TypeError` for a value that the schema does not allow.
    """
    factory = _BY_NAME.get(schema.name or "")
    if factory is not None:
        return factory(schema)
    by_type = _BY_TYPE.get(schema.type)
    return None if by_type is None else by_type(schema)


def wire_bytes(value: Any) -> bytes:
    """
    The bytes of a value: base64 text in JSON, bytes in Avro.

    Raises:
        ValueError: The text is no base64.
    """
    if type(value) is bytes:
        return value
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} for bytes")
    try:
        return b64decode(value, validate=True)
    except Base64Error as error:
        raise ValueError(f"{value[:40]!r} is not base64 ({error})") from error


def _hexadecimal(value: Any) -> str:
    return f"0x{wire_bytes(value).hex()}"


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{type(value).__name__} for a whole number")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} for a text")
    return value


def _decimal(schema: ConnectSchema) -> Converter:
    scale = int(schema.parameter("scale") or 0)
    if schema.type != "bytes":
        return lambda value: value
    return lambda value: _scaled(value, scale)


def _scaled(value: Any, scale: int) -> str:
    if type(value) is msgspec.Raw or type(value) is int:
        return decimal_from_number(_raw_text(value), scale)
    return decimal_from_bytes(wire_bytes(value), scale)


def _variable_scale(_: ConnectSchema) -> Converter:
    return lambda value: _scaled(value["value"], _number(value["scale"]))


def _raw_text(value: Any) -> str:
    return bytes(value).decode() if type(value) is msgspec.Raw else str(value)


def _float(value: Any) -> float:
    return float(_raw_text(value)) if type(value) is msgspec.Raw else float(value)


def _date(value: Any) -> Any:
    text = temporal.date_text(_number(value))
    return Suspect(text) if temporal.is_suspect_date(value) else text


def _time(per_second: int) -> _Factory:
    return lambda _: lambda value: temporal.time_text(_number(value), per_second)


def _timestamp(per_second: int) -> _Factory:
    def convert(value: Any) -> Any:
        text = temporal.timestamp_text(_number(value), per_second)
        return Suspect(text) if temporal.is_suspect_timestamp(value, per_second) else text

    return lambda _: convert


def _duration(per_second: int) -> _Factory:
    return lambda _: lambda value: temporal.duration_text(_number(value), per_second)


def _without_zone(_: ConnectSchema) -> Converter:
    return lambda value: _text(value).removesuffix("Z")


def _bits(schema: ConnectSchema) -> Converter:
    length = int(schema.parameter("length") or 0)
    width = 0 if length >= _UNLIMITED_BITS else length

    def convert(value: Any) -> str:
        data = wire_bytes(value)
        bits = f"{int.from_bytes(data, 'little'):b}" if data else ""
        return bits.rjust(width, "0")

    return convert


def _geometry(_: ConnectSchema) -> Converter:
    def convert(value: Any) -> str:
        srid = value.get("srid")
        if value.get("wkb") is None:
            point = f"POINT({number_text(_float(value['x']))} {number_text(_float(value['y']))})"
            return point if srid is None else f"SRID={_number(srid)};{point}"
        return geometry_text(wire_bytes(value["wkb"]), None if srid is None else _number(srid))

    return convert


def _circle(_: ConnectSchema) -> Converter:
    def convert(value: Any) -> str:
        x, y = _float(value["center"]["x"]), _float(value["center"]["y"])
        return f"<({number_text(x)},{number_text(y)}),{number_text(_float(value['radius']))}>"

    return convert


def _line(_: ConnectSchema) -> Converter:
    return lambda value: (
        "{" + ",".join(number_text(_float(value[part])) for part in ("a", "b", "c")) + "}"
    )


def _vector(_: ConnectSchema) -> Converter:
    return lambda value: "[" + ",".join(number_text(_float(part)) for part in value) + "]"


def _sparse_vector(_: ConnectSchema) -> Converter:
    def convert(value: Any) -> str:
        pairs = ((_number(key), _float(part)) for key, part in _pairs(value["vector"]))
        inside = ",".join(f"{key}:{number_text(part)}" for key, part in pairs)
        return f"{{{inside}}}/{_number(value['dimensions'])}"

    return convert


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """A map without text keys: pairs in JSON, records of key and value in Avro."""
    if is_object(value):
        return list(value.items())
    return [
        (pair["key"], pair["value"]) if is_object(pair) else (pair[0], pair[1]) for pair in value
    ]


def _array(schema: ConnectSchema) -> Converter | None:
    item = None if schema.items is None else converter(schema.items)
    if item is None:
        return None
    return lambda value: [None if part is None else _plain(item(part)) for part in value]


def _map(schema: ConnectSchema) -> Converter | None:
    value_converter = None if schema.values is None else converter(schema.values)
    key_converter = None if schema.keys is None else converter(schema.keys)
    has_text_keys = schema.keys is None or schema.keys.type == "string"
    if value_converter is None and key_converter is None and has_text_keys:
        return None

    def convert(value: Any) -> Any:
        pairs = [
            (_converted(key_converter, key), _converted(value_converter, part))
            for key, part in _pairs(value)
        ]
        return dict(pairs) if has_text_keys else [list(pair) for pair in pairs]

    return convert


def _struct(schema: ConnectSchema) -> Converter | None:
    converters = {
        node.field: own
        for node in schema.fields
        if node.field is not None and (own := converter(node)) is not None
    }
    if not converters:
        return None
    return lambda value: {
        field: _converted(converters.get(field), part) for field, part in value.items()
    }


def _converted(convert: Converter | None, value: Any) -> Any:
    return value if value is None or convert is None else _plain(convert(value))


def _plain(value: Any) -> Any:
    return value.value if type(value) is Suspect else value


_BY_TYPE: dict[str, _Factory] = {
    "bytes": lambda _: _hexadecimal,
    "array": _array,
    "map": _map,
    "struct": _struct,
}

_BY_NAME: dict[str, _Factory] = {
    "io.debezium.time.Date": lambda _: _date,
    "io.debezium.time.Time": _time(_MILLI),
    "io.debezium.time.MicroTime": _time(_MICRO),
    "io.debezium.time.NanoTime": _time(_NANO),
    "io.debezium.time.Timestamp": _timestamp(_MILLI),
    "io.debezium.time.MicroTimestamp": _timestamp(_MICRO),
    "io.debezium.time.NanoTimestamp": _timestamp(_NANO),
    "io.debezium.time.MicroDuration": _duration(_MICRO),
    "io.debezium.time.NanoDuration": _duration(_NANO),
    "io.debezium.time.IsoDate": _without_zone,
    "io.debezium.time.IsoTime": _without_zone,
    "io.debezium.time.IsoTimestamp": _without_zone,
    "org.apache.kafka.connect.data.Date": lambda _: _date,
    "org.apache.kafka.connect.data.Time": _time(_MILLI),
    "org.apache.kafka.connect.data.Timestamp": _timestamp(_MILLI),
    DECIMAL: _decimal,
    "io.debezium.data.VariableScaleDecimal": _variable_scale,
    "io.debezium.data.Bits": _bits,
    "io.debezium.data.geometry.Point": _geometry,
    "io.debezium.data.geometry.Geometry": _geometry,
    "io.debezium.data.geometry.Geography": _geometry,
    "io.debezium.data.geometry.Circle": _circle,
    "io.debezium.data.geometry.Line": _line,
    "io.debezium.data.DoubleVector": _vector,
    "io.debezium.data.FloatVector": _vector,
    "io.debezium.data.SparseDoubleVector": _sparse_vector,
    **STRUCTURED,
}
