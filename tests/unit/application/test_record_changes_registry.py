"""The schema registry goes away and comes back: the pipeline waits, and blames no record."""

from adapters.memory.schema_lookup import MemorySchemaLookup
from application.health import Health
from application.pipeline_health import LagSeen, judge_readiness
from application.reports import PipelineState
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaIdKind, SchemaReference
from tests.pipelines import PlainDecoder, Rig, in_state, until
from tests.unit.application.faults import a_transformer

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
