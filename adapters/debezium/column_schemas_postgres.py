"""
Schemas that Debezium's PostgreSQL connector writes, by the column's type.

Domains must be given as the type under them, enums as ``enum``: their own names say nothing.
"""

from adapters.debezium import column_schemas as schemas
from adapters.debezium.column_schemas import Factory, factories, plain, struct
from adapters.debezium.column_types import ColumnType
from adapters.debezium.config import DecoderConfig
from adapters.debezium.connect_schema import ConnectSchema

_FINEST = 6
_UNSPECIFIED = 131_089
"""What the connector gives as the precision of a numeric without one."""

_VARIABLE_SCALE = struct("io.debezium.data.VariableScaleDecimal", scale="int32", value="bytes")


def postgres_schema(kind: ColumnType, config: DecoderConfig) -> ConnectSchema | None:
    """The schema of a column of this type; None where it is not known."""
    factory = _FACTORIES.get(kind.name)
    if factory is None or (kind.is_array and kind.name not in _IN_ARRAYS):
        return None
    node = factory(kind, config)
    if not kind.is_array or node is None:
        return node
    if kind.name in _ROUNDED_IN_ARRAYS and kind.argument(_FINEST) < _FINEST:
        return None  # not known: which unit elements of a lower precision have
    return ConnectSchema("array", items=node)


def _numeric(kind: ColumnType, config: DecoderConfig) -> ConnectSchema | None:
    precision = kind.argument(_UNSPECIFIED)
    scale = kind.arguments[1] if len(kind.arguments) > 1 else 0
    if precision == _UNSPECIFIED and config.decimal_handling_mode == "precise":
        return _VARIABLE_SCALE(kind, config)
    return schemas.decimal_schema(precision, scale, config)


def _money(_: ColumnType, config: DecoderConfig) -> ConnectSchema:
    return schemas.decimal_schema(None, config.money_fraction_digits, config)


def _bit(kind: ColumnType, _: DecoderConfig) -> ConnectSchema:
    return schemas.bits(kind.argument(1))


def _varbit(kind: ColumnType, _: DecoderConfig) -> ConnectSchema:
    return schemas.bits(kind.argument(schemas.UNLIMITED_BITS))


def _time(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    return schemas.time(kind.argument(_FINEST), config, by_default="adaptive")


def _timestamp(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    return schemas.timestamp(kind.argument(_FINEST), config)


def _interval(_: ColumnType, config: DecoderConfig) -> ConnectSchema:
    if config.interval_handling_mode == "string":
        return ConnectSchema("string", "io.debezium.time.Interval")
    return ConnectSchema("int64", "io.debezium.time.MicroDuration")


def _hstore(_: ColumnType, config: DecoderConfig) -> ConnectSchema:
    if config.hstore_handling_mode == "json":
        return ConnectSchema("string", "io.debezium.data.Json")
    text = ConnectSchema("string", optional=True)
    return ConnectSchema("map", keys=ConnectSchema("string"), values=text)


def _vector(name: str, item: str) -> Factory:
    node = ConnectSchema("array", f"io.debezium.data.{name}", items=ConnectSchema(item))
    return lambda _type, _config: node


_TEXTS = (
    'text, varchar, character varying, bpchar, char, character, name, "char", citext, inet, cidr, '
    "macaddr, macaddr8, int4range, int8range, numrange, tsrange, tstzrange, daterange"
)
_FACTORIES = factories(
    ("int2, smallint, smallserial", plain("int16")),
    ("int4, int, integer, serial", plain("int32")),
    ("int8, bigint, bigserial, oid", plain("int64")),
    ("float4, real", plain("float")),
    ("float8, double precision", plain("double")),
    ("bool, boolean", plain("boolean")),
    ("numeric, decimal", _numeric),
    ("money", _money),
    (_TEXTS, plain("string")),
    ("json, jsonb", plain("string", "io.debezium.data.Json")),
    ("xml", plain("string", "io.debezium.data.Xml")),
    ("uuid", plain("string", "io.debezium.data.Uuid")),
    ("ltree", plain("string", "io.debezium.data.Ltree")),
    ("tsvector", plain("string", "io.debezium.data.Tsvector")),
    ("enum", plain("string", "io.debezium.data.Enum")),
    ("bytea", schemas.binary),
    ("bit", _bit),
    ("varbit, bit varying", _varbit),
    ("date", schemas.date),
    ("time, time without time zone", _time),
    ("timetz, time with time zone", plain("string", "io.debezium.time.ZonedTime")),
    ("timestamp, timestamp without time zone", _timestamp),
    ("timestamptz, timestamp with time zone", plain("string", "io.debezium.time.ZonedTimestamp")),
    ("interval", _interval),
    ("hstore", _hstore),
    ("point", schemas.POINT),
    ("geometry", schemas.GEOMETRY),
    ("geography", struct("io.debezium.data.geometry.Geography", wkb="bytes", srid="int32?")),
    ("vector", _vector("DoubleVector", "double")),
    ("halfvec", _vector("FloatVector", "float")),
)

_ROUNDED_IN_ARRAYS = frozenset(
    {"time", "time without time zone", "timestamp", "timestamp without time zone"}
)
_NOT_IN_ARRAYS = frozenset(
    {
        "money",
        "bit",
        "varbit",
        "bit varying",
        "interval",
        "hstore",
        "point",
        "geometry",
        "geography",
    }
    | {"vector", "halfvec", "xml", "ltree", "tsvector", "timetz", "time with time zone"}
)
_IN_ARRAYS = _FACTORIES.keys() - _NOT_IN_ARRAYS

POSTGRES_WORDS = tuple(_FACTORIES)
"""The types that are known."""
