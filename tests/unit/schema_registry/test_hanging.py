"""
A registry that takes its callers' time: the first of them pays for it, and nobody after it.

That an answer took long is what the lookup's clock says; with these timeouts, whoever would wait
for the registry himself would not come back within a test.
"""

import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial

import pytest

from adapters.inprocess.transformer import InProcessTransformer
from adapters.memory.broker import MemoryBroker
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from application.topic_holds import LONGEST_LOOK
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from tests.pipelines import PlainDecoder, Rig, until
from tests.servers.registry import RegistryServer, registry_server
from tests.servers.registry_apis import Answer
from tests.unit.application.faults import Clock
from tests.unit.schema_registry.registries import KINDS, SCHEMA, named, registered

LONG = 300.0
AWAY = Answer(503, b"")


def hurrying() -> Callable[[], float]:
    """A clock by which whatever is done takes long."""
    return itertools.count(0.0, LONG).__next__


@contextmanager
def asked_in_vain(server: RegistryServer, kind: RegistryKind) -> Generator[RegistrySchemas]:
    """Give a lookup that has waited long for a registry that, from now on, never answers."""
    config = SchemaRegistryConfig(url=server.url, kind=kind, timeout=LONG)
    lookup = RegistrySchemas(config, clock=hurrying())
    server.only_answer = AWAY
    with pytest.raises(SchemaRegistryUnavailableError):
        lookup.find(named(kind, 1))
    server.only_answer, server.hangs = None, True
    try:
        yield lookup
    finally:
        server.stop()  # ends what hangs
        lookup.close()


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_asks_meanwhile_hears_at_once_that_it_is_away(kind: RegistryKind) -> None:
    with registry_server() as server, asked_in_vain(server, kind) as lookup:
        for number in range(1, 6):
            with pytest.raises(SchemaRegistryUnavailableError, match="answered 503"):
                lookup.find(named(kind, number))
        asked = len(server.requests)

    assert asked <= 2, "no more than one question waits for an answer"


@pytest.mark.parametrize("kind", KINDS)
def test_when_it_answers_again_that_is_known_without_anybody_waiting(kind: RegistryKind) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        config = SchemaRegistryConfig(url=server.url, kind=kind, timeout=0.1)
        lookup = RegistrySchemas(config)
        server.hangs = True
        with pytest.raises(SchemaRegistryUnavailableError, match="timed out"):
            lookup.find(reference)
        server.hangs = False

        found = next(filter(None, (tried(lookup, kind) for _ in range(1_000))))
        lookup.close()

    assert found == SCHEMA


def tried(lookup: RegistrySchemas, kind: RegistryKind) -> object:
    """What the lookup finds; None while it says that the registry is away."""
    try:
        return lookup.find(named(kind, 1))
    except SchemaRegistryUnavailableError:
        return None


def test_a_registry_that_has_no_such_schema_is_not_away() -> None:
    with registry_server() as server:
        config = SchemaRegistryConfig(url=server.url, timeout=LONG)
        lookup = RegistrySchemas(config, clock=hurrying())
        for _ in range(2):
            with pytest.raises(SchemaNotFoundError):
                lookup.find(named("confluent", 7))
        lookup.close()


class OrdersDecoder(PlainDecoder):
    """Looks a schema up for each order, and for nothing else."""

    def __init__(self, schemas: RegistrySchemas) -> None:
        self._schemas = schemas

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if record.topic == "orders":
            self._schemas.find(named("confluent", 1))
        return super().decode(record, stream_id)


def have_come(rig: Rig, customers: int) -> bool:
    return len(rig.values("customers")) == customers


async def test_topics_that_do_not_need_it_are_read_on_while_it_hangs() -> None:
    with registry_server() as server, asked_in_vain(server, "confluent") as lookup:
        decoder, clock, broker = OrdersDecoder(lookup), Clock(), MemoryBroker()
        transformer = InProcessTransformer(decoder, MemoryRowEncoder(), may_block=True)
        broker.create_topic("orders")
        broker.create_topic("customers")
        rig = Rig(broker=broker, transformer=transformer, clock=clock)
        broker.produce("orders", b"order")

        async with rig.running():
            for number in range(1, 4):
                broker.produce("customers", b"customer")
                await until(partial(have_come, rig, number))
                await until(lambda: set(rig.pipeline.status().held_topics) == {"orders"})
                clock.ahead += LONGEST_LOOK
        transformer.close()

    assert not rig.values("orders")
    assert not rig.trail.quarantine
