"""Schema registries for the decoder's tests: in memory, with what examples and recordings name."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas, SchemaIds
from adapters.memory.schema_lookup import MemorySchemaLookup
from domain.registered_schema import (
    RegisteredSchema,
    SchemaFormat,
    SchemaIdKind,
    SchemaReference,
)

AVRO, JSON, KCONNECT = SchemaFormat.AVRO, SchemaFormat.JSON, SchemaFormat.KCONNECT
APICURIO = SchemaIds(registry="apicurio")

_NUMBERINGS = {
    "confluent_ids": (SchemaIdKind.CONFLUENT_ID, AVRO),
    "confluent_guids": (SchemaIdKind.CONFLUENT_GUID, AVRO),
    "apicurio_global_ids": (SchemaIdKind.APICURIO_GLOBAL_ID, AVRO),
    "apicurio_content_ids": (SchemaIdKind.APICURIO_CONTENT_ID, KCONNECT),
}


def a_reference(number: object, kind: SchemaIdKind = SchemaIdKind.CONFLUENT_ID) -> SchemaReference:
    """How a record names a schema."""
    return SchemaReference(kind, str(number))


def a_schema(
    schema: object, schema_format: SchemaFormat = AVRO, **references: RegisteredSchema
) -> RegisteredSchema:
    """A schema as a registry has it: text as it is, anything else as its JSON."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return RegisteredSchema(schema_format, text, references)


def a_lookup(schemas: Mapping[SchemaReference, RegisteredSchema]) -> MemorySchemaLookup:
    """A registry that has these schemas."""
    lookup = MemorySchemaLookup()
    lookup.schemas.update(schemas)
    return lookup


def a_decoder(
    schemas: Mapping[SchemaReference, RegisteredSchema], ids: SchemaIds | None = None
) -> DebeziumDecoder:
    """A decoder beside a registry that has these schemas."""
    return DebeziumDecoder(schemas=RegisteredSchemas(a_lookup(schemas), ids or SchemaIds()))


def of_example(registry: Mapping[str, Mapping[str, Any]]) -> RegisteredSchemas:
    """The schemas that an example comes with."""
    schemas: dict[SchemaReference, RegisteredSchema] = {}
    for numbering, numbered in registry.items():
        kind, schema_format = _NUMBERINGS[numbering]
        for number, schema in numbered.items():
            is_json = schema == {"schemaType": "JSON"}
            schemas[a_reference(number, kind)] = (
                a_schema({}, JSON) if is_json else a_schema(schema, schema_format)
            )
    is_confluent = any(numbering.startswith("confluent") for numbering in registry)
    return RegisteredSchemas(a_lookup(schemas), SchemaIds() if is_confluent else APICURIO)


def of_recording(recorded: Mapping[str, Any]) -> RegisteredSchemas:
    """The schemas that a recording comes with."""
    kind = SchemaIdKind.CONFLUENT_ID
    if recorded["wire"] == "def8":
        kind = SchemaIdKind.APICURIO_GLOBAL_ID
    schemas = {
        a_reference(number, kind): a_schema(answer["body"].get("schema", answer["body"]))
        for number, answer in recorded["by_id"].items()
    }
    return RegisteredSchemas(a_lookup(schemas))
