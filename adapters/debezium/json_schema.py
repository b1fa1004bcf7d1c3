"""
JSON Schemas as Confluent's JsonSchemaData makes them of Connect's schemas, taken back.

    title, connect.parameters      the semantic type
    connect.type                   int8 ... float64, bytes, map, which JSON Schema does not tell
    oneOf [null, T]                T, optional
    connect.type map, of arrays    a map whose keys are no text: objects of key and value
    $ref                           a definition in the same schema, or another of the registry
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import is_object
from adapters.debezium.poison import invalid
from adapters.debezium.wire_values import ANY
from domain.registered_schema import RegisteredSchema

_TYPES = {
    "boolean": "boolean",
    "integer": "int64",
    "number": "double",
    "string": "string",
    "array": "array",
    "object": "struct",
}
_OF_CONNECT = {"float32": "float", "float64": "double"}
_UNIONS = ("oneOf", "anyOf")
_MOST_DEPTH = 60


def connect_schema(schema: RegisteredSchema) -> ConnectSchema:
    """
    The Connect schema that a JSON Schema was made of.

    Raises:
        ValidationError: It is none, or refers to what is not there.
    """
    try:
        return _Node(msgspec.json.decode(schema.text), schema.references).connect({}, 0)
    except (AttributeError, LookupError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise invalid(
            "bad_schema", f"the JSON Schema of the record cannot be used: {error!r}"
        ) from error


class _Node:
    """A schema: the document that it is in, and what that refers to."""

    def __init__(
        self,
        document: Any,
        references: Mapping[str, RegisteredSchema],
        schema: Any = None,
    ) -> None:
        self._document = document
        self._references = references
        self._schema: Any = document if schema is None else schema

    def connect(self, outer: Mapping[str, Any], depth: int) -> ConnectSchema:
        """
        The Connect schema.

        Args:
            outer: What the schema around it says of it.
            depth: How many are around it.
        """
        schema = self._schema if is_object(self._schema) else {}
        if depth > _MOST_DEPTH:
            return ConnectSchema(ANY)
        if "$ref" in schema:
            return self._referenced(schema["$ref"]).connect(schema, depth + 1)
        for union in _UNIONS:
            if union in schema:
                return self._union(schema[union], depth)
        kind = _kind(schema)
        name = schema.get("title") or outer.get("title")
        parameters = schema.get("connect.parameters")
        default = schema.get("default")
        return ConnectSchema(
            kind,
            name=name,
            parameters={str(k): str(v) for k, v in parameters.items()} if parameters else None,
            default=msgspec.UNSET if default is None else msgspec.Raw(msgspec.json.encode(default)),
            **self._parts(schema, kind, depth),
        )

    def _parts(self, schema: dict[str, Any], kind: str, depth: int) -> dict[str, Any]:
        match kind:
            case "struct":
                properties: dict[str, Any] = schema.get("properties", {})
                return {
                    "fields": tuple(
                        msgspec.structs.replace(self._inner(part, depth), field=field)
                        for field, part in properties.items()
                    )
                }
            case "array":
                return {"items": self._inner(schema["items"], depth)}
            case "map" if "items" in schema:
                entry = self._inner(schema["items"], depth)
                return {"keys": entry.child("key"), "values": entry.child("value")}
            case "map":
                values = self._inner(schema["additionalProperties"], depth)
                return {"keys": ConnectSchema("string"), "values": values}
            case _:
                return {}

    def _union(self, parts: list[Any], depth: int) -> ConnectSchema:
        kept = [part for part in parts if part != {"type": "null"}]
        if len(kept) != 1:
            return ConnectSchema(ANY)
        is_optional = len(kept) < len(parts)
        return msgspec.structs.replace(self._inner(kept[0], depth), optional=is_optional)

    def _inner(self, schema: Any, depth: int) -> ConnectSchema:
        return _Node(self._document, self._references, schema).connect({}, depth + 1)

    def _referenced(self, reference: str) -> "_Node":
        name, _, pointer = reference.partition("#")
        document, references = self._document, self._references
        if name:
            other = references[name]
            document, references = msgspec.json.decode(other.text), other.references
        found = document
        for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
            found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
        return _Node(document, references, found)


def _kind(schema: dict[str, Any]) -> str:
    own = schema.get("connect.type")
    if own is not None:
        return _OF_CONNECT.get(own, str(own))
    kind = schema.get("type")
    if kind is None and "enum" in schema:
        return "string"
    return _TYPES.get(kind, ANY) if isinstance(kind, str) else ANY
