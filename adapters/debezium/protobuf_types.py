"""
Protobuf messages as Confluent's ProtobufData makes them of Connect's schemas.

`MessageTypes` looks once at a message's descriptor. Of it come the Connect schema, and a function
that makes plain values of a message:

    confluent.type.Decimal                    a decimal with its scale
    google.type.Date, TimeOfDay, Timestamp    Connect's Date, Time, Timestamp
    google.protobuf.*Value, optional          the value, or null
    repeated XEntry {key, value}, map<>       a map
    VariableScaleDecimal {scale, value}, ...  Debezium's structs, by name and fields

The names of all other semantic types are lost on the way: an int64 may be a number or a time. And
a field without presence cannot be null: its default stands for both. What that leaves unknown of a
row is noted; in the source block such defaults are null.
"""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

import msgspec
from confluent_kafka.schema_registry.confluent import meta_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.unknown_fields import UnknownFieldSet

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.poison import invalid

Read = Callable[[Any], Any]

_FIELD_META: Any = vars(meta_pb2)["field_meta"]  # made when it is imported: no stub has it

_CONNECT = "org.apache.kafka.connect.data."
_ORDINAL_1970 = date(1970, 1, 1).toordinal()
_MOST_DEPTH = 60

_TYPES = {
    FieldDescriptor.TYPE_BOOL: "boolean",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_ENUM: "string",
    FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_SFIXED32: "int32",
    FieldDescriptor.TYPE_SINT32: "int32",
    FieldDescriptor.TYPE_STRING: "string",
}
_ANY_NUMBER = "int64"
_WRAPPED = {
    "google.protobuf.BoolValue": "boolean",
    "google.protobuf.BytesValue": "bytes",
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.StringValue": "string",
    "google.protobuf.UInt32Value": "int64",
    "google.protobuf.UInt64Value": "int64",
}
_GEOMETRY = "io.debezium.data.geometry."
_DEBEZIUM_STRUCTS = {
    "VariableScaleDecimal": ("io.debezium.data.", {"scale", "value"}),
    "Point": (_GEOMETRY, {"x", "y", "wkb", "srid"}),
    "Geometry": (_GEOMETRY, {"wkb", "srid"}),
    "Geography": (_GEOMETRY, {"wkb", "srid"}),
    "SparseDoubleVector": ("io.debezium.data.", {"dimensions", "vector"}),
}
_OPTIONAL_IN_SOURCE = frozenset(
    {"change_lsn", "commit_lsn", "commit_scn", "event_serial_no", "gtid", "lsid", "lsn", "origin"}
    | {"origin_lsn", "query", "rs_id", "scn", "sequence", "ssn", "thread", "ts_ns", "ts_us", "txId"}
    | {"txSeq", "txnNumber", "user_name", "wallTime", "xmin"}
)
"""Fields of source blocks that no connector fills with 0 or an empty text."""

_MANY_MEANINGS = frozenset({"int32", "int64", "bytes", "array"})
"""
Connect types whose values read otherwise under one semantic type than under another.

A text does not, but for a zone that Debezium's ISO modes append to what has none.
"""


class MessageType(msgspec.Struct, frozen=True):
    """
    A message, or a field's part of one.

    Attributes:
        connect: What its values mean.
        read: Makes a plain value of it.
    """

    connect: ConnectSchema
    read: Read


