"""What every change source promises as a member of its group."""

from tests.contract.brokers import Broker, Member, Place, poll_until


async def test_acknowledge_tells_the_broker_the_next_offset(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b")
    member = await Member(broker.source()).start()
    await member.read(2)

    before = await broker.committed(orders)
    await member.source.acknowledge({member.claimed[orders, 0]: 2})

    assert before is None
    assert await broker.committed(orders) == 2


async def test_what_was_not_acknowledged_is_not_read_again(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b")
    trail: dict[Place, int] = {}
    first = await Member(broker.source(), trail).start()
    await first.read(2)
    await first.source.stop()
    await broker.produce(orders, b"c")

    second = await Member(broker.source(), trail).start()

    assert await second.read(1) == [b"c"]


async def test_what_was_acknowledged_is_read_again_if_the_trail_does_not_have_it(
    broker: Broker,
) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a", b"b")
    first = await Member(broker.source()).start()
    await first.read(2)
    await first.source.acknowledge({first.claimed[orders, 0]: 2})
    await first.source.stop()

    second = await Member(broker.source(), {(orders, 0): 1}).start()

    assert await second.read(1) == [b"b"]


async def test_stop_leaves_the_group(broker: Broker) -> None:
    await broker.create_topic("orders")
    member = await Member(broker.source()).join()
    joined = await broker.members()

    await member.source.stop()

    assert joined == 1
    assert await broker.members() == 0


async def test_a_member_that_gets_nothing_claims_with_none(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    first = await Member(broker.source()).join()
    second = await Member(broker.source()).start()

    await poll_until(
        lambda: bool(first.asked and second.asked) and len({*first.claimed, *second.claimed}) == 1,
        first,
        second,
    )

    (idle,) = (member for member in (first, second) if not member.claimed)
    (busy,) = (member for member in (first, second) if member.claimed)
    assert list(idle.asked[-1]) == []
    assert list(busy.claimed) == [(orders, 0)]
    assert dict(idle.source.lag()) == {}


async def test_two_members_share_the_partitions(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    trail: dict[Place, int] = {}
    first = await Member(broker.source(), trail).join(partitions=2)
    second = await Member(broker.source(), trail).start()

    await poll_until(lambda: len(first.claimed) == len(second.claimed) == 1, first, second)
    for partition in (0, 1):
        await broker.produce(orders, b"row", partition=partition)
    await poll_until(lambda: len(first.values) + len(second.values) == 2, first, second)

    assert {*first.claimed, *second.claimed} == {(orders, 0), (orders, 1)}
    assert (first.values, second.values) == ([b"row"], [b"row"])


async def test_what_a_member_leaves_the_other_reads_on(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    trail: dict[Place, int] = {}
    first = await Member(broker.source(), trail).join(partitions=2)
    second = await Member(broker.source(), trail).start()
    await poll_until(lambda: len(first.claimed) == len(second.claimed) == 1, first, second)
    for partition in (0, 1):
        await broker.produce(orders, b"before", partition=partition)
    await poll_until(lambda: len(first.values) + len(second.values) == 2, first, second)

    await first.source.stop()
    for partition in (0, 1):
        await broker.produce(orders, b"after", partition=partition)
    await second.read(3)

    assert set(second.claimed) == {(orders, 0), (orders, 1)}
    assert sorted(second.values, key=repr) == [b"after", b"after", b"before"]


async def test_release_is_told_before_a_partition_is_given_up(broker: Broker) -> None:
    orders = await broker.create_topic("orders", partitions=2)
    diary: list[tuple[str, Place]] = []
    first = await Member(broker.source(), diary=diary).join(partitions=2)
    second = await Member(broker.source(), diary=diary).start()

    await poll_until(lambda: len(first.claimed) == len(second.claimed) == 1, first, second)

    for place in ((orders, 0), (orders, 1)):
        steps = [step for step, where in diary if where == place]
        assert steps == ["claim", "release", "claim"]


async def test_a_new_partition_is_noticed_and_read_from_its_beginning(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = await Member(broker.source()).start()
    await member.read(1)

    await broker.add_partition(orders)
    await broker.produce(orders, b"b", b"c", partition=1)
    await member.read(3)

    assert member.values == [b"a", b"b", b"c"]
    assert member.parts_of(orders, 1)[0].expected == 0


async def test_a_new_topic_is_noticed_and_read_from_its_beginning(broker: Broker) -> None:
    orders = await broker.create_topic("orders")
    await broker.produce(orders, b"a")
    member = await Member(broker.source()).start()
    await member.read(1)

    customers = await broker.create_topic("customers")
    await broker.produce(customers, b"b", b"c")
    await member.read(3)

    assert member.values_of(customers) == [b"b", b"c"]
    assert member.values_of(orders) == [b"a"]
