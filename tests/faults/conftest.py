"""Fixtures for faults, and the table at the end of a run."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService, settings, start_service, topic, trail
from tests.e2e.service_process import service_settings
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.faults.fault_table import FaultTable
from tests.faults.scene import NewScene, Scene
from tests.faults.tcp_proxy import TcpProxy
from tests.servers.kafka_cluster import KafkaCluster

__all__ = ["settings", "start_service", "topic", "trail"]

TABLE = FaultTable()


@pytest.fixture
def new_scene(
    cluster: KafkaCluster, trail_database: DatabaseConfig, start_service: StartService
) -> NewScene:
    """Make scenes, each with its own topic and group, in one trail."""

    def make() -> Scene:
        topic = WrittenTopic(cluster, cluster.scratch("shop.public.orders"))
        settings = service_settings(
            bootstrap=cluster.bootstrap,
            topic=topic.name,
            group=cluster.scratch("group"),
            database=trail_database,
        )
        trail = Trail(trail_database)
        return Scene(topic, settings, trail, start_service=start_service, table=TABLE)

    return make


@pytest.fixture
def scene(new_scene: NewScene) -> Scene:
    """Give one scene."""
    return new_scene()


@pytest.fixture
def database_proxy(trail_database: DatabaseConfig) -> Iterator[TcpProxy]:
    """Give a network between service and database, for faults; the trail is asked past it."""
    with TcpProxy(trail_database.port) as proxy:
        yield proxy


def pytest_terminal_summary() -> None:
    """Show the table, and keep it."""
    if TABLE.rows:
        TABLE.write()
        TABLE.show(Console(width=120))
