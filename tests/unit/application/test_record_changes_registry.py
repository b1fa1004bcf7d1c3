"""The schema registry goes away and comes back: the pipeline waits, and blames no record."""

from adapters.memory.broker import MemoryBroker
from adapters.memory.schema_lookup import MemorySchemaLookup
from application.health import Health
from application.pipeline_health import LagSeen, judge_readiness
from application.reports import PipelineState
from application.topic_holds import LONGEST_LOOK
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaIdKind, SchemaReference
from tests.pipelines import PlainDecoder, Rig, in_state, until
from tests.unit.application.faults import Clock, a_transformer

KNOWN = SchemaReference(SchemaIdKind.CONFLUENT_ID, "1")
UNKNOWN = SchemaReference(SchemaIdKind.CONFLUENT_ID, "404")


class SchemaDecoder(PlainDecoder):
    """
    Looks a schema up for each record: one that is not there for a value ``unknown``.

    Args:
        schemas: Where it looks.
    """

    def __init__(self, schemas: MemorySchemaLookup) -> None:
        self.schemas = schemas

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        self.schemas.find(UNKNOWN if record.value == b"unknown" else KNOWN)
        return super().decode(record, stream_id)


def a_registry() -> MemorySchemaLookup:
    registry = MemorySchemaLookup()
    registry.schemas[KNOWN] = RegisteredSchema(SchemaFormat.AVRO, '"string"')
    return registry


async def test_the_registry_goes_away_and_comes_back() -> None:
    registry = a_registry()
    registry.available = False
    rig = Rig(transformer=a_transformer(SchemaDecoder(registry)))

    async with rig.running():
        for number in range(300):
            rig.broker.produce("orders", f"row {number}".encode())
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        waiting = rig.pipeline.status()
        registry.available = True
        await rig.until_caught_up()
        state = rig.pipeline.status().state

    assert waiting.reason == "the in-memory schema registry is away. Set `available`."
    assert state is PipelineState.RUNNING
    assert rig.values() == [f"row {number}" for number in range(300)]
    assert not rig.trail.quarantine


async def test_while_it_is_away_the_service_is_unready_and_says_why() -> None:
    registry = a_registry()
    registry.available = False
    rig = Rig(transformer=a_transformer(SchemaDecoder(registry)))
    rig.broker.produce("orders", b"row")

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        status = rig.pipeline.status()
        registry.available = True

    readiness = judge_readiness(status, LagSeen(), now=0.0, progress_timeout=60.0)
    assert readiness.health is Health.UNHEALTHY
    assert "schema registry is away" in str(readiness.details["reason"])


async def test_while_it_is_away_the_source_is_held_and_polled_on() -> None:
    registry = a_registry()
    registry.available = False
    rig = Rig(transformer=a_transformer(SchemaDecoder(registry)))
    rig.broker.produce("orders", b"row")

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        rig.broker.produce("orders", b"not read while held")
        turns = {rig.pipeline.status().last_turn}
        await until(lambda: len(turns | {rig.pipeline.status().last_turn}) > 1)
        lag = rig.pipeline.status().lag
        registry.available = True
        await rig.until_caught_up()

    assert lag == 1
    assert rig.values() == ["row", "not read while held"]


async def test_a_schema_that_is_not_there_costs_its_record_only() -> None:
    rig = Rig(transformer=a_transformer(SchemaDecoder(a_registry())))
    for value in (b"before", b"unknown", b"after"):
        rig.broker.produce("orders", value)

    async with rig.running():
        await rig.until_caught_up()

    (quarantined,) = rig.trail.quarantine.values()
    assert (quarantined.error_type, quarantined.value) == ("SchemaNotFoundError", b"unknown")
    assert rig.values() == ["before", "after"]


class OrdersDecoder(SchemaDecoder):
    """Needs the registry for orders only."""

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if record.topic == "orders":
            return super().decode(record, stream_id)
        return PlainDecoder.decode(self, record, stream_id)


class Mixed:
    """Orders, which need the registry; customers, which do not; a clock that the test moves."""

    def __init__(self) -> None:
        self.registry = a_registry()
        self.registry.available = False
        self.clock = Clock()
        broker = MemoryBroker()
        broker.create_topic("orders")
        broker.create_topic("customers")
        self.rig = Rig(
            broker=broker,
            transformer=a_transformer(OrdersDecoder(self.registry)),
            clock=self.clock,
        )
        for number in range(50):
            broker.produce("orders", f"order {number}".encode())
            broker.produce("customers", f"customer {number}".encode())

    def have_come(self) -> bool:
        """Whether all customers are in the trail."""
        customers = self.rig.broker.logs["customers", 0].end
        return len(self.rig.values("customers")) == customers

    def are_held(self, *topics: str) -> bool:
        """Whether these topics are held, and no others."""
        return set(self.rig.pipeline.status().held_topics) == set(topics)


async def test_topics_that_do_not_need_it_are_read_on_meanwhile() -> None:
    mixed = Mixed()

    async with mixed.rig.running():
        await until(lambda: len(mixed.rig.values("customers")) == 50)
        mixed.rig.broker.produce("customers", b"later")
        await until(lambda: len(mixed.rig.values("customers")) == 51)
        status = mixed.rig.pipeline.status()

    assert status.state is PipelineState.RUNNING
    assert "registry is away" in status.held_topics["orders"]
    assert not mixed.rig.values("orders")
    assert not mixed.rig.trail.quarantine


async def test_a_topic_that_waited_for_it_goes_on_where_it_stood() -> None:
    mixed = Mixed()

    async with mixed.rig.running():
        await until(lambda: mixed.are_held("orders"))
        mixed.registry.available = True
        mixed.clock.ahead += LONGEST_LOOK
        await mixed.rig.until_caught_up()
        await until(mixed.are_held)

    assert mixed.rig.values("orders") == [f"order {number}" for number in range(50)]
    assert mixed.rig.values("customers") == [f"customer {number}" for number in range(50)]


async def test_a_topic_goes_on_waiting_while_it_stays_away() -> None:
    mixed = Mixed()

    async with mixed.rig.running():
        for _ in range(5):
            await until(lambda: mixed.are_held("orders"))
            mixed.clock.ahead += LONGEST_LOOK
            mixed.rig.broker.produce("customers", b"more")
            await until(mixed.have_come)

    assert not mixed.rig.values("orders")
    assert mixed.rig.values("customers")[50:] == ["more"] * 5


async def test_the_last_topic_waits_with_the_whole_service() -> None:
    mixed = Mixed()
    mixed.rig.broker.create_topic("invoices")

    decoder = SchemaDecoder(mixed.registry)
    rig = Rig(broker=mixed.rig.broker, transformer=a_transformer(decoder), clock=mixed.clock)
    rig.broker.produce("invoices", b"invoice")

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        mixed.registry.available = True
        mixed.clock.ahead += LONGEST_LOOK
        await until(lambda: bool(rig.is_caught_up()))

    assert not rig.trail.quarantine
