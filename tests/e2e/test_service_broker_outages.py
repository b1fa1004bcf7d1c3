"""Kafka goes away under the service, and comes back: it says so, and carries on."""

from collections.abc import Iterator

import pytest

from adapters.embedded.errors import EmbeddedServerError
from tests.e2e.conftest import StartService
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


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


def test_a_broker_that_is_killed_and_restarted_costs_no_record_and_repeats_none(
    server: KafkaServer,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    first = start_service(settings)
    with topic.flow():
        first.wait_until(lambda: trail.stored(topic) > 0, what="the first records")

        server.kill()
        unready = first.wait_until_answered("/ready", 503, saying="waiting")
        alive = first.ask("/live")
        started_meanwhile, stopped_meanwhile = start_service(settings), start_service(settings)
        for service in (started_meanwhile, stopped_meanwhile):
            too_early = service.wait_until_answered("/ready", 503, saying="waiting")
        status = stopped_meanwhile.terminate()
        server.start()

        for service in (first, started_meanwhile):
            service.wait_until_answered("/ready", 200)
    first.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert status == 0, stopped_meanwhile.output
    for report in (unready.report, too_early.report):
        assert server.bootstrap in report["checks"]["pipeline"]["reason"]
    assert alive.status == 200
    assert trail.faults(topic) == []
    assert "Traceback" not in first.output + started_meanwhile.output


def test_a_broker_that_freezes_is_told_and_read_on_and_keeps_nobody_from_stopping(
    server: KafkaServer,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    service, stopped = start_service(settings), start_service(settings)
    with topic.flow():
        for each in (service, stopped):
            each.wait_until(lambda: len(trail.writers(topic)) == 2, what="a share for each")

        server.suspend()
        unready = service.wait_until_answered("/ready", 503, saying="waiting")
        alive = service.ask("/live")
        status = stopped.terminate()
        server.resume()

        service.wait_until_answered("/ready", 200)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert server.bootstrap in unready.report["checks"]["pipeline"]["reason"]
    assert alive.status == 200
    assert status == 0, stopped.output
    assert trail.faults(topic) == []
