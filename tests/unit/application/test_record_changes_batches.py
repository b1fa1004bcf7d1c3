"""How records become batches: at once when it is quiet, large under load, always bounded."""

import asyncio

import pytest

from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from adapters.memory.row_encoder import MemoryRowEncoder
from application.consumer_config import ConsumerConfig
from tests.pipelines import PlainDecoder, Rig, counts, lag, until
from tests.unit.application.faults import GatedStore, OnManyWorkers, a_transformer

FOR_EVER = 3600.0


async def test_what_comes_while_a_commit_is_under_way_is_committed_together() -> None:
    store = GatedStore()
    rig = Rig(store=store, config=ConsumerConfig(batch_size=100, batch_timeout=FOR_EVER))
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        for number in range(50):
            rig.broker.produce("orders", f"row {number}".encode())
        await until(lambda: lag(rig) == 0)
        store.gate.set()
        await rig.until_caught_up()

    assert counts(rig) == [1, 50]
    assert rig.values() == ["first", *(f"row {number}" for number in range(50))]


async def test_from_the_batch_size_on_the_next_batch_is_made_ready_during_a_commit() -> None:
    store, transformer = GatedStore(), a_transformer()
    rig = Rig(
        store=store,
        transformer=transformer,
        config=ConsumerConfig(batch_size=10, batch_timeout=FOR_EVER),
    )
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        for _ in range(9):
            rig.broker.produce("orders", b"row")
        await until(lambda: lag(rig) == 0)
        below = len(transformer.batches)
        rig.broker.produce("orders", b"row")
        await until(lambda: len(transformer.batches) == 2)
        store.gate.set()

    assert below == 1
    assert counts(rig) == [1, 10]


async def test_a_batch_that_is_full_of_bytes_is_made_ready_during_a_commit() -> None:
    store, transformer = GatedStore(), a_transformer()
    config = ConsumerConfig(batch_size=1000, batch_timeout=FOR_EVER, max_batch_bytes=2048)
    rig = Rig(store=store, transformer=transformer, config=config)
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        for _ in range(3):
            rig.broker.produce("orders", bytes(1000))
        await until(lambda: len(transformer.batches) == 2)
        store.gate.set()
        await rig.until_caught_up()

    assert counts(rig)[:2] == [1, 2]


async def test_the_batch_timeout_makes_the_next_batch_ready_though_it_is_small() -> None:
    store, transformer = GatedStore(), a_transformer()
    rig = Rig(
        store=store,
        transformer=transformer,
        config=ConsumerConfig(batch_size=1000, batch_timeout=0.05),
    )
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        rig.broker.produce("orders", b"second")
        await until(lambda: len(transformer.batches) == 2)
        store.gate.set()

    assert counts(rig) == [1, 1]


async def test_so_many_batches_are_made_ready_ahead_and_no_more() -> None:
    store, transformer = GatedStore(), a_transformer()
    rig = Rig(
        store=store,
        transformer=transformer,
        config=ConsumerConfig(batch_size=1, max_batch_records=1, transform_ahead=2),
    )
    store.gate.clear()
    for _ in range(20):
        rig.broker.produce("orders", b"row")

    async with rig.running():
        await store.until_under_way()
        await until(lambda: lag(rig) == 0 and len(transformer.batches) == 3)
        for _ in range(20):
            await asyncio.sleep(0)
        ready = len(transformer.batches)
        store.gate.set()
        await rig.until_caught_up()

    assert ready == 3  # the current one, and two ahead of it
    assert counts(rig) == [1] * 20


async def test_workers_that_are_in_use_are_given_as_many_batches_as_keep_them_busy() -> None:
    store = GatedStore()
    transformer = OnManyWorkers(PlainDecoder(), MemoryRowEncoder())
    config = ConsumerConfig(batch_size=1, max_batch_records=1, transform_ahead=2)
    rig = Rig(store=store, transformer=transformer, config=config)
    store.gate.clear()
    for number in range(20):
        rig.broker.produce("orders", b"%02d" % number)

    async with rig.running():
        await store.until_under_way()
        await until(lambda: lag(rig) == 0 and len(transformer.batches) >= 6)
        for _ in range(20):
            await asyncio.sleep(0)
        ready = len(transformer.batches)
        store.gate.set()
        await rig.until_caught_up()

    assert ready == 6  # the current one, and five ahead of it
    assert rig.values() == [f"{number:02}" for number in range(20)]


