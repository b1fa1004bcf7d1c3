"""
Health and metrics of one process, served together: the documented `MonitoringService`.

    HealthChecker ──▶ /health /ready /live   (monitoring.health_check_port)
    MetricsCollector ──▶ /metrics            (monitoring.metrics_port)
"""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from adapters.otel.metrics_collector import MetricsCollector
from application.health import CheckedDatabase, CheckResult, Health, HealthChecker
from application.keep_checking import CompletenessStatus
from application.pipeline_health import PipelineHealth
from application.reports import PipelineStatus
from application.vital_signs import AskCondition
from entrypoints.http.config import MonitoringConfig
from entrypoints.http.health_app import create_health_app
from entrypoints.http.metrics_app import create_metrics_app
from entrypoints.http.serving import Endpoint, Served, serving


@functools.cache
def process_metrics() -> MetricsCollector:
    """Give the collector that whatever counts and serves in this process shares."""
    return MetricsCollector()


class MonitoringService:
    """
    Serves health and metrics while it is started. A service of ours adds its pipeline and trail.

    Args:
        config: Where it is served. With `enabled` off, nothing is served.
        database_service: Checked as ``database``; None for none.
        metrics: Counts; the process's own collector where None.
        status: Gives the pipeline's status; None where this process runs no pipeline.
        condition: Asks the trail what it is known to miss; None where there is nobody to ask.
        completeness: Gives what the last check of the source's transactions found; None where
            nobody checks.
        clock: The monotonic clock that `status` uses, in seconds.

    Attributes:
        health_checker: Runs the checks of `/health` and `/ready`; take `add_check` for your own.
        metrics: Counts and writes down.
        pipeline: Judges the pipeline; None without one.
    """

    def __init__(  # noqa: PLR0913 - two documented, the rest by keyword
        self,
        config: MonitoringConfig,
        database_service: CheckedDatabase | None = None,
        *,
        metrics: MetricsCollector | None = None,
        status: Callable[[], PipelineStatus] | None = None,
        condition: AskCondition | None = None,
        completeness: Callable[[], CompletenessStatus] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.health_checker = HealthChecker(database_service, timeout=config.check_timeout)
        self.metrics = process_metrics() if metrics is None else metrics
        self.pipeline: PipelineHealth | None = None
        self._condition = condition
        self._completeness = completeness
        self._open: AsyncExitStack | None = None
        self._served: Sequence[Served] = ()
        if condition is not None:
            self.health_checker.add_check(self._check_trail, name="trail")
        if completeness is not None:
            self.metrics.watch_completeness(completeness)
        if status is not None:
            self.metrics.watch_pipeline(status)
            self.pipeline = PipelineHealth(
                status,
                clock,
                progress_timeout=config.progress_timeout,
                stuck_timeout=config.stuck_timeout,
            )

    @property
    def served(self) -> Sequence[Served]:
        """Where health and metrics are served now; none unless started."""
        return self._served

    def endpoints(self) -> Sequence[Endpoint]:
        """Give what `start` serves, for a program that serves more in the same go."""
        if not self.config.enabled:
            return ()
        health = create_health_app(self.health_checker, self.pipeline)
        refresh = None if self._condition is None else self._refresh
        metrics = create_metrics_app(self.metrics, refresh=refresh)
        config = self.config
        return (
            Endpoint(
                name="health",
                app=health,
                host=config.host,
                port=config.health_check_port,
                setting="monitoring.health_check_port",
            ),
            Endpoint(
                name="metrics",
                app=metrics,
                host=config.host,
                port=config.metrics_port,
                setting="monitoring.metrics_port",
            ),
        )

    async def start(self) -> None:
        """
        Serve health and metrics; both answer when this returns. Starting twice changes nothing.

        Raises:
            ConfigurationError: A port is taken, or may not be used; nothing is served then.
        """
        if self._open is not None:
            return
        async with AsyncExitStack() as opening:
            self._served = await opening.enter_async_context(serving(self.endpoints()))
            self._open = opening.pop_all()

    async def stop(self) -> None:
        """Stop serving; open requests get three seconds. Stopping twice changes nothing."""
        if self._open is not None:
            opened, self._open, self._served = self._open, None, ()
            await opened.aclose()

    def record_message_consumed(self, topic: str, partition: int) -> None:
        """Count one record that was read."""
        self.metrics.record_message_consumed(topic, partition)

    def record_message_processed(self, topic: str, operation_type: str) -> None:
        """Count one record that became a row of the trail."""
        self.metrics.record_message_processed(topic, operation_type)

    def record_message_failed(self, topic: str, error_type: str) -> None:
        """Count one record that was put into quarantine."""
        self.metrics.record_message_failed(topic, error_type)

    def record_batch_processed(self, duration_seconds: float) -> None:
        """Count one batch that took `duration_seconds`."""
        self.metrics.record_batch_processed(duration_seconds)

    async def _refresh(self) -> None:
        if self._condition is not None:
            self.metrics.tell_condition(await self._condition())

    async def _check_trail(self) -> CheckResult:
        if self._condition is None:
            return CheckResult(Health.HEALTHY)
        condition = await self._condition()
        health = Health.DEGRADED if condition.open_gaps else Health.HEALTHY
        told: dict[str, object] = {
            "open_gaps": condition.open_gaps,
            "open_quarantine": condition.open_quarantine,
        }
        if condition.reason is not None:
            told["reason"] = condition.reason
        if self._completeness is not None:
            told |= completeness_told(self._completeness())
        return CheckResult(health, told)


def completeness_told(status: CompletenessStatus) -> Mapping[str, object]:
    """Say what the last check of transactions found; nothing where there were none to look at."""
    told: dict[str, object] = {}
    if status.checked_at is not None:
        counts = {state.value: count for state, count in status.counts.items()}
        checked_at = datetime.fromtimestamp(status.checked_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told["transactions"] = {"checked_at": checked_at, **counts}
    if status.trouble is not None:
        told["transactions_unchecked"] = status.trouble
    return told
