"""The container: every part can be had, and fakes in their place make a service that works."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from dependency_injector import providers

from adapters.debezium.decoder import DebeziumDecoder
from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from adapters.memory.trail_reader import MemoryTrailReader
from adapters.otel.metrics_collector import MetricsCollector
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.trail_reader import PostgresTrailReader
from application.consumer_config import ConsumerConfig
from application.exposed_columns import ExposedColumnsWatch
from domain.redaction import ColumnRule
from domain.source_table import SourceTable
from entrypoints.audit_service import AuditService
from entrypoints.container import Container, resolved, started
from entrypoints.http.config import MonitoringConfig, PageConfig
from entrypoints.monitoring import MonitoringService
from entrypoints.redaction_config import QuarantineConfig, RedactionConfig
from entrypoints.settings import AppConfig, TransformConfig
from tests.pipelines import until
from tests.unit.debezium.records import an_envelope

NOWHERE = DatabaseConfig(host="127.0.0.1", port=1, pool_size=1)
TOPIC = "srv1.public.customers"
CUSTOMERS = SourceTable("postgresql", "srv1", "inventory", "public", "customers")


def an_unreachable_config() -> AppConfig:
    return AppConfig(sink_database=NOWHERE, kafka=KafkaConfig(topics=[TOPIC]))


def warned_of(caplog: pytest.LogCaptureFixture) -> Sequence[object]:
    """The columns that the log warns of."""
    return [
        vars(record)["column"]
        for record in caplog.records
        if record.name == "application.exposed_columns" and record.levelname == "WARNING"
    ]


class Parts:
    """Fakes for all that is outside, and a container that has them in place."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create_topic(TOPIC)
        self.store = MemoryAuditStore()
        self.metrics = MetricsCollector()
        self.config = AppConfig(
            sink_database=NOWHERE,
            consumer=ConsumerConfig(shutdown_timeout=5.0),
            transform=TransformConfig(engine="inprocess"),
            monitoring=MonitoringConfig(metrics_port=0, health_check_port=0),
            http=PageConfig(port=0),
        )
        self.container = Container(config=self.config)
        self.container.override_providers(
            store=providers.Object(self.store),
            reader=providers.Object(MemoryTrailReader(self.store.trail)),
            source=providers.Object(MemoryChangeSource(self.broker)),
            metrics=providers.Object(self.metrics),
        )

    def produce(self, **row: object) -> None:
        """Append the insertion of a row."""
        value = json.dumps(an_envelope("c", after=row)).encode()
        self.broker.produce(TOPIC, value, key=json.dumps({"id": row["id"]}).encode())

    def rows(self) -> Sequence[Any]:
        """The new rows in the trail."""
        stored = [s.record.new_data for _, s in sorted(self.store.trail.records.items())]
        return [json.loads(text or "null") for text in stored]

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[AuditService]:
        """Run the service that the container makes, and stop it."""
        async with started(self.container) as container:
            service = await resolved(container.service)
            task = asyncio.create_task(service.run())
            try:
                yield service
            finally:
                service.request_stop()
                await task


@pytest.mark.parametrize("name", sorted(Container.providers))
async def test_every_part_can_be_had_though_nothing_outside_is_there(name: str) -> None:
    container = Container(config=an_unreachable_config())

    async with started(container):
        part = await resolved(container.providers[name])
        again = await resolved(container.providers[name])

    assert part is again or name == "endpoints"


async def test_the_parts_are_the_real_ones_unless_they_are_replaced() -> None:
    async with started(Container(config=an_unreachable_config())) as container:
        source = await resolved(container.source)
        reader = await resolved(container.reader)
        decoder = await resolved(container.decoder)
        watch = await resolved(container.watch)

    assert type(source) is KafkaChangeSource
    assert type(reader) is PostgresTrailReader
    assert type(decoder) is DebeziumDecoder
    assert type(watch) is ExposedColumnsWatch


async def test_resources_are_stopped_with_the_container() -> None:
    container = Container(config=an_unreachable_config())

    async with started(container):
        pools = [await resolved(p) for p in (container.pool, container.reader_pool)]
        were_open = [not pool.closed for pool in pools]

    assert were_open == [True, True]
    assert [pool.closed for pool in pools] == [True, True]
    assert pools[0].access is not pools[1].access


async def test_a_record_goes_from_the_source_to_the_trail_and_is_acknowledged() -> None:
    parts = Parts()
    parts.produce(id=1, name="Ann")

    async with parts.serving() as service:
        await until(lambda: service.status().batches == 1)
        status = service.status()

    assert parts.rows() == [{"id": 1, "name": "Ann"}]
    assert status.records == {"audited": 1}
    assert status.transform_engine == "inprocess"
    assert parts.broker.committed == {(TOPIC, 0): 1}


async def test_rules_of_the_settings_mask_and_the_rest_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = Parts()
    parts.config.redaction = RedactionConfig(rules=[ColumnRule(column="ssn")])
    parts.config.quarantine = QuarantineConfig(raw="withhold")
    parts.produce(id=1, ssn="078-05-1120", password="p")  # noqa: S106 - made up
    parts.broker.produce(TOPIC, b"no json, with a secret in it")

    async with parts.serving() as service:
        await until(lambda: sum(service.status().records.values()) == 2)

    (bad,) = parts.store.trail.quarantine.values()
    assert parts.rows() == [{"id": 1, "ssn": "***", "password": "p"}]
    assert warned_of(caplog) == ["password"]
    assert bad.value is None


async def test_the_trail_is_looked_at_before_the_first_batch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = Parts()
    parts.store.trail.sources[CUSTOMERS] = frozenset({"api_key"})

    async with parts.serving() as service:
        await until(lambda: service.status().assigned == 1)

    assert warned_of(caplog) == ["api_key"]


async def test_every_batch_is_counted_by_the_metrics_that_monitoring_shows() -> None:
    parts = Parts()
    parts.produce(id=1)

    async with parts.serving() as service:
        monitoring: MonitoringService = await resolved(parts.container.monitoring)
        await until(lambda: service.status().batches == 1)
        parts.produce(id=2)
        parts.produce(id=3)
        await until(lambda: len(parts.rows()) == 3)
        text = monitoring.metrics.get_metrics_text()

    assert monitoring.metrics is parts.metrics
    assert f'cdc_audit_lag_records{{partition="0",topic="{TOPIC}"}} 0.0' in text
    assert "cdc_audit_pool_limit_connections 21.0" in text
    assert 'cdc_audit_pipeline_state{state="running"} 1.0' in text
    assert 'operation="INSERT"' in text


async def test_health_metrics_and_page_are_what_is_served() -> None:
    parts = Parts()

    async with started(parts.container) as container:
        endpoints = await resolved(container.endpoints)

    assert [endpoint.name for endpoint in endpoints] == ["health", "metrics", "page"]


async def test_a_latest_start_is_handed_on() -> None:
    parts = Parts()
    parts.config.kafka.auto_offset_reset = "latest"
    parts.produce(id=1)

    async with parts.serving() as service:
        await until(lambda: service.status().assigned == 1)
        parts.produce(id=2)
        await until(lambda: service.status().batches == 1)

    assert parts.rows() == [{"id": 2}]
