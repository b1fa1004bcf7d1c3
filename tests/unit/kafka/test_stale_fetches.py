"""What was fetched before a seek or a pause is not returned after it, however late that comes."""

import asyncio

import pytest

from tests.contract.brokers import Member
from tests.servers.kafka_cluster import KafkaCluster
from tests.unit.kafka.members import reading

pytestmark = pytest.mark.kafka

LONG = 30_000  # milliseconds: a poll ends since a record came, not since time is over


async def begin_to_poll(member: Member) -> asyncio.Task[object]:
    """Begin a poll, and come back when its turn waits for records."""
    polling: asyncio.Task[object] = asyncio.create_task(member.poll())
    while not is_fetching():  # noqa: ASYNC110 - see `until_fetched`
        await asyncio.sleep(0)
    return polling


async def until_fetched() -> None:
    """Come back in the one moment in which records were fetched and `poll` does not know yet."""
    while is_fetching():  # noqa: ASYNC110 - an event would come a turn of the loop too late
        await asyncio.sleep(0)


def is_fetching() -> bool:
    return any("_take_turn" in repr(task.get_coro()) for task in asyncio.all_tasks())


async def test_a_seek_after_the_fetch_wins(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b")

    async with reading(cluster, topic, consumer_timeout_ms=LONG) as member:
        await member.read(2)
        polling = await begin_to_poll(member)
        producing = asyncio.create_task(cluster.produce(topic, b"c"))
        await until_fetched()
        was_polling = not polling.done()
        member.source.seek(member.claimed[topic, 0], 1)
        stale = await polling
        await producing
        await member.read(4)

    assert was_polling
    assert stale is None
    assert member.values == [b"a", b"b", b"b", b"c"]


async def test_a_pause_after_the_fetch_holds_what_was_fetched(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b")

    async with reading(cluster, topic, consumer_timeout_ms=LONG) as member:
        await member.read(2)
        polling = await begin_to_poll(member)
        producing = asyncio.create_task(cluster.produce(topic, b"c"))
        await until_fetched()
        was_polling = not polling.done()
        member.source.pause()
        while_paused = await polling
        await producing
        member.source.resume()
        await member.read(3)

    assert was_polling
    assert while_paused is None
    assert member.values == [b"a", b"b", b"c"]
