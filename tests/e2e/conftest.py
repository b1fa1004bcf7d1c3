"""Fixtures for tests of the service as a process."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from adapters.postgres.config import DatabaseConfig
from tests.e2e.service_process import ServiceProcess, service_settings
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.kafka_cluster import KafkaCluster

StartService = Callable[[Mapping[str, str]], ServiceProcess]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Start services that are ended after the test."""
    started: list[ServiceProcess] = []

    def start(settings: Mapping[str, str]) -> ServiceProcess:
        log = tmp_path / f"service-{len(started)}.log"
        started.append(ServiceProcess(settings, log=log))
        return started[-1]

    yield start
    for service in started:
        service.end()


@pytest.fixture
def topic(cluster: KafkaCluster) -> WrittenTopic:
    """Give a topic of three partitions."""
    return WrittenTopic(cluster, cluster.scratch("shop.public.orders"))


@pytest.fixture
def settings(topic: WrittenTopic, trail_database: DatabaseConfig) -> dict[str, str]:
    """Settings of a service that reads the topic."""
    cluster = topic.cluster
    return service_settings(
        bootstrap=cluster.bootstrap,
        topic=topic.name,
        group=cluster.scratch("group"),
        database=trail_database,
    )


@pytest.fixture
def trail(trail_database: DatabaseConfig) -> Trail:
    """Give the trail that is kept."""
    return Trail(trail_database)
