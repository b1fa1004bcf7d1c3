"""A registry of the tests with one schema in it, and how either kind of lookup is asked for it."""

from collections.abc import Generator
from contextlib import contextmanager

from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaIdKind, SchemaReference
from tests.servers.registry import RegistryServer

KINDS: tuple[RegistryKind, ...] = ("confluent", "apicurio")

SCHEMA = RegisteredSchema(SchemaFormat.AVRO, '{"type":"record","name":"Value","fields":[]}')
SECRET = "hunter2"  # noqa: S105 - planted, to be looked for


def registered(server: RegistryServer, kind: RegistryKind) -> SchemaReference:
    """Register `SCHEMA`, and tell how a record names it."""
    return named(kind, server.contents.register("subject", SCHEMA.text).id)


def named(kind: RegistryKind, number: int) -> SchemaReference:
    """How a record names the schema with this id."""
    id_kind = SchemaIdKind.CONFLUENT_ID if kind == "confluent" else SchemaIdKind.APICURIO_CONTENT_ID
    return SchemaReference(id_kind, str(number))


@contextmanager
def looking_up(config: SchemaRegistryConfig) -> Generator[RegistrySchemas]:
    """Give a lookup, and close its connections."""
    config.validate()
    lookup = RegistrySchemas(config)
    try:
        yield lookup
    finally:
        lookup.close()
