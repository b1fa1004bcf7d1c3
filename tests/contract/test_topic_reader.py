"""Reading a topic again, over the fake and Apache Kafka."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from application.bookkeeping import LogExtent
from domain.account import Account
from domain.disposition import Tally
from domain.stream import StreamPartition
from tests.contract.topics import Topic, in_kafka, in_memory

EVERY: Sequence[Any] = [in_memory, pytest.param(in_kafka, marks=pytest.mark.kafka)]


@pytest.fixture(params=EVERY)
async def topic(request: pytest.FixtureRequest) -> AsyncGenerator[Topic]:
    context: AbstractAsyncContextManager[Topic] = request.param()
    async with context as topic:
        yield topic


async def an_account(topic: Topic) -> Account:
    log = await topic.describe()
    return Account(
        partition=StreamPartition(1, 0, log.topic),
        cluster_id=log.cluster_id,
        topic_id=log.topic_id,
        first_offset=0,
        next_offset=log.log_end,
        tally=Tally(),
    )


async def read(topic: Topic, start: int, end: int) -> Sequence[tuple[int, bytes | None]]:
    partition = (await an_account(topic)).partition
    return [
        (record.offset, record.value)
        async for record in topic.reader.read(partition, start=start, end=end)
    ]


async def test_every_record_between_two_offsets_comes_once_in_order(topic: Topic) -> None:
    await topic.produce(b"a", b"b", b"c", b"d")

    assert await read(topic, 1, 3) == [(1, b"b"), (2, b"c")]
    assert await read(topic, 0, 4) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]
    assert await read(topic, 2, 2) == []


async def test_offsets_without_a_record_are_passed(topic: Topic) -> None:
    await topic.produce(b"a")
    await topic.produce_aborted()
    end = (await topic.describe()).log_end
    await topic.produce(b"b")

    assert await read(topic, 0, end) == [(0, b"a")]
    assert await read(topic, 1, end) == []
    assert await read(topic, 0, end + 1) == [(0, b"a"), (end, b"b")]


async def test_its_extent_is_what_can_still_be_read(topic: Topic) -> None:
    await topic.produce(b"a", b"b", b"c")
    account = await an_account(topic)
    await topic.expire(before=2)

    assert await topic.reader.extent(account) == LogExtent(2, 3)


async def test_another_life_of_the_topic_has_no_extent(topic: Topic) -> None:
    await topic.produce(b"a")
    account = await an_account(topic)
    await topic.make_again()

    assert await topic.reader.extent(account) is None
    assert await topic.reader.extent(await an_account(topic)) == LogExtent(0, 0)
