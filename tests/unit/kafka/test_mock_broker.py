"""The demo's broker, which knows no topic ids and no policies, is read all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from adapters.embedded.mock_broker import MockBroker
from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from tests.contract.brokers import Member

TOPIC = "shop.public.orders"


@pytest.fixture
def config(tmp_path: Path) -> Iterator[KafkaConfig]:
    """Give the settings to read a mock broker with one topic."""
    with MockBroker({TOPIC: 2}, log=tmp_path / "log") as broker:
        yield KafkaConfig(
            bootstrap_servers=[broker.bootstrap],
            topics=[TOPIC],
            consumer_timeout_ms=200,
            session_timeout_ms=1500,
            heartbeat_interval_ms=500,
        )


async def produce(config: KafkaConfig, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=config.bootstrap_servers)
    await producer.start()
    for value in values:
        await producer.send_and_wait(TOPIC, value, partition=0)
    await producer.stop()


async def test_its_topics_have_no_ids(config: KafkaConfig) -> None:
    existing = await KafkaChangeSource(config).existing()

    assert [(log.topic, log.partition, log.topic_id) for log in existing] == [
        (TOPIC, 0, None),
        (TOPIC, 1, None),
    ]


async def test_its_records_are_read_held_and_read_on(config: KafkaConfig) -> None:
    await produce(config, b"a", b"b")
    member = await Member(KafkaChangeSource(config)).start()

    await member.read(2)
    member.source.pause()
    await produce(config, b"c")
    while_held = [await member.poll() for _ in range(2)]
    member.source.resume()
    await member.read(3)
    await member.source.stop()

    assert while_held == [None, None]
    assert member.values == [b"a", b"b", b"c"]
