"""A member of a group of its own, on the Kafka that all tests share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from adapters.kafka.change_source import KafkaChangeSource
from tests.contract.brokers import Member, Place, kafka_config
from tests.servers.kafka_cluster import KafkaCluster


@asynccontextmanager
async def reading(
    cluster: KafkaCluster,
    *topics: str,
    trail: dict[Place, int] | None = None,
    **settings: Any,  # noqa: ANN401 - any setting
) -> AsyncGenerator[Member]:
    """Give a started member that reads `topics`, and have it leave in the end."""
    source = KafkaChangeSource(kafka_config(cluster, topics=list(topics), **settings))
    try:
        yield await Member(source, trail).start()
    finally:
        await source.stop()
