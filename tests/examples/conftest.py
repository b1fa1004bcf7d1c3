"""Fixtures for the examples: the process's own settings, over real services."""

from collections.abc import AsyncGenerator

import pytest

from entrypoints.library import AppConfig, DatabaseService, app_config, get_database_manager
from entrypoints.settings import forget_app_config
from tests.servers.kafka import kafka_bootstrap, kafka_cluster
from tests.servers.postgres import scratch_database


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[AppConfig]:
    """The process's own settings name a database with the tables of the trail."""
    with scratch_database() as database:
        for field in ("host", "port", "username", "password", "database", "schema"):
            name = f"CDC_AUDIT_SINK_DATABASE_{field.upper()}"
            monkeypatch.setenv(name, str(getattr(database, field)))
        monkeypatch.setenv("CDC_AUDIT_MONITORING_METRICS_PORT", "0")
        monkeypatch.setenv("CDC_AUDIT_MONITORING_HEALTH_CHECK_PORT", "0")
        monkeypatch.setenv("CDC_AUDIT_TRANSFORM_ENGINE", "inprocess")
        forget_app_config()
        yield app_config
    forget_app_config()


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> str:
    """The process's own settings name a Kafka, and a topic that is there."""
    cluster = kafka_cluster()
    name = cluster.create_topic(cluster.scratch("shop.public.people"))
    monkeypatch.setenv("CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap())
    monkeypatch.setenv("CDC_AUDIT_KAFKA_TOPICS", name)
    monkeypatch.setenv("CDC_AUDIT_KAFKA_GROUP_ID", cluster.scratch("group"))
    forget_app_config()
    return name


@pytest.fixture
async def database(settings: AppConfig) -> AsyncGenerator[DatabaseService]:
    manager = await get_database_manager(settings.sink_database)
    yield DatabaseService(manager, settings.consumer)
    await manager.close()
