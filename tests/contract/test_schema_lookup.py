"""The contract of `SchemaLookup`, on the fake and on every kind of registry."""

import pickle
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaReference
from tests.contract.schema_lookups import EVERY_REGISTRY, TTL, OpenRegistry, Registry


@pytest.fixture(params=EVERY_REGISTRY)
def registry(request: pytest.FixtureRequest) -> Generator[Registry]:
    """Give a lookup over an empty registry."""
    opened: OpenRegistry = request.param
    with opened() as registry:
        yield registry


def avro(name: str, **references: RegisteredSchema) -> RegisteredSchema:
    text = f'{{"type":"record","name":"{name}","fields":[]}}'
    return RegisteredSchema(SchemaFormat.AVRO, text, references)


ONE_OF_EACH = [
    avro("Value"),
    RegisteredSchema(SchemaFormat.AVRO, '"string"'),
    RegisteredSchema(SchemaFormat.AVRO, '["null",{"type":"record","name":"R","fields":[]}]'),
    RegisteredSchema(SchemaFormat.PROTOBUF, 'syntax = "proto3"; message Value { int32 id = 1; }'),
    RegisteredSchema(SchemaFormat.JSON, '{"type":"object","properties":{"größe":{}}}'),
]


@pytest.mark.parametrize("schema", ONE_OF_EACH, ids=lambda schema: schema.text[:30])
def test_a_schema_is_found_as_it_was_registered(
    registry: Registry, schema: RegisteredSchema
) -> None:
    reference = registry.has(schema)

    found = registry.lookup.find(reference)

    assert found == schema


def test_it_comes_with_everything_that_it_refers_to(registry: Registry) -> None:
    shared = avro("Shared")
    schema = avro("Top", left=avro("Left", below=shared), right=shared)
    reference = registry.has(schema)

    found = registry.lookup.find(reference)

    assert found == schema


def test_what_was_found_is_known_while_the_registry_is_away(registry: Registry) -> None:
    reference = registry.has(avro("Value"))
    registry.lookup.find(reference)
    registry.away()

    found = registry.lookup.find(reference)

    assert found == avro("Value")


def test_a_schema_that_is_not_there_is_not_found(registry: Registry) -> None:
    registry.has(avro("Other"))
    reference = registry.next_reference()

    with pytest.raises(SchemaNotFoundError) as caught:
        registry.lookup.find(reference)

    assert str(reference) in str(caught.value)


def test_that_it_is_not_there_is_remembered_for_a_while(registry: Registry) -> None:
    reference = registry.next_reference()
    with pytest.raises(SchemaNotFoundError):
        registry.lookup.find(reference)
    registry.has(avro("Late"))
    with pytest.raises(SchemaNotFoundError):
        registry.lookup.find(reference)

    registry.clock.now += TTL

    assert registry.lookup.find(reference) == avro("Late")


def test_a_registry_that_is_away_is_trouble_and_not_remembered(registry: Registry) -> None:
    reference = registry.has(avro("Value"))
    registry.away()
    with pytest.raises(SchemaRegistryUnavailableError):
        registry.lookup.find(reference)

    registry.back()

    assert registry.lookup.find(reference) == avro("Value")


@pytest.mark.parametrize("times", [0, 1], ids=["before its use", "after it"])
def test_it_can_be_sent_to_another_process(registry: Registry, times: int) -> None:
    reference = registry.has(avro("Value"))
    for _ in range(times):
        registry.lookup.find(reference)

    there = pickle.loads(pickle.dumps(registry.lookup))  # noqa: S301 - our own

    assert there.find(reference) == avro("Value")
    getattr(there, "close", bool)()


def test_many_threads_may_ask_at_once(registry: Registry) -> None:
    schemas = [avro(f"Value{n}") for n in range(5)]
    references = [registry.has(schema) for schema in schemas]

    def find(reference: SchemaReference) -> RegisteredSchema:
        return registry.lookup.find(reference)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(find, references * 8))

    assert found == schemas * 8
