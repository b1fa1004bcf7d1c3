"""
The one place that knows every adapter: settings in, a service out.

    settings ──▶ pools ──▶ store, reader ──┐
             ──▶ Kafka source ─────────────┼──▶ AuditService ──▶ monitoring, page
             ──▶ decoder ──▶ transformer ──┤
             ──▶ metrics, tracer ──────────┘

Resources start in this order and stop in the reverse one. Tests override providers with fakes.
"""

import inspect
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from dependency_injector import containers, providers

from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.record_finder import KafkaRecordFinder
from adapters.otel.batch_observer import OtelBatchObserver
from adapters.otel.metrics_collector import MetricsCollector
from adapters.otel.tracing import open_batch_tracer
from adapters.postgres.access_store import (
    PostgresAccessLog,
    PostgresEndedSessions,
    PostgresTokenStore,
)
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.completeness import PostgresEndedTransactions
from adapters.postgres.database import DatabaseManager, DatabaseService
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.pool import WRITER, Access, open_pool
from adapters.postgres.quarantine_ledger import PostgresQuarantineLedger
from adapters.postgres.retry_ledger import PostgresRetryLedger
from adapters.postgres.topic_orders import PostgresTopicOrders
from adapters.postgres.trail_reader import PostgresTrailReader
from adapters.postgres.trail_readers import postgres_readers
from adapters.postgres.vital_signs import PostgresVitalSigns
from application.exposed_columns import ExposedColumnsWatch
from application.ports import (
    AuditStore,
    BatchObserver,
    RecordDecoder,
    RecordSource,
    TrailReader,
)
from application.quarantine_ledger import QuarantineLedger, RecordFinder
from application.quarantine_protection import QuarantineProtection
from application.topic_orders import TopicOrders
from application.vital_signs import PoolUsage
from domain.stream import StreamPartition
from entrypoints.audit_service import AuditService
from entrypoints.background_checks import completeness_checks
from entrypoints.background_retries import QuarantineRetries
from entrypoints.decoders import new_decoder
from entrypoints.endpoints import service_endpoints
from entrypoints.http.access_config import is_off_loopback
from entrypoints.http.page_access import page_access
from entrypoints.http.site import TrailSite, trail_site
from entrypoints.monitoring import MonitoringService
from entrypoints.redaction_config import quarantine_protection
from entrypoints.registered_schemas import open_registered_schemas
from entrypoints.settings import AppConfig
from entrypoints.source_catalog import source_catalog
from entrypoints.transformers import open_transformer

T = TypeVar("T")


def watched(
    metrics: MetricsCollector,
    lag: Callable[[], Mapping[StreamPartition, int]],
    pool: Callable[[], PoolUsage],
) -> MetricsCollector:
    """Let `metrics` tell the lag and the pool's numbers with every scrape."""
    metrics.watch_lag(lag)
    metrics.watch_pool(pool)
    return metrics


