"""A backup that was put back: of the database, or of the broker. Nothing is lost or made up."""

import shutil
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from adapters.embedded.errors import EmbeddedServerError
from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService
from tests.e2e.messages import Message, a_change
from tests.e2e.operator import Operator
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer
from tests.servers.postgres import postgres_dsn

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
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
    return [a_change("u", number) for number in range(first, first + count)]


def back_up(database: DatabaseConfig) -> str:
    """Copy a database that nobody uses, and give the copy's name."""
    name = f"{database.database}_backup"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _on_server(copy.format(sql.Identifier(name), sql.Identifier(database.database)))
    return name


def put_back(database: DatabaseConfig, backup: str) -> None:
    """Have the copy take the place of the database."""
    _on_server(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(database.database)))
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    _on_server(rename.format(sql.Identifier(backup), sql.Identifier(database.database)))


def _on_server(statement: sql.Composed) -> None:
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute(statement)


def test_a_database_that_was_put_back_is_read_up_to_date_whatever_kafka_was_told(
    topic: WrittenTopic,
    settings: dict[str, str],
    trail_database: DatabaseConfig,
    trail: Trail,
    start_service: StartService,
) -> None:
    topic.write(changes(0, 30))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="what the backup has")
    assert service.terminate() == 0
    backup = back_up(trail_database)
    topic.write(changes(30, 30))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="what the backup lacks")
    assert service.terminate() == 0
    group = settings["CDC_AUDIT_KAFKA_GROUP_ID"]
    told = [topic.cluster.committed(group, topic.name, partition) for partition in range(3)]

    put_back(trail_database, backup)
    behind = [account["next_offset"] for account in trail.accounting(topic)]
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="what the backup lacked")

    assert told == [20, 20, 20]
    assert behind == [10, 10, 10]
    assert trail.faults(topic) == []
    assert trail.query("SELECT * FROM audit_gap") == []
    assert Operator(settings).ask("verify", "accounting", "--deep")["fits"]


def test_a_broker_that_was_put_back_is_refused_until_an_operator_decides(
    server: KafkaServer,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    operator = Operator(settings)
    topic.write(changes(0, 30))
    server.stop()
    shutil.copytree(server.home / "data", server.home / "backup")
    server.start()
    topic.write(changes(30, 30))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="what the backup lacks")
    assert service.terminate() == 0

    server.stop()
    shutil.rmtree(server.home / "data")
    shutil.move(server.home / "backup", server.home / "data")
    server.start()
    refused = start_service(settings)
    status = refused.wait_for_exit()
    before = trail.query("SELECT count(*) AS rows FROM audit_logging")
    operator.run("stream", "new-incarnation", topic.name)
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the new stream")
    degraded = service.wait_until_answered("/health", 200, saying="(restored_broker)")

    assert status == 4
    assert "the trail has records up to offset 19, but the log ends at 10" in refused.output
    assert f"`cdc-audit stream new-incarnation {topic.name}`" in refused.output
    assert "Traceback" not in refused.output
    assert before == [{"rows": 60}]
    assert degraded.report["status"] == "degraded"
    for place in [place for place in topic.records if place[1] >= 10]:
        del topic.records[place]
    assert trail.faults(topic) == []
    gaps = operator.ask("gap", "list", "--open")["gaps"]
    assert [(gap["cause"], gap["first_offset"]) for gap in gaps] == [("restored_broker", 20)] * 3
    assert operator.ask("verify", "accounting", "--topic", topic.name)["fits"]
