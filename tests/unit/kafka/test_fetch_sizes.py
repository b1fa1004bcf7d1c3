"""What aiokafka buffers is bounded for all partitions together; nothing is too large to come."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from adapters.kafka.consumer import LEAST_FETCH_BYTES, limit_fetches, new_consumer
from tests.contract.brokers import kafka_config
from tests.servers.kafka_cluster import KafkaCluster
from tests.unit.kafka.members import reading

pytestmark = pytest.mark.kafka

LARGE = LEAST_FETCH_BYTES * 3 // 4
RECORDS = 6
MANY = 1_000_000


@asynccontextmanager
async def consuming(
    cluster: KafkaCluster, topic: str, *, partitions: int
) -> AsyncGenerator[AIOKafkaConsumer]:
    """Give a consumer of the first partition that is limited as if it had so many."""
    config = kafka_config(cluster)
    consumer = new_consumer(config)
    await consumer.start()
    try:
        limit_fetches(consumer, config, partitions)
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        yield consumer
    finally:
        await consumer.stop()


@pytest.mark.parametrize(("partitions", "comes_at_once"), [(1, RECORDS), (MANY, 1)])
async def test_many_partitions_are_fetched_in_smaller_parts(
    cluster: KafkaCluster, partitions: int, comes_at_once: int
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    for _ in range(RECORDS):  # one batch of the log each
        await cluster.produce(topic, bytes(LARGE))

    async with consuming(cluster, topic, partitions=partitions) as consumer:
        found = await consumer.getmany(timeout_ms=10_000)

    assert [len(records) for records in found.values()] == [comes_at_once]


async def test_a_record_that_is_larger_than_its_share_comes(cluster: KafkaCluster) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    large = bytes(3 * LEAST_FETCH_BYTES)
    await cluster.produce(topic, large, b"behind it")

    async with reading(cluster, topic, max_partition_fetch_bytes=1) as member:
        await member.read(2)

    assert member.values == [large, b"behind it"]
