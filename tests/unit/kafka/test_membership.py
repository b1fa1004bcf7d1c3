"""What the consumer is, as the group and the broker see it."""

import asyncio

import pytest

from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from adapters.kafka.consumer import topics_pattern
from tests.contract.brokers import kafka_config, poll_until
from tests.servers.kafka_cluster import KafkaCluster
from tests.unit.kafka.members import reading

pytestmark = pytest.mark.kafka


async def test_nothing_is_committed_by_itself(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    group = cluster.scratch("group")
    await cluster.produce(topic, b"a", b"b")

    async with reading(cluster, topic, group_id=group) as member:
        await member.read(2)
    while_gone = cluster.committed(group, topic)

    assert while_gone is None


async def test_a_topic_that_is_not_there_is_not_made(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    missing = cluster.scratch("missing")
    await cluster.produce(topic, b"a")

    async with reading(cluster, topic, missing) as member:
        await member.read(1)

    assert cluster.partitions(missing) == 0


async def test_a_topic_that_was_not_there_is_read_when_it_comes(cluster: KafkaCluster) -> None:
    topic = cluster.scratch("later")

    async with reading(cluster, topic) as member:
        await poll_until(lambda: bool(member.asked), member)
        cluster.create_topic(topic)
        await cluster.produce(topic, b"first")
        await member.read(1)

    assert list(member.asked[0]) == []
    assert member.values == [b"first"]


async def test_a_name_is_read_as_it_stands(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("shop.orders"))
    longer = cluster.create_topic(f"{topic}-archive")
    similar = cluster.create_topic(topic.replace(".", "x"))
    for other in (longer, similar):
        await cluster.produce(other, b"not asked for")
    await cluster.produce(topic, b"a")

    async with reading(cluster, topic) as member:
        await member.read(1)
        await member.poll()
        existing = await member.source.existing()

    assert member.values == [b"a"]
    assert [log.topic for log in existing] == [topic]


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        (r"shop\..*", "shop.public.orders", True),
        (r"shop\.", "shop.public.orders", True),
        (r"shop\..*", "eshop.public.orders", False),
        (r"shop\.orders$", "shop.orders.archive", False),
    ],
)
def test_a_pattern_is_matched_at_the_beginning_of_a_name(
    pattern: str, name: str, *, matches: bool
) -> None:
    config = KafkaConfig(topic_pattern=pattern)

    assert bool(topics_pattern(config).match(name)) is matches


async def test_the_brokers_own_topics_are_never_read(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce_in_transaction(topic, b"a", commit=True)
    async with reading(cluster, topic) as member:
        await member.read(1)
    everything = KafkaChangeSource(kafka_config(cluster, topic_pattern=".*"))

    names = {log.topic for log in await everything.existing()}

    assert topic in names
    assert cluster.partitions("__consumer_offsets")
    assert cluster.partitions("__transaction_state")
    assert not [name for name in names if name.startswith("__")]


async def test_the_broker_shows_the_names_that_were_given(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    group = cluster.scratch("group")

    async with reading(
        cluster, topic, group_id=group, client_id="audit-7", group_instance_id="pod-7"
    ) as member:
        await poll_until(lambda: bool(member.claimed), member)
        shown = cluster.describe_group(group)

    assert [(m.client_id, m.group_instance_id) for m in shown.members] == [("audit-7", "pod-7")]


@pytest.mark.parametrize("assignment", ["roundrobin", "range", "sticky"])
async def test_the_group_assigns_as_configured(cluster: KafkaCluster, assignment: str) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    group = cluster.scratch("group")

    async with reading(cluster, topic, group_id=group, partition_assignment=assignment) as member:
        await poll_until(lambda: bool(member.claimed), member)
        shown = cluster.describe_group(group)

    assert shown.partition_assignor == assignment


async def test_a_held_source_stays_in_the_group_beyond_the_longest_poll_interval(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    group = cluster.scratch("group")

    async with reading(cluster, topic, group_id=group, max_poll_interval_ms=600) as member:
        await poll_until(lambda: bool(member.claimed), member)
        member.source.pause()
        for _ in range(10):  # of 250 ms each
            await member.poll()
        members = cluster.members(group)

    assert members == 1
    assert len(member.asked) == 1


async def test_a_poll_gives_at_most_so_many_records(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, *(b"row %d" % number for number in range(25)))

    async with reading(cluster, topic, max_poll_records=10) as member:
        await member.read(25)

    assert [len(part.records) for part in member.slices] == [10, 10, 5]
    assert member.values == [b"row %d" % number for number in range(25)]


async def test_a_record_larger_than_a_fetch_is_read_all_the_same(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    large = bytes(200_000)
    await cluster.produce(topic, b"a", large, b"b")

    async with reading(cluster, topic, max_partition_fetch_bytes=1000) as member:
        await member.read(3)

    assert member.values == [b"a", large, b"b"]


async def test_a_poll_comes_back_while_claim_takes_its_time(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a")

    async with reading(cluster, topic) as member:
        member.gate = asyncio.Event()
        await poll_until(lambda: bool(member.asked), member)
        meanwhile = await member.poll()
        member.gate.set()
        await member.read(1)

    assert meanwhile is None
    assert len(member.asked) == 1


async def test_a_rebalance_while_claim_takes_its_time_gives_the_claim_back(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"), partitions=2)
    group = cluster.scratch("group")
    await cluster.produce(topic, b"a", partition=0)
    await cluster.produce(topic, b"b", partition=1)
    trail: dict[tuple[str, int], int] = {}

    async with reading(cluster, topic, trail=trail, group_id=group) as slow:
        slow.gate = asyncio.Event()
        await poll_until(lambda: bool(slow.asked), slow)
        async with reading(cluster, topic, trail=trail, group_id=group) as other:
            await poll_until(lambda: bool(other.asked), slow, other)
            slow.gate.set()
            await poll_until(
                lambda: (
                    len(slow.claimed) == len(other.claimed) == 1
                    and len(slow.values) + len(other.values) == 2
                ),
                slow,
                other,
            )

    assert {*slow.values, *other.values} == {b"a", b"b"}


async def test_a_partition_that_goes_away_while_it_is_released_is_not_claimed_again(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    group = cluster.scratch("group")
    await cluster.produce(topic, b"a", b"b")
    trail: dict[tuple[str, int], int] = {}

    async with reading(cluster, topic, trail=trail, group_id=group, client_id="z") as slow:
        await slow.read(2)
        slow.exit = asyncio.Event()
        slow.source.seek(slow.claimed[topic, 0], 77)  # out of range: released, to be claimed again
        await poll_until(lambda: not slow.claimed, slow)
        async with reading(cluster, topic, trail=trail, group_id=group, client_id="a") as other:
            await poll_until(lambda: bool(other.claimed), slow, other)  # its id is the lower one
            slow.exit.set()
            await poll_until(lambda: list(slow.asked[-1]) == [], slow, other)
            for _ in range(3):
                await slow.poll()
            claimed = (dict(slow.claimed), list(other.claimed))

    assert claimed == ({}, [(topic, 0)])
    assert len(slow.asked) == 2


async def test_acknowledgements_at_the_same_time_are_both_told(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"), partitions=2)
    group = cluster.scratch("group")
    for partition in (0, 1):
        await cluster.produce(topic, b"row", partition=partition)

    async with reading(cluster, topic, group_id=group) as member:
        await member.read(2)
        await asyncio.gather(
            *(member.source.acknowledge({claimed: 1}) for claimed in member.claimed.values())
        )
        told = [cluster.committed(group, topic, partition) for partition in (0, 1)]

    assert told == [1, 1]
