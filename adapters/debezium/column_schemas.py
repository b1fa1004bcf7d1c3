"""
The schema that Debezium writes for a column of a given type, where it does not write one.

    numeric(10,2) ──▶ org.apache.kafka.connect.data.Decimal, scale 2      (precise)
                 └──▶ string                                              (string)

The connector's modes decide as much as the type; they are settings, with Debezium's defaults. What
is not listed is unknown, and never guessed.
"""

from collections.abc import Callable, Mapping

from adapters.debezium.column_types import ColumnType
from adapters.debezium.config import DecoderConfig
from adapters.debezium.connect_schema import DECIMAL, ConnectSchema

Factory = Callable[[ColumnType, DecoderConfig], ConnectSchema | None]
"""Gives the schema of a type in the connector's modes; None where it is not known."""

UNLIMITED_BITS = 2**31 - 1

_TIME = "io.debezium.time."
_CONNECT = "org.apache.kafka.connect.data."
_MILLIS, _MICROS = 3, 6
_SCALE_BITS = 2048
"""PostgreSQL keeps a scale in eleven bits, and Debezium takes a negative one for its complement."""


def plain(kind: str, name: str | None = None) -> Factory:
    """The same schema for every column of a type."""
    node = ConnectSchema(kind, name)
    return lambda _type, _config: node


def decimal_schema(precision: int | None, scale: int, config: DecoderConfig) -> ConnectSchema:
    """The schema of decimals with a fixed scale."""
    if config.decimal_handling_mode != "precise":
        return ConnectSchema(config.decimal_handling_mode)
    parameters = {"scale": str(scale if scale >= 0 else _SCALE_BITS + scale)}
    if precision is not None:
        parameters["connect.decimal.precision"] = str(precision)
    return ConnectSchema("bytes", DECIMAL, parameters=parameters)


def binary(_: ColumnType, config: DecoderConfig) -> ConnectSchema:
    """Bytes, or text that stands for them."""
    return ConnectSchema("bytes" if config.binary_handling_mode == "bytes" else "string")


def bits(length: int) -> ConnectSchema:
    """Bits; a single one is a boolean."""
    if length == 1:
        return ConnectSchema("boolean")
    return ConnectSchema("bytes", "io.debezium.data.Bits", parameters={"length": str(length)})


def date(_: ColumnType, config: DecoderConfig) -> ConnectSchema:
    """Dates."""
    match config.time_precision_mode:
        case "connect":
            return ConnectSchema("int32", f"{_CONNECT}Date")
        case "isostring":
            return ConnectSchema("string", f"{_TIME}IsoDate")
        case _:
            return ConnectSchema("int32", f"{_TIME}Date")


def time(precision: int, config: DecoderConfig, *, by_default: str) -> ConnectSchema:
    """Times of a day."""
    match config.time_precision_mode or by_default:
        case "connect":
            return ConnectSchema("int32", f"{_CONNECT}Time")
        case "isostring":
            return ConnectSchema("string", f"{_TIME}IsoTime")
        case "nanoseconds":
            return ConnectSchema("int64", f"{_TIME}NanoTime")
        case "adaptive" if precision <= _MILLIS:
            return ConnectSchema("int32", f"{_TIME}Time")
        case _:
            return ConnectSchema("int64", f"{_TIME}MicroTime")


def timestamp(precision: int, config: DecoderConfig) -> ConnectSchema:
    """Dates with times, without zone."""
    match config.time_precision_mode:
        case "connect":
            return ConnectSchema("int64", f"{_CONNECT}Timestamp")
        case "isostring":
            return ConnectSchema("string", f"{_TIME}IsoTimestamp")
        case "nanoseconds":
            return ConnectSchema("int64", f"{_TIME}NanoTimestamp")
        case "microseconds":
            return ConnectSchema("int64", f"{_TIME}MicroTimestamp")
        case _ if precision <= _MILLIS:
            return ConnectSchema("int64", f"{_TIME}Timestamp")
        case _:
            return ConnectSchema("int64", f"{_TIME}MicroTimestamp")


def struct(name: str, **fields: str) -> Factory:
    """A structure; a field whose type ends with a question mark can be null."""
    nodes = [
        ConnectSchema(kind.rstrip("?"), optional=kind.endswith("?"), field=field)
        for field, kind in fields.items()
    ]
    node = ConnectSchema("struct", name, fields=tuple(nodes))
    return lambda _type, _config: node


def factories(*groups: tuple[str, Factory]) -> Mapping[str, Factory]:
    """Names of types, separated by commas, each with what gives its schema."""
    return {name: factory for names, factory in groups for name in names.split(", ")}


GEOMETRY = struct("io.debezium.data.geometry.Geometry", wkb="bytes", srid="int32?")
POINT = struct(
    "io.debezium.data.geometry.Point", x="double", y="double", wkb="bytes?", srid="int32?"
)
