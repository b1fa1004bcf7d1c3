"""
The documented `CDCConsumerService`: the service's pipeline inside a program of one's own.

It is what `cdc-audit run` runs, composed by the same container, over the program's own database
service. Health, metrics and page are the program's to serve (`MonitoringService`).
"""

import asyncio
from types import TracebackType
from typing import Any, Self

import msgspec
from dependency_injector import providers

from adapters.kafka.config import KafkaConfig
from adapters.otel.metrics_collector import MetricsCollector
from adapters.postgres.database import DatabaseService
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from application.pipeline_health import judge_health
from application.reports import PipelineState, PipelineStatus
from domain.disposition import Disposition
from entrypoints.audit_service import AuditService
from entrypoints.container import Container, resolved, started
from entrypoints.monitoring import process_metrics
from entrypoints.redaction_config import QuarantineConfig, RedactionConfig
from entrypoints.settings import AppConfig, TransformConfig

_BEFORE = frozenset({PipelineState.STOPPED, PipelineState.STARTING, PipelineState.JOINING})
_LOOK_AGAIN = 0.02


class ConsumerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    What else can be chosen; the defaults are those of the service.

    Attributes:
        transform: Where records are decoded.
        ray: The Ray cluster.
        redaction: What is dropped, masked, hashed or hidden.
        quarantine: What is kept of records that could not be audited.
        metrics: Counts what is done; None for the process's own collector.
    """

    transform: TransformConfig = msgspec.field(default_factory=TransformConfig)
    ray: RayConfig = msgspec.field(default_factory=RayConfig)
    redaction: RedactionConfig = msgspec.field(default_factory=RedactionConfig)
    quarantine: QuarantineConfig = msgspec.field(default_factory=QuarantineConfig)
    metrics: MetricsCollector | None = None


class CDCConsumerService:
    """
    Keeps the trail while it is started.

    Args:
        kafka_config: How to reach Kafka and what to read.
        consumer_config: How records become batches.
        database_service: The trail's database. It stays the caller's to close.
        options: What else can be chosen.
    """

    def __init__(
        self,
        kafka_config: KafkaConfig,
        consumer_config: ConsumerConfig,
        database_service: DatabaseService,
        *,
        options: ConsumerOptions | None = None,
    ) -> None:
        self._database = database_service
        self._options = ConsumerOptions() if options is None else options
        self._config = AppConfig(
            kafka=kafka_config,
            consumer=consumer_config,
            sink_database=database_service.db_manager.config,
            transform=self._options.transform,
            ray=self._options.ray,
            redaction=self._options.redaction,
            quarantine=self._options.quarantine,
        )
        self._service: AuditService | None = None
        self._task: asyncio.Task[None] | None = None
        self._last: PipelineStatus | None = None

    async def start(self) -> None:
        """
        Start, and return once records are read, or something outside is waited for.

        It goes on in the background until `stop`; `wait` waits for that. Starting twice changes
        nothing.

        Raises:
            ConfigurationError: A setting is wrong, or there is nothing to read.
            SchemaVersionError: The tables are not of this program's version.
            StreamRefusedError: A partition must not be read on.
        """
        if self._task is not None and not self._task.done():
            return
        self._config.kafka.require_topics()
        for section in (self._config.kafka, self._config.consumer, self._config.ray):
            section.validate()
        task = self._task = asyncio.create_task(self._run(), name="cdc-consumer")
        while not task.done():
            if self._service is not None and self._service.status().state not in _BEFORE:
                return
            await asyncio.wait({task}, timeout=_LOOK_AGAIN)
        if not task.cancelled():  # by a `stop` meanwhile
            await task

    async def stop(self) -> None:
        """
        Stop gracefully: open batches are stored or dropped whole. Stopping twice changes nothing.

        Raises:
            RivalWriterError, StreamRefusedError: What had ended it before.
        """
        if self._task is None:
            return
        task, self._task = self._task, None
        if self._service is not None:
            self._service.request_stop()
        else:  # it has just been started: there is nothing to stop yet
            task.cancel()
        done, _ = await asyncio.wait({task}, timeout=self._config.consumer.shutdown_timeout)
        if not done:
            task.cancel()
            await asyncio.wait({task})
        if done and not task.cancelled():
            await task

    async def wait(self) -> None:
        """
        Wait until it ends.

        Raises:
            RivalWriterError, StreamRefusedError: What ended it.
        """
        if self._task is not None:
            await asyncio.shield(self._task)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def get_metrics(self) -> dict[str, Any]:
        """
        Count what was done since the start.

        Returns:
            ``messages_consumed``, ``messages_processed`` (rows of the trail), ``messages_failed``
            (quarantined), ``batches_processed``, ``lag``, ``assigned_partitions``, ``fenced``,
            ``transform_engine``, and ``records`` by disposition.
        """
        status = self._status()
        records = {disposition.value: 0 for disposition in Disposition} | dict(status.records)
        return {
            "messages_consumed": sum(records.values()),
            "messages_processed": records[Disposition.AUDITED] + records[Disposition.BASELINE],
            "messages_failed": records[Disposition.QUARANTINED],
            "batches_processed": status.batches,
            "lag": status.lag,
            "assigned_partitions": status.assigned,
            "fenced": status.fenced,
            "transform_engine": status.transform_engine,
            "records": records,
        }

    def get_health_status(self) -> dict[str, Any]:
        """
        Judge whether it does its work.

        Returns:
            ``status`` (``healthy``, ``degraded``, ``unhealthy``), ``running``, ``state``, and why.
        """
        status = self._status()
        judged = judge_health(status)
        running = self._task is not None and not self._task.done()
        return {"status": judged.health.value, "running": running, **judged.details}

    def _status(self) -> PipelineStatus:
        if self._service is not None:
            return self._service.status()
        return self._last or PipelineStatus(
            state=PipelineState.STOPPED, transform_engine=self._config.transform.engine
        )

    async def _run(self) -> None:
        pool = self._database.db_manager.pool
        metrics = process_metrics() if self._options.metrics is None else self._options.metrics
        container = Container(config=self._config)
        container.override_providers(
            pool=providers.Object(pool),
            reader_pool=providers.Object(pool),
            metrics=providers.Object(metrics),
        )
        async with started(container):
            self._service = await resolved(container.service)
            await resolved(container.watched_metrics)
            metrics.watch_pipeline(self._service.status)
            try:
                await self._service.run()
            finally:
                self._last, self._service = self._service.status(), None