class Container(containers.DeclarativeContainer):
    """What the service is made of."""

    config = providers.Dependency(instance_of=AppConfig)

    pool = providers.Resource(open_pool, config.provided.sink_database)
    reader_pool = providers.Resource(open_pool, config.provided.sink_database, access=Access.READ)
    tracer = providers.Resource(open_batch_tracer, providers.Object(os.environ))
    schemas = providers.Resource(open_registered_schemas, config.provided.schema_registry)
    retry_schemas = providers.Resource(open_registered_schemas, config.provided.schema_registry)
    metrics = providers.Singleton(MetricsCollector)
    catalog = providers.Callable(
        source_catalog, config.provided.source_database, config.provided.origins
    )

    protection: providers.Provider[QuarantineProtection | None] = providers.Singleton(
        quarantine_protection, config.provided.quarantine, config.provided.redaction.rules
    )
    store: providers.Provider[AuditStore] = providers.Singleton(
        PostgresAuditStore,
        pool,
        config.provided.sink_database,
        consumer_group=config.provided.kafka.group_id,
        max_retries=config.provided.consumer.max_retries,
        protection=protection,
    )
    reader: providers.Provider[TrailReader] = providers.Singleton(
        PostgresTrailReader, reader_pool, config.provided.sink_database
    )
    source: providers.Provider[RecordSource] = providers.Singleton(
        KafkaChangeSource, config.provided.kafka
    )
    decoder: providers.Provider[RecordDecoder] = providers.Singleton(
        new_decoder, config, schemas=schemas
    )
    observer: providers.Provider[BatchObserver] = providers.Singleton(
        OtelBatchObserver, metrics, tracer
    )
    watch = providers.Singleton(
        ExposedColumnsWatch,
        observer,
        config.provided.redaction.redaction.call(),
        reader,
    )
    quarantine: providers.Provider[QuarantineLedger] = providers.Singleton(
        PostgresQuarantineLedger, pool, config.provided.sink_database
    )
    orders: providers.Provider[TopicOrders] = providers.Singleton(
        PostgresTopicOrders, pool, config.provided.sink_database
    )
    finder: providers.Provider[RecordFinder] = providers.Singleton(
        KafkaRecordFinder, config.provided.kafka
    )
    retries = providers.Singleton(
        QuarantineRetries,
        store=store,
        ledger=providers.Singleton(
            PostgresRetryLedger, pool, config.provided.sink_database, protection=protection
        ),
        finder=finder,
        open_transformer=providers.Factory(
            open_transformer,
            engine="inprocess",
            # Its own: neither waits for the other's questions to the registry.
            decoder=providers.Factory(new_decoder, config, schemas=retry_schemas),
            ray=config.provided.ray,
            consumer=config.provided.consumer,
            protection=protection,
            catalog=catalog,
            catalog_refresh=config.provided.decoder.catalog_refresh,
            may_block=True,
        ).provider,
        schedule=config.provided.quarantine.schedule.call(),
        max_record_bytes=config.provided.consumer.max_record_bytes,
        protection=protection,
        observer=metrics,
    )
    checks = providers.Singleton(
        completeness_checks,
        providers.Singleton(PostgresEndedTransactions, pool, config.provided.sink_database),
        source,
        config.provided.monitoring.completeness_interval,
    )
    service = providers.Singleton(
        AuditService,
        source=source,
        store=store,
        observer=watch,
        open_transformer=providers.Factory(
            open_transformer,
            engine=config.provided.transform.engine,
            decoder=decoder,
            ray=config.provided.ray,
            consumer=config.provided.consumer,
            protection=protection,
            catalog=catalog,
            catalog_refresh=config.provided.decoder.catalog_refresh,
            may_block=providers.Callable(bool, config.provided.schema_registry.url),
        ).provider,
        config=config.provided.consumer,
        engine=config.provided.transform.engine,
        beside=providers.List(
            watch.provided.look_at_trail, retries.provided.run, checks.provided.run
        ),
        orders=orders,
        reset=config.provided.kafka.auto_offset_reset,
        writer=WRITER,
    )

    vital_signs = providers.Singleton(PostgresVitalSigns, pool, config.provided.sink_database)
    database = providers.Singleton(
        DatabaseService,
        providers.Singleton(DatabaseManager, config.provided.sink_database, pool),
        config.provided.consumer,
    )
    watched_metrics = providers.Singleton(
        watched, metrics, source.provided.lag, vital_signs.provided.pool_usage
    )
    monitoring = providers.Singleton(
        MonitoringService,
        config.provided.monitoring,
        database,
        metrics=watched_metrics,
        status=service.provided.status,
        condition=vital_signs.provided.condition,
        completeness=checks.provided.status,
    )
    access = providers.Singleton(
        page_access,
        config.provided.access,
        providers.Singleton(PostgresTokenStore, pool, config.provided.sink_database),
        providers.Singleton(PostgresAccessLog, pool, config.provided.sink_database),
        ended=providers.Singleton(PostgresEndedSessions, pool, config.provided.sink_database),
        is_secure=providers.Callable(is_off_loopback, config.provided.http),
    )
    site: providers.Provider[TrailSite] = providers.Singleton(
        trail_site,
        providers.Singleton(postgres_readers, reader_pool, config.provided.sink_database),
        live_interval=config.provided.http.live_interval,
        catalog=catalog,
        gaps=providers.Singleton(PostgresGapLedger, pool, config.provided.sink_database),
        quarantine=quarantine,
        retry=retries.provided.now,
    )
    endpoints = providers.Callable(
        service_endpoints,
        config.provided.http,
        monitoring=monitoring,
        site=site,
        status=service.provided.status,
        access=access,
    )


async def resolved(provider: providers.Provider[T]) -> T:
    """Give what `provider` makes; one that depends on something asynchronous gives an awaitable."""
    made: Any = provider()
    found: T = await made if inspect.isawaitable(made) else made
    return found


@asynccontextmanager
async def started(container: Container) -> AsyncGenerator[Container]:
    """Start the resources of `container`, and stop them at the end, in reverse order."""
    try:
        starting = container.init_resources()
        if starting is not None:
            await starting
        yield container
    finally:
        stopping = container.shutdown_resources()
        if stopping is not None:
            await stopping
