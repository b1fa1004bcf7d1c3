"""What every change source promises to whoever holds it, or sets it back."""

import asyncio

import pytest

from domain.stream import StreamPartition
from tests.contract.brokers import Broker, Member


async def test_a_paused_source_returns_nothing_and_a_resumed_one_everything(
    broker: Broker,
) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = await Member(broker.source()).start()
    await member.read(1)

    member.source.pause()
    await broker.produce(orders, b"b", b"c")
    while_paused = [await member.poll() for _ in range(3)]
    member.source.resume()

    assert while_paused == [None, None, None]
    assert await member.read(3) == [b"a", b"b", b"c"]


async def test_what_was_fetched_before_a_pause_is_not_lost(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, *(b"row %d" % number for number in range(1500)))
    member = await Member(broker.source()).start()
    await member.read(1)
    before = len(member.values)

    member.source.pause()
    await member.poll()
    paused = len(member.values)
    member.source.resume()
    await member.read(1500)
    await member.poll()

    assert before == paused < 1500
    assert member.values == [b"row %d" % number for number in range(1500)]


async def test_a_pause_of_everything_holds_what_is_assigned_later_too(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = Member(broker.source())
    member.source.pause()

    await member.join()
    while_paused = [await member.poll() for _ in range(3)]
    member.source.resume()

    assert while_paused == [None, None, None]
    assert await member.read(1) == [b"a"]


async def test_a_paused_source_stays_in_the_group(broker: Broker) -> None:
    await broker.create_topic("orders")
    member = await Member(broker.source()).join()

    member.source.pause()
    for _ in range(5):
        await member.poll()

    assert await broker.members() == 1
    assert len(member.asked) == 1


async def test_one_partition_is_paused_and_the_others_are_read_on(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    member = await Member(broker.source()).join(partitions=2)
    held = member.claimed[orders, 0]

    member.source.pause({held})
    await broker.produce(orders, b"held", partition=0)
    await broker.produce(orders, b"free", partition=1)
    meanwhile = [*await member.read(1), await member.poll()]
    member.source.resume({held})

    assert meanwhile == [b"free", None]
    assert await member.read(2) == [b"free", b"held"]


async def test_each_pause_is_undone_by_its_own_resume(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    member = await Member(broker.source()).join()
    held = member.claimed[orders, 0]
    await broker.produce(orders, b"a")

    member.source.pause({held})
    member.source.pause()
    member.source.resume()
    still = [await member.poll() for _ in range(3)]
    member.source.resume({held})

    assert still == [None, None, None]
    assert await member.read(1) == [b"a"]


@pytest.mark.parametrize("offset", [0, 1, 3])
async def test_seek_reads_on_from_there(broker: Broker, offset: int) -> None:
    orders = await broker.create_topic("orders")
    rows = [b"a", b"b", b"c", b"d"]
    await broker.produce(orders, *rows)
    member = await Member(broker.source()).start()
    await member.read(4)

    is_ours = member.source.seek(member.claimed[orders, 0], offset)
    await member.read(4 + 4 - offset)

    assert is_ours
    assert member.values[4:] == rows[offset:]
    assert member.slices[-1].next_offset == 4
    assert [part.expected for part in member.slices if part.expected == offset]


async def test_seek_throws_away_what_was_fetched_for_the_poll_after(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    rows = [b"row %d" % number for number in range(1500)]
    await broker.produce(orders, *rows)
    member = await Member(broker.source()).start()
    await member.read(1)
    before = len(member.values)

    member.source.seek(member.claimed[orders, 0], 10)
    await member.read(before + 1490)

    assert before < 1500
    assert member.values[before:] == rows[10:]


async def test_a_seek_while_a_poll_is_under_way_holds(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b")
    member = await Member(broker.source()).start()
    await member.read(2)
    polling = asyncio.create_task(member.poll())
    await asyncio.sleep(0)

    member.source.seek(member.claimed[orders, 0], 1)
    await polling
    await member.read(3)

    assert member.values == [b"a", b"b", b"b"]


async def test_seek_says_when_a_partition_is_not_ours(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    member = Member(broker.source())
    ours = StreamPartition(1, 0, orders)

    before_the_claim = member.source.seek(ours, 0)
    await member.join()
    ours = member.claimed[orders, 0]
    another_life = member.source.seek(StreamPartition(ours.stream_id + 7, 0, orders), 0)
    another_partition = member.source.seek(StreamPartition(ours.stream_id, 1, orders), 0)

    assert not before_the_claim
    assert not another_life
    assert not another_partition
    assert member.source.seek(ours, 0)


async def test_lag_is_what_is_left_to_read(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    await broker.produce(orders, b"a", b"b", b"c", partition=1)
    member = Member(broker.source(), {(orders, 1): 1})
    member.source.pause()

    await member.join(partitions=2)
    before = dict(member.source.lag())
    member.source.resume()
    await member.read(2)
    after = dict(member.source.lag())

    first, second = member.claimed[orders, 0], member.claimed[orders, 1]
    assert before == {first: 0, second: 2}
    assert after == {first: 0, second: 0}
