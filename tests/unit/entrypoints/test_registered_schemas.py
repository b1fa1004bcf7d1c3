"""The settings of the schema registry, as they reach the decoder."""

import pickle

import pytest

from adapters.debezium.registered_schemas import SchemaIds
from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from entrypoints.registered_schemas import registered_schemas


@pytest.mark.parametrize("url", [None, " , "])
def test_without_an_address_there_are_no_schemas(url: str | None) -> None:
    assert registered_schemas(SchemaRegistryConfig(url=url)) is None


def test_how_records_name_schemas_is_what_the_settings_say() -> None:
    config = SchemaRegistryConfig(
        url="http://127.0.0.1:1", kind="apicurio", id_size=8, id_kind="content"
    )

    made = registered_schemas(config)

    assert made is not None
    assert isinstance(made.lookup, RegistrySchemas)
    assert made.ids == SchemaIds(registry="apicurio", size=8, kind="content")
    assert pickle.loads(pickle.dumps(made)).ids == made.ids  # noqa: S301 - our own
