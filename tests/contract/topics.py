"""The same topic in memory and in Apache Kafka, for readers of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from adapters.kafka.admin import KafkaAdmin
from adapters.kafka.topic_reader import KafkaTopicReader
from adapters.memory.broker import MemoryBroker
from adapters.memory.topic_reader import MemoryTopicReader
from application.bookkeeping import TopicReader
from domain.stream import LogPartition
from tests.contract.brokers import kafka_config
from tests.servers.kafka import kafka_cluster
from tests.servers.kafka_cluster import KafkaCluster


class Topic(Protocol):
    """A topic of one partition."""

    reader: TopicReader

    async def produce(self, *values: bytes) -> None:
        """Append records."""
        ...

    async def produce_aborted(self) -> None:
        """Append offsets that carry no record; at least one."""
        ...

    async def expire(self, before: int) -> None:
        """Delete the records before an offset."""
        ...

    async def make_again(self) -> None:
        """Delete it, and make one of the same name."""
        ...

    async def describe(self) -> LogPartition:
        """What the broker says of it."""
        ...


class MemoryTopic:
    """In the fake."""

    def __init__(self) -> None:
        self._broker = MemoryBroker()
        self._broker.create_topic("orders")
        self.reader: TopicReader = MemoryTopicReader(self._broker)

    async def produce(self, *values: bytes) -> None:
        for value in values:
            self._broker.produce("orders", value)

    async def produce_aborted(self) -> None:
        self._broker.skip("orders", count=2)

    async def expire(self, before: int) -> None:
        self._broker.expire("orders", start=before)

    async def make_again(self) -> None:
        self._broker.create_topic("orders")

    async def describe(self) -> LogPartition:
        return self._broker.describe("orders", 0)


class KafkaTopic:
    """In the Kafka that all tests share."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._name = cluster.create_topic(cluster.scratch("orders"))
        config = kafka_config(cluster)
        self._admin = KafkaAdmin(config)
        self.reader: TopicReader = KafkaTopicReader(config)

    async def produce(self, *values: bytes) -> None:
        await self._cluster.produce(self._name, *values)

    async def produce_aborted(self) -> None:
        await self._cluster.produce_in_transaction(self._name, b"never", commit=False)

    async def expire(self, before: int) -> None:
        await asyncio.to_thread(self._cluster.delete_records, self._name, before=before)

    async def make_again(self) -> None:
        await asyncio.to_thread(self._cluster.delete_topic, self._name)
        await asyncio.to_thread(self._cluster.create_topic, self._name)

    async def describe(self) -> LogPartition:
        (log,) = await self._admin.describe([(self._name, 0)])
        return log


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Topic]:
    """Give a topic of the fake."""
    yield MemoryTopic()


@asynccontextmanager
async def in_kafka() -> AsyncGenerator[Topic]:
    """Give a topic of a real Kafka."""
    yield await asyncio.to_thread(KafkaTopic, kafka_cluster())
