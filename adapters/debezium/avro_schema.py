"""
Avro schemas as Connect's converters register them: what fastavro needs, and what values mean.

`AvroTypes` takes a schema apart once. Of it remain a bare schema, without names, defaults and
logical types of which fastavro would make something itself (an infinity is no `date`, a decimal
wider than its precision is decoded wrongly); and the Connect schema that it was made from:

    connect.name, connect.parameters          the semantic type
    logicalType                               the same, where Connect's names were left out
    ["null", T], [T, "null"]                  T, optional
    array of MapEntry {key, value}            a map whose keys are no text
    "Value"                                   the type that was defined under that name
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import is_array, is_object
from adapters.debezium.poison import invalid
from adapters.debezium.wire_values import ANY

_PRIMITIVES = {
    "null": ANY,
    "boolean": "boolean",
    "int": "int32",
    "long": "int64",
    "float": "float",
    "double": "double",
    "string": "string",
    "bytes": "bytes",
}
_CONNECT = "org.apache.kafka.connect.data."
_DECIMAL = f"{_CONNECT}Decimal"
_LOGICAL = {
    "decimal": _DECIMAL,
    "date": f"{_CONNECT}Date",
    "time-millis": f"{_CONNECT}Time",
    "time-micros": "io.debezium.time.MicroTime",
    "timestamp-millis": f"{_CONNECT}Timestamp",
    "timestamp-micros": "io.debezium.time.MicroTimestamp",
    "local-timestamp-millis": f"{_CONNECT}Timestamp",
    "local-timestamp-micros": "io.debezium.time.MicroTimestamp",
}
_UNNAMED = "ConnectDefault"
_MAP_ENTRY = "MapEntry"
_OPTIONAL_PARTS = 2
_MOST_DEPTH = 60


class AvroType(msgspec.Struct, frozen=True):
    """
    A type.

    Attributes:
        bare: The schema for fastavro.
        connect: What its values mean.
        takes_no_bytes: Whether values can be nothing at all on the wire.
        is_map_entry: Whether it is an entry of a map.
    """

    bare: Any
    connect: ConnectSchema
    takes_no_bytes: bool = False
    is_map_entry: bool = False


class AvroTypes:
    """
    Takes a schema apart.

    Args:
        referenced: Schemas that it names and does not define, by full name.
    """

    def __init__(self, referenced: Mapping[str, Any]) -> None:
        self._referenced = dict(referenced)
        self._defined: dict[str, AvroType] = {}
        self._depth = 0

    def type(self, schema: Any, namespace: str = "") -> AvroType:
        """
        The type that a schema, as parsed JSON, describes.

        Raises:
            ValidationError: It is no Avro schema, or one that nobody can decode with.
        """
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise _bad(f"it is nested deeper than {_MOST_DEPTH}")
        try:
            if isinstance(schema, str):
                return self._named(schema, namespace)
            if is_array(schema):
                return self._union(schema, namespace)
            if is_object(schema):
                return self._complex(schema, namespace)
        finally:
            self._depth -= 1
        raise _bad(f"{str(schema)[:60]!r} is no type")

    def _named(self, name: str, namespace: str) -> AvroType:
        if name in _PRIMITIVES:
            kind = _PRIMITIVES[name]
            return AvroType(name, ConnectSchema(kind), takes_no_bytes=name == "null")
        for full in (name, f"{namespace}.{name}") if "." in name else (f"{namespace}.{name}", name):
            own = full.lstrip(".")
            if own in self._defined:
                found = self._defined[own]
                return msgspec.structs.replace(found, bare=own)
            if own in self._referenced:
                return self.type(self._referenced.pop(own))
        raise _bad(f"it does not define {name!r}")

    def _union(self, parts: Sequence[Any], namespace: str) -> AvroType:
        if not parts:
            raise _bad("it has a union of nothing")
        types = [self.type(part, namespace) for part in parts]
        bare = [one.bare for one in types]
        if len(parts) == _OPTIONAL_PARTS and "null" in parts:
            connect = types[1 - parts.index("null")].connect
            return AvroType(bare, msgspec.structs.replace(connect, optional=True))
        return AvroType(bare, types[0].connect if len(types) == 1 else ConnectSchema(ANY))

    def _complex(self, schema: dict[str, Any], namespace: str) -> AvroType:
        kind = schema.get("type")
        match kind:
            case "record" | "error":
                return self._record(schema, namespace)
            case "enum" | "fixed":
                return self._enum_or_fixed(schema, namespace)
            case "array":
                return self._array(schema, namespace)
            case "map":
                values = self.type(schema.get("values"), namespace)
                connect = ConnectSchema("map", keys=ConnectSchema("string"), values=values.connect)
                return AvroType(
                    {"type": "map", "values": values.bare}, _with_meaning(connect, schema)
                )
            case _:
                inner = self.type(kind, namespace)
                return msgspec.structs.replace(inner, connect=_with_meaning(inner.connect, schema))

    def _record(self, schema: dict[str, Any], namespace: str) -> AvroType:
        full = _full_name(schema, namespace)
        inside = full.rpartition(".")[0]
        self._defined[full] = AvroType(full, ConnectSchema(ANY))  # while it is being defined
        fields = [(field, self.type(field["type"], inside)) for field in _fields(schema)]
        name = None if full.rpartition(".")[2].startswith(_UNNAMED) else full
        connect = ConnectSchema(
            "struct",
            name=name,
            fields=tuple(_column(field, one.connect) for field, one in fields),
        )
        names = [field["name"] for field, _ in fields]
        bare_fields = [{"name": field["name"], "type": one.bare} for field, one in fields]
        is_entry = schema.get("connect.internal.type") == _MAP_ENTRY or full.endswith(_MAP_ENTRY)
        self._defined[full] = found = AvroType(
            {"type": "record", "name": full, "fields": bare_fields},
            _with_meaning(connect, schema),
            takes_no_bytes=all(one.takes_no_bytes for _, one in fields),
            is_map_entry=is_entry and names == ["key", "value"],
        )
        return found

    def _enum_or_fixed(self, schema: dict[str, Any], namespace: str) -> AvroType:
        full = _full_name(schema, namespace)
        is_enum = schema["type"] == "enum"
        own = ("symbols",) if is_enum else ("size",)
        bare = {"type": schema["type"], "name": full, **{name: schema[name] for name in own}}
        connect = _with_meaning(ConnectSchema("string" if is_enum else "bytes"), schema)
        empty = not is_enum and schema["size"] == 0
        if not is_enum and (type(schema["size"]) is not int or schema["size"] < 0):
            raise _bad(f"{full} has no size")
        self._defined[full] = AvroType(bare, connect, takes_no_bytes=empty)
        return self._defined[full]

    def _array(self, schema: dict[str, Any], namespace: str) -> AvroType:
        items = self.type(schema.get("items"), namespace)
        if items.takes_no_bytes:
            raise _bad("it has arrays of nothing, of which a few bytes make any number")
        bare = {"type": "array", "items": items.bare}
        if items.is_map_entry:
            key, value = items.connect.fields
            connect = ConnectSchema("map", keys=key, values=value)
        else:
            connect = ConnectSchema("array", items=items.connect)
        return AvroType(bare, _with_meaning(connect, schema))


def _fields(schema: dict[str, Any]) -> Sequence[dict[str, Any]]:
    fields: Sequence[dict[str, Any]] = schema["fields"]
    return fields


def _full_name(schema: dict[str, Any], namespace: str) -> str:
    name: str = schema["name"]
    if "." in name:
        return name
    return f"{schema.get('namespace', namespace) or ''}.{name}".lstrip(".")


def _with_meaning(connect: ConnectSchema, schema: dict[str, Any]) -> ConnectSchema:
    """`connect` with the semantic type that Connect's properties, or Avro's, tell of."""
    logical = str(schema.get("logicalType"))
    name = schema.get("connect.name") or connect.name or _LOGICAL.get(logical)
    parameters = schema.get("connect.parameters") or connect.parameters
    if name == _DECIMAL and "scale" not in (parameters or {}):
        parameters = {**(parameters or {}), "scale": schema.get("scale", 0)}
    if name == _DECIMAL and connect.type != "bytes":
        name = None
    return msgspec.structs.replace(
        connect,
        type=schema.get("connect.type", connect.type),
        name=name,
        parameters={str(k): str(v) for k, v in parameters.items()} if parameters else None,
        default=_default(schema["connect.default"], connect)
        if schema.get("connect.default") is not None
        else connect.default,
    )


def _column(field: dict[str, Any], connect: ConnectSchema) -> ConnectSchema:
    default = connect.default
    if default is msgspec.UNSET and field.get("default") is not None:
        default = _default(field["default"], connect)
    return msgspec.structs.replace(connect, field=field["name"], default=default)


def _default(value: Any, connect: ConnectSchema) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(_in_json(value, connect)))


def _in_json(value: Any, connect: ConnectSchema) -> Any:
    """A default, in which Avro writes bytes as text of one character a byte."""
    if connect.type == "bytes" and isinstance(value, str):
        return value.encode("latin-1", "replace")
    if connect.type == "struct" and is_object(value):
        nodes = {node.field: node for node in connect.fields}
        return {
            name: _in_json(part, nodes[name]) if name in nodes else part
            for name, part in value.items()
        }
    return value


def _bad(problem: str) -> Exception:
    return invalid("bad_schema", f"the Avro schema of the record cannot be used: {problem}")
