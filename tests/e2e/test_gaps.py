"""Gaps as they come about in a real Kafka: told by health, acknowledged by an operator."""

import asyncio
import contextlib

import pytest

from adapters.kafka.topic_reader import KafkaTopicReader
from adapters.postgres.config import DatabaseConfig
from domain.stream import StreamPartition
from tests.contract.brokers import PATIENCE, kafka_config
from tests.e2e.conftest import StartService
from tests.e2e.messages import Message, a_change
from tests.e2e.operator import Operator
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.postgres.trails import rows
from tests.servers.kafka_cluster import KafkaCluster

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

COMPACT_SOON = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.001",
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
}


@pytest.fixture
def operator(settings: dict[str, str]) -> Operator:
    return Operator(settings)


def changes(first: int, count: int) -> list[Message]:
    return [a_change("c", number) for number in range(first, first + count)]


def test_records_that_were_deleted_before_they_were_read_degrade_health_until_acknowledged(
    topic: WrittenTopic,
    settings: dict[str, str],
    operator: Operator,
    trail: Trail,
    start_service: StartService,
) -> None:
    topic.write(changes(0, 9))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the first records")
    assert service.terminate() == 0
    topic.write(changes(9, 12))
    topic.cluster.delete_records(topic.name, before=5, partition=1)
    lost = {place for place in topic.records if place[0] == 1 and 3 <= place[1] < 5}
    for place in lost:
        del topic.records[place]

    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    degraded = service.wait_until_answered("/health", 200, saying="degraded")
    (gap,) = operator.ask("gap", "list", "--open", "--topic", topic.name)["gaps"]
    said = operator.run("gap", "acknowledge", str(gap["id"]), "--reason", "replayed", "--by", "ana")
    healthy = service.wait_until_answered("/health", 200, saying="'status': 'healthy'")

    title = f"gap {gap['id']}: topic {topic.name}, partition 1, offsets 3 to 4 (expired)"
    assert title in str(degraded.report)
    assert "`cdc-audit gap acknowledge ID --reason TEXT`" in str(degraded.report)
    assert (gap["first_offset"], gap["next_offset"], gap["cause"]) == (3, 5, "expired")
    assert said == f"{title} is acknowledged by ana.\n"
    assert healthy.report["status"] == "healthy"
    assert operator.ask("gap", "list", "--open")["gaps"] == []
    assert "acknowledged reason: replayed" in operator.run("gap", "show", str(gap["id"]))
    operator.run("gap", "acknowledge", str(gap["id"]), "--reason", "again", status=1)
    assert [f for f in trail.faults(topic) if "absent" not in f] == []
    assert operator.ask("verify", "accounting", "--deep")["fits"]


async def until_compacted(cluster: KafkaCluster, topic: str, message: Message) -> int:
    """Append the same key until the oldest records of it are gone; give the first that is left."""
    reader = KafkaTopicReader(kafka_config(cluster))
    partition = StreamPartition(0, 0, topic)
    async with asyncio.timeout(PATIENCE):
        while True:
            await cluster.produce(topic, message.value, key=message.key)
            end = cluster.ends(topic)[0]
            async with contextlib.aclosing(reader.read(partition, start=0, end=end)) as found:
                first = await anext(found)
            if first.offset > 0:
                return first.offset


async def test_holes_of_compaction_are_shown_and_health_stays_as_it_is(
    cluster: KafkaCluster,
    settings: dict[str, str],
    trail_database: DatabaseConfig,
    start_service: StartService,
) -> None:
    topic = cluster.create_topic(cluster.scratch("shop.public.compacted"), config=COMPACT_SOON)
    settings = {**settings, "CDC_AUDIT_KAFKA_TOPICS": topic}
    operator = Operator(settings)
    await until_compacted(cluster, topic, a_change("c", 1))

    service = start_service(settings)
    query = "SELECT max(next_offset) FROM audit_accounting WHERE topic = %s"
    service.wait_until(
        lambda: rows(trail_database, query, topic) == [(cluster.ends(topic)[0],)],
        what="the end of the topic",
    )
    service.wait_until_answered("/health", 200, saying="'status': 'healthy'")
    gaps = operator.ask("gap", "list")["gaps"]

    assert {gap["cause"] for gap in gaps} == {"compacted"}
    assert min(gap["first_offset"] for gap in gaps) == 0
    assert operator.ask("gap", "list", "--open")["gaps"] == []
    assert "shown only" in operator.run("gap", "list", "--topic", topic)
    assert operator.ask("verify", "accounting")["fits"]


def test_what_an_operator_skips_is_a_gap_and_never_under_a_running_service(
    topic: WrittenTopic,
    settings: dict[str, str],
    operator: Operator,
    trail: Trail,
    start_service: StartService,
) -> None:
    topic.write(changes(0, 9))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the first records")
    skip = ("stream", "skip", topic.name, "2", "--to", "5", "--reason", "a known bad import")
    (writer,) = trail.writers(topic)

    beyond = operator.run(*skip, status=1)
    topic.write(changes(9, 9))
    service.wait_until(lambda: trail.has_caught_up(topic), what="the next records")
    refused = operator.run(*skip[:5], "6", *skip[6:], status=1)
    assert service.terminate() == 0
    topic.write(changes(18, 9))
    said = operator.run(*skip[:5], "8", *skip[6:])
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    degraded = service.wait_until_answered("/health", 200, saying="degraded")

    assert "ends at offset 3: nothing can be read on at 5. Skip to 3 at most." in beyond
    assert f"the service 'cdc-audit {writer}'" in refused
    assert f"{topic.name}, partition 2: the offsets 6 to 7 will not be in the trail" in said
    assert "partition 2, offsets 6 to 7 (operator_skip)" in str(degraded.report)
    for offset in (6, 7):
        del topic.records[2, offset]
    assert [f for f in trail.faults(topic) if "absent" not in f] == []
    assert operator.ask("verify", "accounting", "--deep")["fits"]
