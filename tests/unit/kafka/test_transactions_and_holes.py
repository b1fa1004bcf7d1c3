"""Offsets that carry no record: transactions, compaction, retention; and topics made again."""

import asyncio

import pytest

from domain.stream import LogPartition
from tests.contract.brokers import PATIENCE, Member, poll_until
from tests.servers.kafka_cluster import KafkaCluster
from tests.unit.kafka.members import reading

pytestmark = pytest.mark.kafka

COMPACT_SOON = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.001",
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
}


def is_read_up_to(member: Member, offset: int) -> bool:
    return bool(member.slices) and member.slices[-1].next_offset == offset


def held_offsets(member: Member) -> list[int]:
    return [record.offset for part in member.slices for record in part.records]


async def compacted_log(cluster: KafkaCluster, topic: str) -> int:
    """Produce until the broker has compacted the oldest records away, and give the log's end."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await cluster.produce(topic, b"more", key=b"same")
            async with reading(cluster, topic) as member:
                await member.read(1)
                if held_offsets(member)[0] > 0:
                    return cluster.ends(topic)[0]


async def test_an_aborted_transaction_leaves_no_record_and_its_offsets_are_passed(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"before")
    await cluster.produce_in_transaction(topic, b"no", b"never", commit=False)
    await cluster.produce(topic, b"after")

    async with reading(cluster, topic) as member:
        await member.read(2)

    assert member.values == [b"before", b"after"]
    assert held_offsets(member) == [0, 4]
    assert (member.slices[0].expected, member.slices[-1].next_offset) == (0, 5)


async def test_a_committed_transaction_is_read_and_its_marker_is_passed(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce_in_transaction(topic, b"a", b"b", commit=True)

    async with reading(cluster, topic) as member:
        await poll_until(lambda: is_read_up_to(member, 3), member)
        lag = dict(member.source.lag())

    assert member.values == [b"a", b"b"]
    assert set(lag.values()) == {0}


async def test_a_log_of_nothing_but_an_aborted_transaction_is_read_to_its_end(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce_in_transaction(topic, b"no", b"never", commit=False)

    async with reading(cluster, topic) as member:
        await poll_until(lambda: is_read_up_to(member, 3), member)

    assert member.values == []
    assert [(part.expected, part.next_offset) for part in member.slices] == [(0, 3)]
    assert not member.slices[0].compacted


async def test_an_open_transaction_is_waited_for(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"before")

    async with reading(cluster, topic) as member, cluster.transaction(topic, b"later") as commit:
        await cluster.produce(topic, b"behind it")
        await member.read(1)
        while_open = [await member.poll() for _ in range(3)]
        lag = dict(member.source.lag())
        await commit()
        await member.read(3)

    assert while_open == [None, None, None]
    assert set(lag.values()) == {0}, "nothing behind an open transaction can be read yet"
    assert member.values == [b"before", b"later", b"behind it"]


async def test_read_uncommitted_gives_what_was_aborted(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce_in_transaction(topic, b"aborted", commit=False)

    async with reading(cluster, topic, isolation_level="read_uncommitted") as member:
        await member.read(1)

    assert member.values == [b"aborted"]


async def test_compacted_records_leave_holes_in_slices_that_say_so(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"), config=COMPACT_SOON)
    await cluster.produce(topic, b"1", b"2", b"3", key=b"same")
    end = await compacted_log(cluster, topic)

    async with reading(cluster, topic) as member:
        await poll_until(lambda: is_read_up_to(member, end), member)

    assert member.asked[0][0].compacted
    assert all(part.compacted for part in member.slices)
    assert 0 not in held_offsets(member)
    assert (member.slices[0].expected, member.slices[-1].next_offset) == (0, end)


async def test_a_topic_that_is_compacted_and_deleted_says_so_too(cluster: KafkaCluster) -> None:
    both = cluster.create_topic(
        cluster.scratch("both"), config={"cleanup.policy": "compact,delete"}
    )
    plain = cluster.create_topic(cluster.scratch("plain"))

    async with reading(cluster, both, plain) as member:
        await poll_until(lambda: len(member.claimed) == 2, member)

    assert {log.topic: log.compacted for log in member.asked[-1]} == {both: True, plain: False}


async def test_records_that_expired_while_nobody_read_are_told_to_claim(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b", b"c")
    cluster.delete_records(topic, before=2)

    async with reading(cluster, topic, trail={(topic, 0): 1}) as member:
        await member.read(1)

    assert [(log.log_start, log.log_end) for log in member.asked[0]] == [(2, 3)]
    assert member.values == [b"c"]


async def test_a_claim_before_the_log_start_is_asked_for_again(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b", b"c")

    async with reading(cluster, topic) as member:
        await member.read(3)
        cluster.delete_records(topic, before=2)
        member.source.seek(member.claimed[topic, 0], 0)
        member.forget(topic)
        await member.read(4)

    assert member.values == [b"a", b"b", b"c", b"c"]
    assert len(member.asked) == 2


async def test_a_claim_behind_the_log_end_is_asked_for_again_and_again(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a")

    async with reading(cluster, topic, trail={(topic, 0): 7}) as member:
        await poll_until(lambda: len(member.asked) >= 3, member)

    assert member.values == []


async def test_a_topic_that_was_deleted_and_made_again_is_claimed_as_another_life(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b", b"c")
    first_id = cluster.topic_id(topic)

    async with reading(cluster, topic) as member:
        await member.read(3)
        cluster.delete_topic(topic)
        await poll_until(lambda: not member.claimed, member)
        member.forget(topic)
        cluster.create_topic(topic)
        await cluster.produce(topic, b"new")
        await member.read(4)

    assert lives(member, topic) == [first_id, cluster.topic_id(topic)]
    assert member.values == [b"a", b"b", b"c", b"new"]


def lives(member: Member, topic: str) -> list[str | None]:
    """The ids of the topic that `claim` was asked with, each once."""
    logs: list[LogPartition] = [log for logs in member.asked for log in logs if log.topic == topic]
    return list(dict.fromkeys(log.topic_id for log in logs))


async def test_a_topic_that_is_made_again_while_it_is_held_is_claimed_as_another_life(
    cluster: KafkaCluster,
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a", b"b")
    first_id = cluster.topic_id(topic)

    async with reading(cluster, topic, metadata_max_age_ms=30_000) as member:
        await member.read(2)
        member.source.pause()
        await member.poll()  # ends a fetch that is under way
        cluster.delete_topic(topic)
        cluster.create_topic(topic)
        member.forget(topic)
        await cluster.produce(topic, b"v", b"w", b"x", b"y", b"z")
        member.source.resume()
        await member.read(7)

    assert lives(member, topic) == [first_id, cluster.topic_id(topic)]
    assert member.values == [b"a", b"b", b"v", b"w", b"x", b"y", b"z"]
