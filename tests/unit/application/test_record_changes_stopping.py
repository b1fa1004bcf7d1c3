"""Stopping finishes batches or drops them, never half, and leaves the group."""

import asyncio

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from application.consumer_config import ConsumerConfig
from application.reports import PipelineState
from tests.pipelines import Rig, in_state, until
from tests.unit.application.faults import GatedStore, a_transformer


async def test_what_was_polled_is_stored_before_the_end() -> None:
    store, transformer = GatedStore(), a_transformer()
    config = ConsumerConfig(batch_size=1000, batch_timeout=3600.0)
    rig = Rig(store=store, transformer=transformer, config=config)
    store.gate.clear()
    rig.broker.produce("orders", b"under way")

    running = asyncio.create_task(rig.pipeline.run())
    await store.until_under_way()
    for number in range(20):
        rig.broker.produce("orders", f"waiting {number}".encode())
    await until(lambda: rig.pipeline.status().lag == 0)
    rig.pipeline.request_stop()
    await until(lambda: len(transformer.batches) == 2)  # made ready, though it is not full
    state = rig.pipeline.status().state
    store.gate.set()
    await running

    assert state is PipelineState.STOPPING
    assert rig.values() == ["under way", *(f"waiting {number}" for number in range(20))]
    assert rig.broker.committed == {("orders", 0): 21}
    assert rig.broker.members == []
    assert rig.pipeline.status().state is PipelineState.STOPPED


async def test_what_cannot_be_stored_in_time_is_dropped_and_read_by_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = GatedStore()
    config = ConsumerConfig(batch_size=1, max_batch_records=2, shutdown_timeout=0.2)
    rig = Rig(store=store, config=config)
    store.gate.clear()
    for number in range(10):
        rig.broker.produce("orders", f"row {number}".encode())

    async with rig.running():
        await store.until_under_way()
    left_behind = list(rig.values())
    heir = Rig(broker=rig.broker, store=MemoryAuditStore(store.trail))
    async with heir.running():
        await heir.until_caught_up()

    assert left_behind == []
    assert "left the group without a goodbye" not in caplog.text
    assert heir.values() == [f"row {number}" for number in range(10)]
    assert heir.pipeline.status().fenced == 0


async def test_a_database_that_is_away_is_not_waited_for() -> None:
    rig = Rig(config=ConsumerConfig(shutdown_timeout=3600.0))
    rig.broker.produce("orders", b"before")

    async with rig.running():
        await rig.until_caught_up()
        rig.memory.available = False
        rig.broker.produce("orders", b"meanwhile")
        await until(in_state(rig.pipeline, PipelineState.WAITING))

    assert rig.values() == ["before"]
    assert rig.broker.members == []


async def test_a_broker_that_is_away_is_not_waited_for() -> None:
    rig = Rig()
    rig.broker.available = False

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))

    assert rig.pipeline.status().state is PipelineState.STOPPED


async def test_stopping_before_the_start_joins_nothing() -> None:
    rig = Rig()
    rig.pipeline.request_stop()

    await rig.pipeline.run()

    assert rig.broker.members == []
    assert rig.trail.positions() == {}


async def test_stopping_twice_is_stopping_once() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"row")

    async with rig.running():
        await rig.until_caught_up()
        rig.pipeline.request_stop()
        rig.pipeline.request_stop()

    assert rig.values() == ["row"]


async def test_stopping_while_the_source_is_held_is_stopping() -> None:
    rig = Rig()

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.RUNNING))
        rig.source.pause()

    assert rig.pipeline.status().state is PipelineState.STOPPED
