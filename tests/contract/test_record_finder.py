"""The contract of `RecordFinder`: the very record, or none; over the fake and Apache Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import msgspec
import pytest

from adapters.kafka.admin import KafkaAdmin
from adapters.kafka.record_finder import KafkaRecordFinder
from adapters.memory.broker import MemoryBroker
from adapters.memory.record_finder import MemoryRecordFinder
from application.quarantine_ledger import RecordFinder
from domain.errors import SourceUnavailableError
from domain.quarantine_entry import QuarantineEntry
from domain.stream import LogPartition
from tests.builders import a_quarantined_record
from tests.contract.brokers import kafka_config
from tests.servers.kafka import kafka_cluster

TOPIC = "orders"
VALUES = (b"first", b"second", b"third")


class Logs(Protocol):
    """A topic of one partition that holds `VALUES`, and what finds records of it."""

    finder: RecordFinder
    away: RecordFinder

    async def life(self) -> LogPartition:
        """Say what the cluster tells of the partition."""
        ...

    async def expire(self, *, before: int) -> None:
        """Delete the records before an offset."""
        ...


class MemoryLogs:
    """The fake."""

    def __init__(self) -> None:
        self._broker = MemoryBroker()
        self._broker.create_topic(TOPIC)
        for value in VALUES:
            self._broker.produce(TOPIC, value)
        elsewhere = MemoryBroker()
        elsewhere.available = False
        self.finder: RecordFinder = MemoryRecordFinder(self._broker)
        self.away: RecordFinder = MemoryRecordFinder(elsewhere)

    async def life(self) -> LogPartition:
        """Say what the fake tells."""
        return self._broker.describe(TOPIC, 0)

    async def expire(self, *, before: int) -> None:
        """Delete records."""
        self._broker.expire(TOPIC, start=before)


class KafkaLogs:
    """The real one."""

    def __init__(self) -> None:
        self._cluster = kafka_cluster()
        self._topic = self._cluster.scratch(TOPIC)
        config = kafka_config(self._cluster, topics=[self._topic])
        self._admin = KafkaAdmin(config)
        nowhere = msgspec.structs.replace(config, bootstrap_servers=["127.0.0.1:1"])
        self.finder: RecordFinder = KafkaRecordFinder(config)
        self.away: RecordFinder = KafkaRecordFinder(nowhere)

    async def fill(self) -> "KafkaLogs":
        """Make the topic."""
        await asyncio.to_thread(self._cluster.create_topic, self._topic, 1)
        await self._cluster.produce(self._topic, *VALUES)
        return self

    async def life(self) -> LogPartition:
        """Say what Kafka tells."""
        (log,) = await self._admin.describe([(self._topic, 0)])
        return log

    async def expire(self, *, before: int) -> None:
        """Delete records."""
        await asyncio.to_thread(self._cluster.delete_records, self._topic, before=before)


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Logs]:
    """Give the fake."""
    yield MemoryLogs()


@asynccontextmanager
async def in_kafka() -> AsyncGenerator[Logs]:
    """Give a topic of the real one."""
    yield await KafkaLogs().fill()


EVERY_LOG: Sequence[Any] = [in_memory, pytest.param(in_kafka, marks=pytest.mark.kafka)]


@pytest.fixture(params=EVERY_LOG)
async def logs(request: pytest.FixtureRequest) -> AsyncGenerator[Logs]:
    """A topic of each kind."""
    opened: AbstractAsyncContextManager[Logs] = request.param()
    async with opened as logs:
        yield logs


async def an_entry(logs: Logs, offset: int, **fields: Any) -> QuarantineEntry:  # noqa: ANN401 - any field
    """Make the entry of the record at `offset` of the topic as it is now."""
    life = await logs.life()
    entry = QuarantineEntry(
        error_id=1,
        record=a_quarantined_record(offset, topic=life.topic, value=None, key=None),
        cluster_id=life.cluster_id,
        topic_id=life.topic_id,
    )
    return msgspec.structs.replace(entry, **fields)


async def test_a_record_that_is_still_there_is_found(logs: Logs) -> None:
    found = await logs.finder.find(await an_entry(logs, 1))

    assert found is not None
    assert (found.offset, found.value) == (1, b"second")


@pytest.mark.parametrize("offset", [0, 3, 99])
async def test_an_offset_that_the_log_does_not_have_gives_none(logs: Logs, offset: int) -> None:
    await logs.expire(before=1)

    assert await logs.finder.find(await an_entry(logs, offset)) is None


@pytest.mark.parametrize(
    "other", [{"topic_id": "AAAAAAAAAAAAAAAAAAAAAA"}, {"cluster_id": "another"}]
)
async def test_another_life_of_the_topic_gives_none(logs: Logs, other: dict[str, str]) -> None:
    assert await logs.finder.find(await an_entry(logs, 1, **other)) is None


async def test_a_topic_that_is_gone_gives_none(logs: Logs) -> None:
    entry = await an_entry(logs, 1)
    gone = msgspec.structs.replace(entry.record, topic=f"{entry.record.topic}.gone")

    assert await logs.finder.find(msgspec.structs.replace(entry, record=gone)) is None


async def test_a_cluster_that_is_away_is_told_from_a_record_that_is_gone(logs: Logs) -> None:
    entry = await an_entry(logs, 1)

    with pytest.raises(SourceUnavailableError):
        await logs.away.find(entry)