class MessageTypes:
    """Looks at descriptors."""

    def __init__(self) -> None:
        self._open: list[str] = []

    def message(self, descriptor: Descriptor) -> MessageType:
        """
        What a message is.

        Raises:
            ValidationError: It contains itself.
        """
        if descriptor.full_name in self._open or len(self._open) > _MOST_DEPTH:
            raise invalid("bad_schema", f"the Protobuf message {descriptor.full_name} has no end")
        self._open.append(descriptor.full_name)
        struct_name = _struct_name(descriptor)
        absent = _absent_at_default(struct_name)
        fields = [(field.name, self._field(field, absent)) for field in descriptor.fields]
        self._open.pop()
        nodes = tuple(_column(descriptor.fields_by_name[name], own.connect) for name, own in fields)
        connect = ConnectSchema("struct", name=struct_name, fields=nodes)
        reads = tuple((name, own.read) for name, own in fields)
        return MessageType(connect, _reader(reads, descriptor.full_name))

    def _field(self, field: FieldDescriptor, absent: Collection[str]) -> MessageType:
        name = field.name
        if field.is_repeated:
            return self._repeated(field)
        one = self._one(field)
        read = one.read
        if field.has_presence:

            def of_message(message: Any) -> Any:
                return read(getattr(message, name)) if message.HasField(name) else None

        elif name in absent:

            def of_message(message: Any) -> Any:
                return read(getattr(message, name)) or None

        else:

            def of_message(message: Any) -> Any:
                return read(getattr(message, name))

        return MessageType(one.connect, of_message)

    def _repeated(self, field: FieldDescriptor) -> MessageType:
        name, inner = field.name, field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            key, value = (self._one(inner.fields_by_name[part]) for part in ("key", "value"))
            return MessageType(
                ConnectSchema("map", keys=key.connect, values=value.connect),
                lambda message: [
                    {"key": key.read(own), "value": value.read(part)}
                    for own, part in getattr(message, name).items()
                ],
            )
        one = self._one(field)
        connect, read = one.connect, one.read
        if inner is not None and _is_entry(inner):
            keys, values = connect.fields
            node = ConnectSchema("map", keys=keys, values=values)
        else:
            node = ConnectSchema("array", items=connect)
        return MessageType(node, lambda message: [read(part) for part in getattr(message, name)])

    def _one(self, field: FieldDescriptor) -> MessageType:
        inner = field.message_type
        if inner is not None:
            known = _KNOWN.get(inner.full_name)
            if known is not None:
                return known
            kind = _WRAPPED.get(inner.full_name)
            if kind is not None:
                return MessageType(
                    _named(field, ConnectSchema(kind)), lambda wrapper: wrapper.value
                )
            return self.message(inner)
        connect = _named(field, ConnectSchema(_TYPES.get(field.type, _ANY_NUMBER)))
        if field.enum_type is not None:
            labels = field.enum_type.values_by_number
            return MessageType(
                connect, lambda number: labels[number].name if number in labels else str(number)
            )
        return MessageType(connect, lambda value: value)


def _column(field: FieldDescriptor, connect: ConnectSchema) -> ConnectSchema:
    return msgspec.structs.replace(
        connect,
        field=field.name,
        optional=True,
        is_ambiguous=connect.name is None and connect.type in _MANY_MEANINGS,
        has_no_null=not field.has_presence,
    )


def _reader(reads: tuple[tuple[str, Read], ...], full_name: str) -> Read:
    def read(message: Any) -> dict[str, Any]:
        if len(UnknownFieldSet(message)):
            raise invalid(
                "bad_protobuf", f"there are fields in it that the message {full_name} does not have"
            )
        return {name: own(message) for name, own in reads}

    return read


def _struct_name(descriptor: Descriptor) -> str:
    prefix, fields = _DEBEZIUM_STRUCTS.get(descriptor.name, ("", set[str]()))
    if prefix and {field.name for field in descriptor.fields} == fields:
        return prefix + descriptor.name
    return descriptor.full_name


def _absent_at_default(struct_name: str) -> Collection[str]:
    """Fields that are null where they have no presence and their type's default."""
    if struct_name.startswith(_GEOMETRY):
        return {"srid"}
    return _OPTIONAL_IN_SOURCE if struct_name.endswith(".Source") else ()


def _is_entry(descriptor: Descriptor) -> bool:
    names = [field.name for field in descriptor.fields]
    return descriptor.name.endswith("Entry") and names == ["key", "value"]


def _named(field: FieldDescriptor, connect: ConnectSchema) -> ConnectSchema:
    """`connect` with what Confluent's options of a field say of it."""
    options = field.GetOptions()
    if not options.HasExtension(_FIELD_META):
        return connect
    said = dict(options.Extensions[_FIELD_META].params)
    return msgspec.structs.replace(
        connect,
        type=said.pop("connect.type", connect.type),
        name=said.pop("connect.name", None),
        parameters=said or None,
    )


def _date(value: Any) -> int:
    return date(value.year, value.month, value.day).toordinal() - _ORDINAL_1970


def _time(value: Any) -> int:
    seconds = value.hours * 3600 + value.minutes * 60 + value.seconds
    return int(seconds * 1000 + value.nanos // 1_000_000)


def _timestamp(value: Any) -> int:
    return int(value.seconds * 1000 + value.nanos // 1_000_000)


_SCALED = ConnectSchema("struct", name="io.debezium.data.VariableScaleDecimal")
"""What a decimal that brings its scale with it is in Connect."""

_KNOWN = {
    "confluent.type.Decimal": MessageType(
        _SCALED, lambda message: {"scale": message.scale, "value": message.value}
    ),
    "google.type.Date": MessageType(ConnectSchema("int32", name=f"{_CONNECT}Date"), _date),
    "google.type.TimeOfDay": MessageType(ConnectSchema("int32", name=f"{_CONNECT}Time"), _time),
    "google.protobuf.Timestamp": MessageType(
        ConnectSchema("int64", name=f"{_CONNECT}Timestamp"), _timestamp
    ),
}
