"""
The settings of the schema registry, as the decoder takes them.

    [schema_registry] ──▶ RegistrySchemas, SchemaIds ──▶ decoder
"""

from collections.abc import Generator

from adapters.debezium.registered_schemas import RegisteredSchemas, SchemaIds
from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas


def registered_schemas(config: SchemaRegistryConfig) -> RegisteredSchemas | None:
    """The schemas that records name; None where no registry is configured."""
    if not config.addresses:
        return None
    ids = SchemaIds(registry=config.kind, size=config.id_size, kind=config.id_kind)
    return RegisteredSchemas(RegistrySchemas(config), ids)


def open_registered_schemas(config: SchemaRegistryConfig) -> Generator[RegisteredSchemas | None]:
    """Give the schemas that records name, and close the registry's connections after use."""
    schemas = registered_schemas(config)
    yield schemas
    if schemas is not None and isinstance(schemas.lookup, RegistrySchemas):
        schemas.lookup.close()
