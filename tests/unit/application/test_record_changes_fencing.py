"""Exactly once, whoever else writes: zombies, rebalances, and one's own lost answers."""

import asyncio

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.broker import MemoryBroker
from application.consumer_config import ConsumerConfig
from domain.errors import FencedError
from tests.pipelines import Rig, until
from tests.unit.application.faults import FreezableSource, GatedStore, store_behind_its_back


def a_broker(partitions: int = 1) -> MemoryBroker:
    broker = MemoryBroker()
    broker.create_topic("orders", partitions)
    return broker


def hand_over(broker: MemoryBroker) -> None:
    """Rebalance so that a lone partition goes to the member that came last."""
    broker.members.reverse()
    broker.generation += 1


async def turns(rig: Rig, count: int) -> None:
    """Wait until the loop of `rig` has turned so often."""
    seen: set[float] = set()

    def has_turned() -> bool:
        seen.add(rig.pipeline.status().last_turn)
        return len(seen) > count

    await until(has_turned)


async def test_what_another_writer_stored_meanwhile_is_not_stored_again() -> None:
    store = GatedStore()
    rig = Rig(store=store)
    store.gate.clear()
    for number in range(5):
        rig.broker.produce("orders", f"row {number}".encode())

    async with rig.running():
        await store.until_under_way()
        await store_behind_its_back(store.trail, store.appended[0])
        rig.broker.produce("orders", b"afterwards")
        store.gate.set()
        await rig.until_caught_up()

    assert rig.values() == [*(f"row {number}" for number in range(5)), "afterwards"]
    assert rig.pipeline.status().fenced == 1
    assert rig.pipeline.status().records == {"audited": 1}


async def test_all_that_is_behind_a_fenced_batch_is_read_again() -> None:
    store = GatedStore()
    rig = Rig(store=store, config=ConsumerConfig(batch_size=1, max_batch_records=2))
    store.gate.clear()
    for number in range(20):
        rig.broker.produce("orders", f"row {number}".encode())

    async with rig.running():
        await until(lambda: store.under_way == 1 and rig.pipeline.status().lag == 0)
        await store_behind_its_back(store.trail, store.appended[0])
        store.gate.set()
        await rig.until_caught_up()

    assert rig.values() == [f"row {number}" for number in range(20)]
    assert rig.pipeline.status().fenced == 1
    assert rig.pipeline.status().records == {"audited": 18}


async def test_what_is_thrown_away_makes_room_for_what_is_read_again() -> None:
    store = GatedStore()
    config = ConsumerConfig(batch_size=1000, batch_timeout=3600.0, max_queued_bytes=20_000)
    rig = Rig(store=store, config=config)
    store.gate.clear()
    rig.broker.produce("orders", b"first")

    async with rig.running():
        await store.until_under_way()
        for _ in range(20):
            rig.broker.produce("orders", bytes(1000))
        await until(lambda: rig.pipeline.status().lag == 0)
        await store_behind_its_back(store.trail, store.appended[0])
        store.gate.set()
        await rig.until_caught_up()
        for _ in range(20):
            rig.broker.produce("orders", bytes(1000))
        await rig.until_caught_up()

    assert rig.pipeline.status().fenced == 1
    assert rig.pipeline.status().records == {"audited": 40}


async def test_partitions_that_were_not_touched_are_read_again_from_where_they_stood() -> None:
    store, broker = GatedStore(), a_broker(2)
    rig = Rig(broker=broker, store=store)
    for partition in (0, 1):
        for number in range(5):
            broker.produce("orders", f"row {partition}-{number}".encode(), partition=partition)
    store.gate.clear()

    async with rig.running():
        await store.until_under_way()
        (first,) = [s for s in store.appended[0].slices if s.partition.partition == 0]
        await store_behind_its_back(store.trail, type(store.appended[0])([first], 0, 0.0))
        store.gate.set()
        await rig.until_caught_up()

    assert rig.values() == [f"row {p}-{n}" for p in (0, 1) for n in range(5)]
    assert rig.pipeline.status().records == {"audited": 5}


