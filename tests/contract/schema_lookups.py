"""Every schema lookup over a registry that a test can fill, take away and bring back."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from adapters.memory.schema_lookup import MemorySchemaLookup
from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from application.schema_lookup import SchemaLookup
from domain.registered_schema import RegisteredSchema, SchemaIdKind, SchemaReference
from tests.servers.registry import RegistryServer, registry_server
from tests.servers.registry_contents import Entry

TTL = 30.0
"""Seconds for which a lookup over a server remembers that there is no such schema."""


class Clock:
    """A clock that a test puts forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Registry(Protocol):
    """A lookup, and the registry that it asks."""

    @property
    def lookup(self) -> SchemaLookup:
        """The lookup."""
        ...

    @property
    def clock(self) -> Clock:
        """The lookup's clock."""
        ...

    def has(self, schema: RegisteredSchema) -> SchemaReference:
        """Register `schema` with everything that it refers to, and tell how records name it."""
        ...

    def next_reference(self) -> SchemaReference:
        """Tell how records will name the schema that is registered next."""
        ...

    def away(self) -> None:
        """Take the registry away."""
        ...

    def back(self) -> None:
        """Bring it back."""
        ...


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lookup = MemorySchemaLookup(clock=self.clock)

    def has(self, schema: RegisteredSchema) -> SchemaReference:
        reference = self.next_reference()
        self.lookup.schemas[reference] = schema
        return reference

    def next_reference(self) -> SchemaReference:
        return SchemaReference(SchemaIdKind.CONFLUENT_ID, str(len(self.lookup.schemas) + 1))

    def away(self) -> None:
        self.lookup.available = False

    def back(self) -> None:
        self.lookup.available = True


class OverHttp:
    """
    A registry over HTTP.

    Args:
        server: The registry.
        kind: The API that the lookup uses.
        id_kind: The numbering by which records name schemas.
    """

    def __init__(self, server: RegistryServer, kind: RegistryKind, id_kind: SchemaIdKind) -> None:
        self._server = server
        self._id_kind = id_kind
        self.clock = Clock()
        config = SchemaRegistryConfig(url=server.url, kind=kind, not_found_ttl=TTL, timeout=5.0)
        self.lookup = RegistrySchemas(config, clock=self.clock)

    def has(self, schema: RegisteredSchema) -> SchemaReference:
        return self._name(self._register(schema))

    def next_reference(self) -> SchemaReference:
        following = len(self._server.contents.entries) + 1
        return self._name(Entry(following, "", 1, "", ""))

    def away(self) -> None:
        self._server.stop()

    def back(self) -> None:
        self._server.start()

    def _register(self, schema: RegisteredSchema) -> Entry:
        references = [
            self._register(inner).reference(name) for name, inner in schema.references.items()
        ]
        contents = self._server.contents
        return contents.register(
            f"subject {len(contents.entries)}/a",  # a name that a path must quote
            schema.text,
            kind=schema.format,
            references=references,
        )

    def _name(self, entry: Entry) -> SchemaReference:
        ids: Mapping[SchemaIdKind, object] = {
            SchemaIdKind.CONFLUENT_ID: entry.id,
            SchemaIdKind.CONFLUENT_GUID: entry.guid,
            SchemaIdKind.APICURIO_CONTENT_ID: entry.id,
            SchemaIdKind.APICURIO_GLOBAL_ID: entry.global_id,
        }
        return SchemaReference(self._id_kind, str(ids[self._id_kind]))


def in_memory() -> AbstractContextManager[Registry]:
    """The fake."""
    return nullcontext(InMemory())


@contextmanager
def _over_http(
    kind: RegistryKind, id_kind: SchemaIdKind, *, apis: frozenset[str] = frozenset({"v2", "v3"})
) -> Generator[Registry]:
    with registry_server() as server:
        server.apis = apis
        registry = OverHttp(server, kind, id_kind)
        yield registry
        registry.lookup.close()


def by_confluent_id() -> AbstractContextManager[Registry]:
    """Confluent's registry, by id."""
    return _over_http("confluent", SchemaIdKind.CONFLUENT_ID)


def by_confluent_guid() -> AbstractContextManager[Registry]:
    """Confluent's registry, by GUID."""
    return _over_http("confluent", SchemaIdKind.CONFLUENT_GUID)


def by_content_id() -> AbstractContextManager[Registry]:
    """Apicurio's registry 3, by content id."""
    return _over_http("apicurio", SchemaIdKind.APICURIO_CONTENT_ID)


def by_global_id() -> AbstractContextManager[Registry]:
    """Apicurio's registry 2, by global id."""
    return _over_http("apicurio", SchemaIdKind.APICURIO_GLOBAL_ID, apis=frozenset({"v2"}))


OpenRegistry = Callable[[], AbstractContextManager[Registry]]

EVERY_REGISTRY: list[OpenRegistry] = [
    in_memory,
    by_confluent_id,
    by_confluent_guid,
    by_content_id,
    by_global_id,
]
