"""Between two batches: nothing comes before the next rows are on their way to the database."""

import asyncio

from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from application.consumer_config import ConsumerConfig
from tests.pipelines import Rig, counts, lag, until
from tests.unit.application.faults import GatedStore, a_transformer


async def test_between_two_batches_nothing_else_is_begun_until_the_rows_are_on_their_way() -> None:
    store, transformer = GatedStore(), a_transformer()
    config = ConsumerConfig(batch_size=1, max_batch_records=1, transform_ahead=1)
    rig = Rig(store=store, transformer=transformer, config=config)
    store.gate.clear()
    for _ in range(4):
        rig.broker.produce("orders", b"row")

    async with rig.running():
        await store.until_under_way()
        await until(lambda: lag(rig) == 0 and len(transformer.batches) == 2)
        store.door.clear()
        store.gate.set()
        await until(lambda: len(store.appended) == 2)
        for _ in range(20):
            await asyncio.sleep(0)
        before = len(transformer.batches)
        store.gate.clear()
        store.door.set()
        await until(lambda: len(transformer.batches) == 3)
        store.gate.set()
        await rig.until_caught_up()

    assert before == 2  # the one that is stored, and the one at the door
    assert counts(rig) == [1] * 4


async def test_what_was_stored_gives_no_room_until_the_next_rows_are_on_their_way() -> None:
    store, broker = GatedStore(), MemoryBroker()
    broker.create_topic("orders")
    config = ConsumerConfig(batch_size=1, max_batch_bytes=1024, max_queued_bytes=2048)
    source = MemoryChangeSource(broker, max_poll_records=1)
    rig = Rig(broker=broker, store=store, source=source, config=config)
    store.gate.clear()
    for _ in range(4):
        broker.produce("orders", bytes(1024))

    async with rig.running():
        await store.until_under_way()
        await until(lambda: lag(rig) == 2)
        store.door.clear()
        store.gate.set()
        await until(lambda: len(store.appended) == 2)
        for _ in range(20):
            await asyncio.sleep(0)
        before = lag(rig)
        store.door.set()
        await rig.until_caught_up()

    assert before == 2
    assert counts(rig) == [1] * 4