async def test_a_zombie_that_was_thrown_out_of_the_group_writes_nothing_twice() -> None:
    broker = a_broker()
    store, source = GatedStore(), FreezableSource(broker)
    zombie = Rig(broker=broker, store=store, source=source)
    heir = Rig(broker=broker, store=MemoryAuditStore(store.trail))
    store.gate.clear()
    for number in range(10):
        broker.produce("orders", f"row {number}".encode())

    async with zombie.running():
        await store.until_under_way()
        source.awake.clear()
        broker.leave(source)  # its session timed out: the broker gives its partitions away
        async with heir.running():
            await heir.until_caught_up()
            store.gate.set()
            await until(lambda: zombie.pipeline.status().fenced == 1)
            source.awake.set()
            broker.produce("orders", b"afterwards")
            await heir.until_caught_up()

    assert heir.values() == [*(f"row {number}" for number in range(10)), "afterwards"]
    assert zombie.pipeline.status().records.get("audited", 0) <= 1


async def test_members_come_and_go_and_every_record_is_stored_once() -> None:
    broker = a_broker(6)
    first = Rig(broker=broker, config=ConsumerConfig(batch_size=1, max_batch_records=3))
    rigs = [
        Rig(
            broker=broker,
            store=MemoryAuditStore(first.trail),
            config=ConsumerConfig(batch_size=1, max_batch_records=3),
        )
        for _ in range(3)
    ]

    async with first.running():
        for number, rig in enumerate(rigs):
            async with rig.running():
                for row in range(60):
                    broker.produce("orders", f"{number}-{row}".encode(), partition=row % 6)
                    await asyncio.sleep(0)
                await first.until_caught_up()

    expected = sorted(f"{number}-{row}" for number in range(3) for row in range(60))
    assert sorted(first.values()) == expected
    tallies = [offset.tally for offset in first.trail.offsets.values()]
    assert sum(tally.audited for tally in tallies) == 180
    assert all(rig.pipeline.status().fenced == 0 for rig in (first, *rigs))


async def test_a_release_waits_for_the_batch_under_way() -> None:
    broker = a_broker()
    store = GatedStore()
    first = Rig(broker=broker, store=store)
    second = Rig(broker=broker, store=MemoryAuditStore(store.trail))
    store.gate.clear()
    broker.produce("orders", b"under way")

    async with first.running():
        await store.until_under_way()
        async with second.running():
            await until(lambda: len(broker.members) == 2)
            hand_over(broker)
            await turns(second, 5)
            claimed_before = second.pipeline.status().assigned
            store.gate.set()
            await until(lambda: second.pipeline.status().assigned == 1)
            told = broker.committed.get(("orders", 0))
            broker.produce("orders", b"afterwards")
            await second.until_caught_up()

    assert claimed_before == 0
    assert told == 1
    assert first.values() == ["under way", "afterwards"]
    assert first.pipeline.status().records == second.pipeline.status().records == {"audited": 1}
    assert first.pipeline.status().fenced == second.pipeline.status().fenced == 0


async def test_a_release_drops_what_was_not_taken_and_the_next_owner_reads_it() -> None:
    broker = a_broker()
    store = GatedStore()
    config = ConsumerConfig(batch_size=1000, batch_timeout=3600.0)
    first = Rig(broker=broker, store=store, config=config)
    second = Rig(broker=broker, store=MemoryAuditStore(store.trail))
    store.gate.clear()
    broker.produce("orders", b"under way")

    async with first.running():
        await store.until_under_way()
        for number in range(20):
            broker.produce("orders", f"waiting {number}".encode())
        await until(lambda: first.pipeline.status().lag == 0)
        async with second.running():
            await until(lambda: len(broker.members) == 2)
            hand_over(broker)
            await turns(second, 5)
            store.gate.set()
            await second.until_caught_up()

    assert first.pipeline.status().records == {"audited": 1}
    assert second.values() == ["under way", *(f"waiting {number}" for number in range(20))]
    assert first.pipeline.status().fenced == second.pipeline.status().fenced == 0


async def test_being_fenced_by_ourselves_is_nobodys_fault() -> None:
    rig = Rig()

    for _ in range(10):
        rig.pipeline.fenced(FencedError({(1, 0): 7}, writer=rig.memory.writer))

    assert rig.pipeline.status().fenced == 0


async def test_being_fenced_now_and_then_is_counted_and_goes_on() -> None:
    rig = Rig()

    for writer in ("a", "b", "a", "b"):
        rig.pipeline.fenced(FencedError({(1, 0): 7}, writer=writer))

    assert rig.pipeline.status().fenced == 4
