"""The same broker in memory and in Apache Kafka, and members of one group over it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest

from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from application.ports import RecordSource
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.stream import Claim, LogPartition, StreamPartition
from tests.servers.kafka import kafka_cluster
from tests.servers.kafka_cluster import KafkaCluster

PATIENCE = 60.0
"""Seconds until a test that waits for something says that it never came."""

Place = tuple[str, int]
"""Topic and partition."""


class Broker(Protocol):
    """A cluster whose topics and only group belong to one test."""

    async def create_topic(self, name: str, partitions: int = 1) -> str:
        """Make a topic that is read, and give its whole name."""
        ...

    async def add_partition(self, topic: str) -> None:
        """Give a topic one more partition."""
        ...

    async def produce(self, topic: str, *values: bytes, partition: int = 0) -> Sequence[int]:
        """Append records, and give their offsets."""
        ...

    async def skip(self, topic: str) -> None:
        """Append offsets that carry no record."""
        ...

    async def expire(self, topic: str, *, before: int) -> None:
        """Delete the records before an offset."""
        ...

    async def end(self, topic: str, partition: int = 0) -> int:
        """The offset that the next record will get."""
        ...

    async def committed(self, topic: str, partition: int = 0) -> int | None:
        """The next offset that the group told."""
        ...

    async def members(self) -> int:
        """How many members the group has."""
        ...

    def source(self) -> RecordSource:
        """Make a source, which joins the group when it is started."""
        ...


class MemoryBrokerUnderTest:
    """The fake."""

    def __init__(self) -> None:
        self._broker = MemoryBroker()

    async def create_topic(self, name: str, partitions: int = 1) -> str:
        self._broker.create_topic(name, partitions)
        return name

    async def add_partition(self, topic: str) -> None:
        self._broker.add_partition(topic)

    async def produce(self, topic: str, *values: bytes, partition: int = 0) -> Sequence[int]:
        return [self._broker.produce(topic, value, partition=partition) for value in values]

    async def skip(self, topic: str) -> None:
        self._broker.skip(topic, count=3)

    async def expire(self, topic: str, *, before: int) -> None:
        self._broker.expire(topic, start=before)

    async def end(self, topic: str, partition: int = 0) -> int:
        return self._broker.describe(topic, partition).log_end

    async def committed(self, topic: str, partition: int = 0) -> int | None:
        return self._broker.committed.get((topic, partition))

    async def members(self) -> int:
        return len(self._broker.members)

    def source(self) -> RecordSource:
        return MemoryChangeSource(self._broker)


class KafkaBrokerUnderTest:
    """Topics with a prefix of their own, in the Kafka that all tests share."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._prefix = cluster.scratch("contract")
        self.sources: list[RecordSource] = []

    async def create_topic(self, name: str, partitions: int = 1) -> str:
        whole = f"{self._prefix}.{name}"
        return await asyncio.to_thread(self._cluster.create_topic, whole, partitions)

    async def add_partition(self, topic: str) -> None:
        count = await asyncio.to_thread(self._cluster.partitions, topic)
        await asyncio.to_thread(self._cluster.add_partitions, topic, count + 1)

    async def produce(self, topic: str, *values: bytes, partition: int = 0) -> Sequence[int]:
        return await self._cluster.produce(topic, *values, partition=partition)

    async def skip(self, topic: str) -> None:
        await self._cluster.produce_in_transaction(topic, b"never was", commit=False)

    async def expire(self, topic: str, *, before: int) -> None:
        await asyncio.to_thread(self._cluster.delete_records, topic, before=before)

    async def end(self, topic: str, partition: int = 0) -> int:
        return (await asyncio.to_thread(self._cluster.ends, topic, partition + 1))[partition]

    async def committed(self, topic: str, partition: int = 0) -> int | None:
        return await asyncio.to_thread(self._cluster.committed, self._prefix, topic, partition)

    async def members(self) -> int:
        return await asyncio.to_thread(self._cluster.members, self._prefix)

    def source(self) -> RecordSource:
        config = kafka_config(self._cluster, topic_pattern=rf"{re.escape(self._prefix)}\.")
        config.group_id = self._prefix
        self.sources.append(KafkaChangeSource(config))
        return self.sources[-1]


def kafka_config(cluster: KafkaCluster, **settings: Any) -> KafkaConfig:  # noqa: ANN401 - any setting
    """Read from `cluster` with a short breath: nothing waits longer than a test likes to."""
    values: dict[str, Any] = {
        "bootstrap_servers": [cluster.bootstrap],
        "group_id": cluster.scratch("group"),
        "session_timeout_ms": 6000,
        "heartbeat_interval_ms": 200,
        "metadata_max_age_ms": 300,
        "consumer_timeout_ms": 200,
        "fetch_max_wait_ms": 50,
    }
    values.update(settings)
    return KafkaConfig(**values)


