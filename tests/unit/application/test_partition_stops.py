"""A partition whose log is damaged stops alone, is let go of, and goes on by itself."""

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.broker import MemoryBroker
from adapters.memory.trail import MemoryOffset
from application.health import Health
from application.pipeline_health import judge_health
from application.reports import PipelineState
from domain.disposition import Tally
from tests.pipelines import Rig, until


def a_damaged_broker() -> MemoryBroker:
    """Two partitions; what is at the offsets 1 and 2 of the first cannot be read."""
    broker = MemoryBroker()
    broker.create_topic("orders", 2)
    for number in range(4):
        broker.produce("orders", b'"%d"' % number)
    broker.produce("orders", b'"other"', partition=1)
    broker.damage("orders", offsets=range(1, 3))
    return broker


def is_let_go(rig: Rig) -> bool:
    return bool(rig.source.stopped()) and rig.trail.offsets[1, 0].writer is None


async def test_the_others_go_on_and_the_reason_has_the_command() -> None:
    broker = a_damaged_broker()

    async with Rig(broker=broker).running() as rig:
        await until(lambda: is_let_go(rig))
        broker.produce("orders", b'"another"', partition=1)
        await until(lambda: '"another"' in rig.values())
        status = rig.pipeline.status()

    assert rig.values() == ['"0"', '"other"', '"another"']
    assert rig.trail.positions() == {(1, 0): 1, (1, 1): 2}
    assert status.state is PipelineState.RUNNING
    assert list(status.stopped_partitions) == ["orders-0"]
    assert "topic orders, partition 0 cannot be read at offset 1" in str(status.stopped_partitions)
    assert (
        "`cdc-audit stream skip orders 0 --from 1 --to 3 --cause corrupt --reason TEXT`"
        in status.stopped_partitions["orders-0"]
    )


async def test_health_is_degraded_and_says_why() -> None:
    async with Rig(broker=a_damaged_broker()).running() as rig:
        await until(lambda: is_let_go(rig))
        found = judge_health(rig.pipeline.status())

    assert found.health is Health.DEGRADED
    assert "partition 0 cannot be read at offset 1" in str(found.details["stopped_partitions"])


async def test_a_partition_whose_offset_was_moved_past_the_damage_goes_on_by_itself() -> None:
    broker = a_damaged_broker()

    async with Rig(broker=broker).running() as rig:
        await until(lambda: is_let_go(rig))
        stood = rig.trail.offsets[1, 0]
        rig.trail.offsets[1, 0] = MemoryOffset(
            stood.first_offset, 3, stood.consumer_group, None, stood.tally + Tally(absent=2)
        )
        await rig.until_caught_up()
        await until(lambda: not rig.source.stopped())
        status = rig.pipeline.status()

    assert rig.values() == ['"0"', '"3"', '"other"']
    assert status.stopped_partitions == {}
    assert judge_health(status).health is Health.HEALTHY


async def test_a_log_that_is_mended_is_read_on_and_nothing_is_lost() -> None:
    broker = a_damaged_broker()

    async with Rig(broker=broker).running() as rig:
        await until(lambda: is_let_go(rig))
        broker.damage("orders")
        await rig.until_caught_up()

    assert rig.values() == ['"0"', '"1"', '"2"', '"3"', '"other"']


async def test_a_service_whose_only_partition_has_stopped_stands_by_degraded() -> None:
    broker = MemoryBroker()
    broker.create_topic("orders")
    broker.produce("orders", b'"0"')
    broker.damage("orders", offsets=range(1))

    async with Rig(broker=broker).running() as rig:
        await until(lambda: is_let_go(rig))
        status = rig.pipeline.status()

    assert status.state in {PipelineState.STANDBY, PipelineState.RUNNING}
    assert judge_health(status).health is Health.DEGRADED


async def test_a_database_that_is_away_is_told_later() -> None:
    store = MemoryAuditStore()

    async with Rig(broker=a_damaged_broker(), store=store).running() as rig:
        await until(lambda: is_let_go(rig))
        store.available = False
        await until(lambda: rig.pipeline.status().reason is not None)
        store.available = True
        await until(lambda: rig.pipeline.status().reason is None)
        await until(lambda: is_let_go(rig))


@pytest.mark.parametrize("offsets", [range(2), range(3, 4)])
async def test_damage_anywhere_stops_just_before_it(offsets: range) -> None:
    broker = a_damaged_broker()
    broker.damage("orders", offsets=offsets)

    async with Rig(broker=broker).running() as rig:
        await until(lambda: is_let_go(rig))
        (stop,) = rig.source.stopped()

    assert (stop.offset, stop.resume_at) == (offsets.start, offsets.stop)
    assert rig.trail.positions()[1, 0] == offsets.start
