"""Schemas that Debezium's MySQL and MariaDB connectors write, by the column's type."""

from adapters.debezium import column_schemas as schemas
from adapters.debezium.column_schemas import Factory, factories, plain
from adapters.debezium.column_types import ColumnType
from adapters.debezium.config import DecoderConfig
from adapters.debezium.connect_schema import DECIMAL, ConnectSchema

_SINGLE_DIGITS = 24
"""A float of more binary digits is a double."""

_BIGINT_DIGITS = 20


def mysql_schema(kind: ColumnType, config: DecoderConfig) -> ConnectSchema | None:
    """The schema of a column of this type; None where it is not known."""
    factory = None if kind.is_array else _FACTORIES.get(kind.name)
    return None if factory is None else factory(kind, config)


def _whole(signed: str, unsigned: str) -> Factory:
    plain_node, unsigned_node = ConnectSchema(signed), ConnectSchema(unsigned)
    return lambda kind, _config: unsigned_node if kind.is_unsigned else plain_node


def _bigint(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    if not kind.is_unsigned or config.bigint_unsigned_handling_mode == "long":
        return ConnectSchema("int64")
    parameters = {"scale": "0", "connect.decimal.precision": str(_BIGINT_DIGITS)}
    return ConnectSchema("bytes", DECIMAL, parameters=parameters)


def _decimal(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    scale = kind.arguments[1] if len(kind.arguments) > 1 else 0
    return schemas.decimal_schema(kind.argument(10), scale, config)


def _float(kind: ColumnType, _: DecoderConfig) -> ConnectSchema:
    is_single = len(kind.arguments) <= 1 and kind.argument(0) <= _SINGLE_DIGITS
    return ConnectSchema("float" if is_single else "double")


def _bit(kind: ColumnType, _: DecoderConfig) -> ConnectSchema:
    return schemas.bits(kind.argument(1))


def _time(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    return schemas.time(kind.argument(0), config, by_default="adaptive_time_microseconds")


def _datetime(kind: ColumnType, config: DecoderConfig) -> ConnectSchema:
    return schemas.timestamp(kind.argument(0), config)


_FACTORIES = factories(
    ("tinyint, bool, boolean", plain("int16")),
    ("smallint", _whole("int16", "int32")),
    ("mediumint", plain("int32")),
    ("int, integer", _whole("int32", "int64")),
    ("bigint", _bigint),
    ("decimal, numeric, dec, fixed", _decimal),
    ("float", _float),
    ("double, real, double precision", plain("double")),
    ("bit", _bit),
    ("year", plain("int32", "io.debezium.time.Year")),
    ("date", schemas.date),
    ("time", _time),
    ("datetime", _datetime),
    ("timestamp", plain("string", "io.debezium.time.ZonedTimestamp")),
    ("char, varchar, tinytext, text, mediumtext, longtext", plain("string")),
    ("enum", plain("string", "io.debezium.data.Enum")),
    ("set", plain("string", "io.debezium.data.EnumSet")),
    ("json", plain("string", "io.debezium.data.Json")),
    ("uuid", plain("string", "io.debezium.data.Uuid")),
    ("binary, varbinary, tinyblob, blob, mediumblob, longblob", schemas.binary),
    ("point", schemas.POINT),
    ("geometry, linestring, polygon", schemas.GEOMETRY),
    ("multipoint, multilinestring, multipolygon", schemas.GEOMETRY),
    ("geometrycollection, geomcollection", schemas.GEOMETRY),
)

MYSQL_WORDS = tuple(_FACTORIES)
"""The types that are known."""