class Member:
    """
    A member of the group, with a trail that is only offsets.

    Args:
        source: What it reads from; not started.
        trail: Next offset of each partition, shared by the members; else the log's start.
        diary: Takes down ``claim`` and ``release`` with the topic and partition, of all members.

    Attributes:
        asked: What `claim` was called with, in order.
        refusal: Raised by `claim` if it is not None.
        gate: Waited for by `claim` if it is not None.
        exit: Waited for by `release` if it is not None.
        slices: What `poll` gave, in order.
    """

    def __init__(
        self,
        source: RecordSource,
        trail: dict[Place, int] | None = None,
        diary: list[tuple[str, Place]] | None = None,
    ) -> None:
        self.source = source
        self.asked: list[Sequence[LogPartition]] = []
        self.refusal: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.exit: asyncio.Event | None = None
        self.slices: list[PartitionSlice] = []
        self.claimed: dict[Place, StreamPartition] = {}
        self._trail = {} if trail is None else trail
        self._diary = [] if diary is None else diary
        self._lives: dict[tuple[str, str | None], int] = {}

    @property
    def values(self) -> Sequence[bytes | None]:
        """The values of all records, in the order in which they came."""
        return [record.value for part in self.slices for record in part.records]

    def values_of(self, topic: str, partition: int = 0) -> Sequence[bytes | None]:
        """The values of one partition's records, in the order in which they came."""
        return [r.value for part in self.parts_of(topic, partition) for r in part.records]

    def parts_of(self, topic: str, partition: int = 0) -> Sequence[PartitionSlice]:
        """The slices of one partition."""
        place = (topic, partition)
        return [s for s in self.slices if (s.partition.topic, s.partition.partition) == place]

    async def start(self) -> "Member":
        """Join the group, by and by."""
        await self.source.start(claim=self._claim, release=self._release)
        return self

    async def poll(self) -> ConsumedBatch | None:
        """Poll once, and take it into the trail."""
        batch = await self.source.poll()
        for part in batch.slices if batch else ():
            self._trail[part.partition.topic, part.partition.partition] = part.next_offset
            self.slices.append(part)
        return batch

    def forget(self, topic: str) -> None:
        """Let the trail know nothing of `topic`: it is read from the log's start when claimed."""
        for place in [place for place in self._trail if place[0] == topic]:
            del self._trail[place]

    async def read(self, count: int) -> Sequence[bytes | None]:
        """Poll until so many records came since the start, and give the values of all."""
        await poll_until(lambda: len(self.values) >= count, self)
        return self.values

    async def join(self, partitions: int = 1) -> "Member":
        """Start, and poll until so many partitions are claimed."""
        await self.start()
        await poll_until(lambda: len(self.claimed) == partitions, self)
        return self

    async def _claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        self.asked.append(partitions)
        if self.refusal is not None:
            raise self.refusal
        if self.gate is not None:
            await self.gate.wait()
        claims: list[Claim] = []
        for log in partitions:
            place = (log.topic, log.partition)
            stream = self._lives.setdefault((log.topic, log.topic_id), len(self._lives) + 1)
            self.claimed[place] = StreamPartition(stream, log.partition, log.topic)
            self._diary.append(("claim", place))
            start = max(self._trail.get(place, 0), log.log_start)
            claims.append(Claim(self.claimed[place], start, log.compacted))
        return claims

    async def _release(self, partitions: Sequence[StreamPartition]) -> None:
        for partition in partitions:
            place = (partition.topic, partition.partition)
            assert self.claimed.pop(place) == partition
            self._diary.append(("release", place))
        if self.exit is not None:
            await self.exit.wait()


async def poll_until(condition: Callable[[], bool], *members: Member) -> None:
    """Let all `members` poll until `condition` holds."""

    async def poll_on(member: Member) -> None:
        while not condition():
            await member.poll()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*map(poll_on, members))


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Broker]:
    """Give the fake."""
    yield MemoryBrokerUnderTest()


@asynccontextmanager
async def in_kafka() -> AsyncGenerator[Broker]:
    """Give a group of its own in a real Kafka; whatever joined leaves in the end."""
    broker = KafkaBrokerUnderTest(kafka_cluster())
    try:
        yield broker
    finally:
        for source in broker.sources:
            await source.stop()


BROKERS = [
    pytest.param(in_memory, id="memory"),
    pytest.param(in_kafka, id="kafka", marks=pytest.mark.kafka),
]
