"""What every change source promises to whoever polls it: what exists, claims, and records."""

from itertools import pairwise

import pytest

from domain.errors import ConnectionError as StoreConnectionError
from domain.errors import StreamRefusedError
from tests.contract.brokers import Broker, Member, poll_until


async def test_existing_tells_every_partition_and_joins_no_group(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    customers = await broker.create_topic("customers")
    await broker.produce(orders, b"a", b"b", b"c", partition=1)
    source = broker.source()

    found = await source.existing()

    assert [(log.topic, log.partition, log.log_start, log.log_end) for log in found] == [
        (customers, 0, 0, 0),
        (orders, 0, 0, 0),
        (orders, 1, 0, 3),
    ]
    assert await broker.members() == 0


async def test_existing_tells_the_cluster_and_the_life_of_each_topic(broker: Broker) -> None:
    await broker.create_topic("orders", partitions=2)
    await broker.create_topic("customers")
    source = broker.source()

    found = await source.existing()

    assert len({log.cluster_id for log in found}) == 1
    assert len({log.topic_id for log in found}) == 2
    assert all(log.cluster_id and log.topic_id for log in found)


async def test_existing_tells_from_where_a_log_can_still_be_read(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b", b"c")
    await broker.expire(orders, before=2)

    (found,) = await broker.source().existing()

    assert (found.log_start, found.log_end) == (2, 3)


async def test_without_topics_nothing_exists(broker: Broker) -> None:
    assert list(await broker.source().existing()) == []


async def test_claim_is_asked_with_what_the_broker_says(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    await broker.produce(orders, b"a", b"b", partition=1)
    member = Member(broker.source())

    await member.join(partitions=2)

    assert sorted(member.asked[-1], key=lambda log: log.partition) == sorted(
        await member.source.existing(), key=lambda log: log.partition
    )


async def test_each_record_comes_once_and_in_the_order_of_its_partition(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    rows = [b"row %d" % number for number in range(600)]
    for partition in (0, 1):
        await broker.produce(orders, *rows, partition=partition)
    member = await Member(broker.source()).start()

    await member.read(1200)
    await member.poll()

    assert member.values_of(orders, 0) == rows
    assert member.values_of(orders, 1) == rows


async def test_a_record_comes_as_it_was_produced(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    (offset,) = await broker.produce(orders, b"\x00\xff", partition=1)
    member = await Member(broker.source()).start()

    await member.read(1)

    (record,) = member.slices[-1].records
    assert (record.topic, record.partition, record.offset) == (orders, 1, offset)
    assert (record.key, record.value, tuple(record.headers)) == (None, b"\x00\xff", ())
    assert record.timestamp > 0


async def test_slices_follow_each_other_from_the_claimed_offset_on(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    member = await Member(broker.source()).start()

    for number in range(1, 6):
        await broker.produce(orders, b"row")
        await member.read(number)

    parts = member.parts_of(orders)
    assert parts[0].expected == 0
    assert all(before.next_offset == after.expected for before, after in pairwise(parts))
    assert parts[-1].next_offset == 5


async def test_reading_begins_at_the_claimed_offset(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b", b"c")
    member = await Member(broker.source(), {(orders, 0): 1}).start()

    values = await member.read(2)

    assert values == [b"b", b"c"]
    assert member.slices[0].expected == 1


async def test_offsets_without_a_record_are_passed(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    await broker.skip(orders)
    await broker.produce(orders, b"b")
    member = await Member(broker.source(), {(orders, 0): 1}).start()

    values = await member.read(1)

    assert values == [b"b"]
    assert (member.slices[0].expected, member.slices[-1].next_offset) == (
        1,
        await broker.end(orders),
    )


async def test_the_position_moves_over_offsets_without_a_record_at_the_end(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    await broker.skip(orders)
    end = await broker.end(orders)
    member = await Member(broker.source()).start()

    await poll_until(lambda: bool(member.slices) and member.slices[-1].next_offset == end, member)

    assert member.values == [b"a"]
    assert set(member.source.lag().values()) == {0}


async def test_poll_gives_none_when_nothing_came_in_time(broker: Broker) -> None:
    await broker.create_topic("orders")
    member = await Member(broker.source()).join()

    assert await member.poll() is None


async def test_what_claim_refuses_poll_raises_and_asks_again_later(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = Member(broker.source())
    member.refusal = StreamRefusedError(orders, 0, problem="it is another's.", remedy="Ask them.")
    await member.start()

    with pytest.raises(StreamRefusedError, match="it is another's"):
        await member.read(1)
    with pytest.raises(StreamRefusedError, match="it is another's"):
        await member.read(1)
    asked = len(member.asked)
    member.refusal = None

    assert asked == 2
    assert await member.read(1) == [b"a"]


async def test_when_claim_cannot_reach_the_database_a_later_poll_asks_again(
    broker: Broker,
) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = Member(broker.source())
    member.refusal = StoreConnectionError("the database is away. Wait.")
    await member.start()

    with pytest.raises(ConnectionError, match="the database is away"):
        await member.read(1)
    member.refusal = None

    assert await member.read(1) == [b"a"]
    assert len(member.asked) == 2


async def test_records_that_expire_while_they_are_read_are_claimed_again(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = await Member(broker.source()).start()
    await member.read(1)
    member.source.pause()
    await member.poll()  # ends a fetch that is under way
    await broker.produce(orders, b"b", b"c", b"d")

    await broker.expire(orders, before=3)
    member.source.resume()
    await member.read(2)

    assert member.values == [b"a", b"d"]
    assert [log.log_start for logs in member.asked for log in logs] == [0, 3]
    assert member.slices[-1].expected == 3