async def test_beyond_the_setting_no_batch_is_smaller_than_its_share() -> None:
    store = GatedStore()
    transformer = OnManyWorkers(PlainDecoder(), MemoryRowEncoder())
    config = ConsumerConfig(batch_size=1, max_batch_records=25, transform_ahead=0)
    rig = Rig(store=store, transformer=transformer, config=config)
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        for _ in range(4):
            rig.broker.produce("orders", b"few")
        await until(lambda: lag(rig) == 0)
        for _ in range(20):
            await asyncio.sleep(0)
        below = len(transformer.batches)
        rig.broker.produce("orders", b"the fifth of 25 in five shares")
        await until(lambda: len(transformer.batches) == 2)
        store.gate.set()
        await rig.until_caught_up()

    assert below == 1
    assert counts(rig) == [1, 5]


@pytest.mark.parametrize(("caps", "most"), [((7, 10_000), 7), ((10_000, 70), 7)])
async def test_no_batch_is_larger_than_the_caps(caps: tuple[int, int], most: int) -> None:
    config = ConsumerConfig(batch_size=1, max_batch_records=caps[0], max_batch_bytes=caps[1])
    rig = Rig(config=config)
    for number in range(50):
        rig.broker.produce("orders", b"%010d" % number)

    async with rig.running():
        await rig.until_caught_up()

    assert max(counts(rig)) == most
    assert rig.values() == [f"{number:010}" for number in range(50)]


async def test_what_is_queued_is_bounded_in_bytes() -> None:
    store, broker = GatedStore(), MemoryBroker()
    broker.create_topic("orders")
    config = ConsumerConfig(batch_size=1, max_batch_bytes=1024, max_queued_bytes=10 * 1024)
    source = MemoryChangeSource(broker, max_poll_records=2)
    rig = Rig(broker=broker, store=store, source=source, config=config)
    store.gate.clear()
    for _ in range(100):
        broker.produce("orders", bytes(1024))

    async with rig.running():
        await until(lambda: lag(rig) <= 90)
        for _ in range(100):
            await asyncio.sleep(0)
        queued = 100 - lag(rig)
        store.gate.set()
        await rig.until_caught_up()

    assert queued == 10  # KiB: one poll of two may go over it, and none did
    assert len(rig.values()) == 100


async def test_one_writer_stores_one_batch_at_a_time() -> None:
    store, broker = GatedStore(), MemoryBroker()
    broker.create_topic("orders", 4)
    rig = Rig(broker=broker, store=store, config=ConsumerConfig(batch_size=1, max_batch_records=1))
    store.gate.clear()
    for partition in range(4):
        broker.produce("orders", b"row", partition=partition)

    async with rig.running():
        await until(lambda: lag(rig) == 0 and store.under_way == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        most = store.under_way
        store.gate.set()
        await rig.until_caught_up()

    assert most == 1


async def test_writers_store_batches_of_different_partitions_at_the_same_time() -> None:
    store, broker = GatedStore(), MemoryBroker()
    broker.create_topic("orders", 4)
    rig = Rig(broker=broker, store=store, config=ConsumerConfig(batch_size=1, writers=4))
    store.gate.clear()
    for partition in range(4):
        broker.produce("orders", b"row", partition=partition)

    async with rig.running():
        await store.until_under_way(4)
        store.gate.set()
        await rig.until_caught_up()

    assert len(rig.values()) == 4


async def test_with_many_writers_each_partition_stays_in_order() -> None:
    broker = MemoryBroker()
    broker.create_topic("orders", 5)
    config = ConsumerConfig(batch_size=1, max_batch_records=3, writers=3)
    rig = Rig(broker=broker, config=config)
    for number in range(200):
        broker.produce("orders", f"row {number}".encode(), partition=number % 5)

    async with rig.running():
        await rig.until_caught_up()

    expected = [f"row {n}" for partition in range(5) for n in range(partition, 200, 5)]
    assert rig.values() == expected
    stored = [(a.partition, a.expected) for r in rig.reports.all for a in r.batch.advances]
    for partition in {partition for partition, _ in stored}:
        offsets = [offset for other, offset in stored if other == partition]
        assert offsets == sorted(offsets)


async def test_offsets_without_a_record_are_stored_too() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"a")
    rig.broker.skip("orders", count=3)

    async with rig.running():
        await rig.until_caught_up()

    (offset,) = rig.trail.offsets.values()
    assert (offset.next_offset, offset.tally.audited, offset.tally.absent) == (4, 1, 3)


async def test_the_observer_is_told_of_each_batch_with_its_stages() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"a")

    async with rig.running():
        await rig.until_caught_up()

    (report,) = rig.reports.all
    assert [stage.stage for stage in report.stages] == ["poll", "transform", "append"]
    assert (report.record_count, report.size) == (1, 1)
