"""A log that is damaged on the disk of the broker: one partition stops, and the service says so."""

import shlex
from collections.abc import Iterator

import pytest

from adapters.embedded.errors import EmbeddedServerError
from tests.e2e.conftest import StartService
from tests.e2e.messages import Message, a_change
from tests.e2e.operator import Operator
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_log import Field, damage_batch
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Give a broker whose disk is ours."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def cluster(server: KafkaServer) -> KafkaCluster:
    return KafkaCluster(server.bootstrap)


def changes(first: int, count: int) -> list[Message]:
    return [a_change("c", number) for number in range(first, first + count)]


def command_in(text: str) -> list[str]:
    """The command that the service tells the operator, as it stands there."""
    told = text.split("run `cdc-audit ")[1].split("`", maxsplit=1)[0]
    return [word.replace("TEXT", "a bad disk") for word in shlex.split(told)]


def test_the_others_go_on_and_the_command_that_health_tells_lets_it_go_on_by_itself(
    server: KafkaServer,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    operator = Operator(settings)
    for first in (0, 9, 18):  # at least three batches in each partition
        topic.write(changes(first, 9))
    server.stop()
    damage_batch(server.home / "data", topic.name, batch=1, field=Field.LAST_BYTE, partition=1)
    server.start()

    service = start_service(settings)
    told = service.wait_until_answered("/health", 200, saying="cannot be read at offset")
    ready = service.ask("/ready")
    topic.write(changes(27, 9))
    others = [0, 2]
    service.wait_until(
        lambda: [trail.accounting(topic)[p]["next_offset"] for p in others] == [12, 12],
        what="the other partitions",
    )
    command = command_in(str(told.report))
    first, following = int(command[5]), int(command[7])
    operator.run(*command)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the stopped partition")
    service.wait_until_answered("/health", 200, saying="(corrupt)")
    after = service.ask("/health").report

    assert command[:4] == ["stream", "skip", topic.name, "1"]
    assert ready.status == 200
    assert told.report["status"] == "degraded"
    assert f"topic {topic.name}, partition 1 cannot be read at offset {first}" in str(told.report)
    assert "stopped_partitions" not in str(after)
    assert 0 < following - first < 9
    for offset in range(first, following):
        del topic.records[1, offset]
    assert [f for f in trail.faults(topic) if "absent" not in f] == []
    assert operator.ask("verify", "accounting", "--deep")["fits"]
