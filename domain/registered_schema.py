"""Schemas in a schema registry: how a record names its own, and what the registry has there."""

import enum
from collections.abc import Mapping

import msgspec


class SchemaIdKind(enum.StrEnum):
    """Which numbering of which registry an id belongs to."""

    CONFLUENT_ID = "confluent id"
    CONFLUENT_GUID = "confluent guid"
    APICURIO_CONTENT_ID = "apicurio content id"
    APICURIO_GLOBAL_ID = "apicurio global id"


class SchemaReference(msgspec.Struct, frozen=True):
    """
    How a record names its schema. What stands there never changes, so it may be kept for ever.

    Attributes:
        kind: Which numbering.
        id: The number in decimal, or the GUID in its usual text.
    """

    kind: SchemaIdKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}"


class SchemaFormat(enum.StrEnum):
    """In which language a schema is written. KCONNECT is Connect's own JSON schema (Apicurio)."""

    AVRO = "AVRO"
    PROTOBUF = "PROTOBUF"
    JSON = "JSON"
    KCONNECT = "KCONNECT"


class RegisteredSchema(msgspec.Struct, frozen=True):
    """
    A schema as the registry has it.

    Attributes:
        format: In which language it is written.
        text: The schema; for Protobuf the .proto text, or base64 of a FileDescriptorProto.
        references: Schemas that it imports or names, by the name under which it does; each with
            its own references.
    """

    format: SchemaFormat
    text: str
    references: Mapping[str, "RegisteredSchema"] = {}
