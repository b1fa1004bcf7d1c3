"""The broker goes away, freezes, comes late: the source says so, and goes on by itself."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.ports import free_port
from adapters.kafka.change_source import KafkaChangeSource
from domain.errors import SourceUnavailableError
from tests.contract.brokers import PATIENCE, Member, kafka_config
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Give a broker that a test may end; each test leaves it running."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def cluster(server: KafkaServer) -> KafkaCluster:
    """Give the broker that may be ended."""
    return KafkaCluster(server.bootstrap)


@asynccontextmanager
async def reading(cluster: KafkaCluster, topic: str) -> AsyncGenerator[Member]:
    source = KafkaChangeSource(kafka_config(cluster, topics=[topic]))
    try:
        yield await Member(source).start()
    finally:
        await source.stop()


async def trouble_of(member: Member) -> SourceUnavailableError:
    """Poll until the source says that the broker is gone."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await member.poll()
            except SourceUnavailableError as error:
                return error


async def read_through_trouble(member: Member, count: int) -> None:
    """Poll until so many records came, whatever the source says meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while len(member.values) < count:
            with suppress(SourceUnavailableError):
                await member.poll()


async def test_a_broker_that_is_killed_and_restarted_is_read_on(
    server: KafkaServer, cluster: KafkaCluster
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"before")

    async with reading(cluster, topic) as member:
        await member.read(1)
        server.kill()
        trouble = await trouble_of(member)
        await asyncio.to_thread(server.start)
        await cluster.produce(topic, b"after")
        await read_through_trouble(member, 2)

    assert server.bootstrap in str(trouble)
    assert member.values == [b"before", b"after"]


async def test_a_broker_that_freezes_is_noticed_and_read_on(
    server: KafkaServer, cluster: KafkaCluster
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"before")

    async with reading(cluster, topic) as member:
        await member.read(1)
        server.suspend()
        trouble = await trouble_of(member)
        server.resume()
        await cluster.produce(topic, b"after")
        await read_through_trouble(member, 2)

    assert server.bootstrap in str(trouble)
    assert member.values == [b"before", b"after"]


async def test_a_held_source_notices_that_the_broker_is_gone(
    server: KafkaServer, cluster: KafkaCluster
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"before")

    async with reading(cluster, topic) as member:
        await member.read(1)
        member.source.pause()
        server.suspend()
        trouble = await trouble_of(member)
        server.resume()
        await cluster.produce(topic, b"after")
        member.source.resume()
        await read_through_trouble(member, 2)

    assert "does not answer" in str(trouble)
    assert member.values == [b"before", b"after"]


async def test_an_acknowledgement_to_a_frozen_broker_comes_back(
    server: KafkaServer, cluster: KafkaCluster
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a")

    async with reading(cluster, topic) as member:
        await member.read(1)
        server.suspend()
        async with asyncio.timeout(PATIENCE):
            await member.source.acknowledge({member.claimed[topic, 0]: 1})
        server.resume()


async def test_a_broker_that_comes_late_is_waited_for(
    server: KafkaServer, cluster: KafkaCluster
) -> None:
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a")
    server.kill()

    async with reading(cluster, topic) as member:
        trouble = await trouble_of(member)
        await asyncio.to_thread(server.start)
        await read_through_trouble(member, 1)

    assert server.bootstrap in str(trouble)
    assert member.values == [b"a"]


async def test_where_nobody_listens_nothing_exists_yet() -> None:
    config = kafka_config(KafkaCluster(f"127.0.0.1:{free_port()}"), topics=["orders"])
    source = KafkaChangeSource(config)

    with pytest.raises(SourceUnavailableError) as refused:
        await source.existing()

    assert config.bootstrap_servers[0] in str(refused.value)
    assert "does not answer as it should" in str(refused.value)
