"""Fixtures for faults, and the table at the end of a run."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService, start_service
from tests.e2e.service_process import service_settings
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.faults.administrator import Administrator
from tests.faults.fault_table import FaultTable
from tests.faults.scene import NewScene, Scene
from tests.faults.tcp_proxy import TcpProxy
from tests.servers.kafka_cluster import KafkaCluster

__all__ = ["start_service"]

TABLE = FaultTable()


@pytest.fixture
def new_scene(
    cluster: KafkaCluster, trail_database: DatabaseConfig, start_service: StartService
) -> NewScene:
    """Make scenes, each with its own topic and group, in one trail or in that of `database`."""

    def make(database: DatabaseConfig = trail_database) -> Scene:
        topic = WrittenTopic(cluster, cluster.scratch("shop.public.orders"))
        settings = service_settings(
            bootstrap=cluster.bootstrap,
            topic=topic.name,
            group=cluster.scratch("group"),
            database=database,
        )
        if database.writer_role:
            settings["CDC_AUDIT_SINK_DATABASE_WRITER_ROLE"] = database.writer_role
        trail = Trail(database)
        return Scene(topic, settings, trail, start_service=start_service, table=TABLE)

    return make


@pytest.fixture
def scene(new_scene: NewScene) -> Scene:
    """Give one scene."""
    return new_scene()


@pytest.fixture
def administrator(trail_database: DatabaseConfig) -> Administrator:
    """Give somebody with every right in the trail's database."""
    return Administrator(trail_database)


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
