"""The source in memory, where the contract of all sources says nothing."""

import pytest

from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from domain.errors import SourceUnavailableError
from tests.contract.brokers import Member


def a_broker(partitions: int = 1) -> MemoryBroker:
    broker = MemoryBroker()
    broker.create_topic("orders", partitions)
    return broker


async def test_a_broker_that_is_away_is_told_and_read_on_when_it_is_back() -> None:
    broker = a_broker()
    broker.produce("orders", b"a")
    member = await Member(MemoryChangeSource(broker)).start()
    broker.available = False

    with pytest.raises(SourceUnavailableError):
        await member.poll()
    with pytest.raises(SourceUnavailableError):
        await member.source.existing()
    broker.available = True

    assert await member.read(1) == [b"a"]


async def test_a_poll_gives_at_most_so_many_records_of_all_partitions_together() -> None:
    broker = a_broker(2)
    for partition in (0, 1):
        for _ in range(3):
            broker.produce("orders", b"row", partition=partition)
    member = await Member(MemoryChangeSource(broker, max_poll_records=4)).start()

    batches = [await member.poll(), await member.poll()]

    assert [batch.record_count if batch else 0 for batch in batches] == [4, 2]


async def test_a_topic_that_is_made_again_is_released_and_claimed_anew() -> None:
    broker = a_broker()
    broker.produce("orders", b"old")
    member = await Member(MemoryChangeSource(broker)).start()
    await member.read(1)
    first = member.claimed["orders", 0]

    broker.create_topic("orders")
    member.forget("orders")
    broker.produce("orders", b"new")
    await member.read(2)

    assert member.values == [b"old", b"new"]
    assert member.claimed["orders", 0].stream_id != first.stream_id


async def test_compacted_topics_say_so_in_their_slices() -> None:
    broker = a_broker()
    broker.compacted.add("orders")
    broker.produce("orders", b"a")
    member = await Member(MemoryChangeSource(broker)).start()

    await member.read(1)

    assert member.asked[0][0].compacted
    assert member.slices[0].compacted


async def test_polling_before_the_start_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="before start"):
        await MemoryChangeSource(a_broker()).poll()
