"""
Avro schemas as Confluent's AvroData makes them of Connect's: to write Avro in tests.

    Connect schema ──▶ `avro_schema` ──▶ fastavro writes     the same row in two formats,
                 └───▶ JsonConverter's own text               made of one value

Kept apart from the decoder's way back: it shares nothing with it.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro

from adapters.debezium.exact_json import is_array, is_object

_PRIMITIVES = {
    "boolean": "boolean",
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "bytes": "bytes",
}
_LOGICAL = {
    "org.apache.kafka.connect.data.Date": "date",
    "org.apache.kafka.connect.data.Time": "time-millis",
    "org.apache.kafka.connect.data.Timestamp": "timestamp-millis",
}
_DECIMAL = "org.apache.kafka.connect.data.Decimal"
_FIRST_ID = b"\0\0\0\0\1"

_library: Any = fastavro  # its stubs leave open what its streams hold


class AvroNames:
    """Makes schemas; a struct is defined once and named after that."""

    def __init__(self) -> None:
        self._defined: set[str] = set()
        self._unnamed = 0

    def schema(self, node: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The Avro schema of a Connect schema."""
        made = self._required(node)
        return ["null", made] if node.get("optional") else made

    def _required(self, node: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        kind = node["type"]
        if kind == "struct":
            return self._record(node)
        if kind == "array":
            return {"type": "array", "items": self.schema(node["items"]), **_meaning(node)}
        if kind == "map" and node["keys"] == {"type": "string"}:
            return {"type": "map", "values": self.schema(node["values"]), **_meaning(node)}
        if kind == "map":
            return {"type": "array", "items": self._entry(node), **_meaning(node)}
        own = _meaning(node)
        return {"type": _PRIMITIVES[kind], **own} if own else _PRIMITIVES[kind]

    def _record(self, node: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        name = node.get("name") or self._default_name()
        if name in self._defined:
            return name
        self._defined.add(name)
        fields = [{"name": field["field"], "type": self.schema(field)} for field in node["fields"]]
        space, _, own = name.rpartition(".")
        return {
            "type": "record",
            "name": own,
            "namespace": space,
            "fields": fields,
            **_meaning(node),
        }

    def _entry(self, node: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        parts = [("key", node["keys"]), ("value", node["values"])]
        self._unnamed += 1
        return {
            "type": "record",
            "namespace": f"io.confluent.connect.avro.n{self._unnamed}",
            "name": "MapEntry",
            "connect.internal.type": "MapEntry",
            "fields": [{"name": name, "type": self.schema(part)} for name, part in parts],
        }

    def _default_name(self) -> str:
        self._unnamed += 1
        return f"io.confluent.connect.avro.ConnectDefault{self._unnamed}"


def avro_schema(node: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The Avro schema of a Connect schema, as JsonConverter writes that."""
    return AvroNames().schema(node)


def framed(schema: object, value: object, front: bytes = _FIRST_ID) -> bytes:
    """`value` in Avro, behind an id. The wire has what is under logical types."""
    stream = BytesIO()
    _library.schemaless_writer(stream, _library.parse_schema(_bare(schema)), value)
    return front + stream.getvalue()


def _bare(schema: Any) -> Any:  # noqa: ANN401 - JSON
    if is_object(schema):
        return {name: _bare(part) for name, part in schema.items() if name != "logicalType"}
    return [_bare(part) for part in schema] if is_array(schema) else schema


def _meaning(node: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    name, parameters = node.get("name"), node.get("parameters")
    if node["type"] in {"int8", "int16"}:
        made["connect.type"] = node["type"]
    if name is not None:
        made["connect.name"] = name
    if parameters:
        made["connect.parameters"] = parameters
    if name == _DECIMAL:
        scale = int(node["parameters"]["scale"])
        made |= {"scale": scale, "precision": 64}
        if scale >= 0:
            made["logicalType"] = "decimal"
    elif name in _LOGICAL:
        made["logicalType"] = _LOGICAL[name]
    return made
