"""
The metrics of one service, in a registry of its own, as Prometheus reads them.

What happens is counted when it happens (`record_...`); what merely is (lag, pool, state) is asked
for when somebody looks (`watch_...`).
"""

from collections import Counter
from collections.abc import Callable, Mapping

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk import metrics as sdk
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from adapters.otel import names
from adapters.otel.batch_instruments import BatchInstruments
from adapters.otel.completeness_gauges import CompletenessGauges
from adapters.otel.resource import service_resource
from adapters.otel.transform_gauges import TransformGauges
from adapters.otel.vital_gauges import VitalGauges
from application.keep_checking import CompletenessStatus
from application.reports import BatchReport, PipelineStatus
from application.retry_quarantined import RetryReport
from application.vital_signs import PoolUsage, TrailCondition
from domain.disposition import Disposition
from domain.operation import OperationTypeEnum
from domain.stream import StreamPartition

_SERIES_LIMIT = 20_000
_NANOSECONDS, _MICROSECONDS = 1e9, 1e6


class MetricsCollector:
    """
    Counts what the service does, and writes it down for Prometheus.

    Two collectors share nothing. Labels are bounded: topics, partitions, operations,
    dispositions, stages, and names of error classes.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(
            scope_info_enabled=False,
            registry=self._registry,
            cardinality_limits={sdk.Counter: _SERIES_LIMIT, sdk.ObservableGauge: _SERIES_LIMIT},
        )
        self._provider = MeterProvider(
            [reader], resource=service_resource(), views=names.views(), shutdown_on_exit=False
        )
        meter = self._provider.get_meter(names.METER)
        self._gauges = VitalGauges(meter)
        self._transform = TransformGauges(meter, self._gauges.transform_load)
        self._completeness = CompletenessGauges(meter)
        self._count = BatchInstruments(meter)

    def record_message_consumed(self, topic: str, partition: int) -> None:
        """Count one record that was read."""
        self._count.consumed.add(1, {"topic": topic, "partition": partition})

    def record_message_processed(self, topic: str, operation_type: str) -> None:
        """Count one record that became a row of the trail."""
        baseline = operation_type == OperationTypeEnum.SNAPSHOT
        self._add_records(topic, Disposition.BASELINE if baseline else Disposition.AUDITED, 1)
        self._count.rows.add(1, {"topic": topic, "operation": str(operation_type)})

    def record_message_failed(self, topic: str, error_type: str) -> None:
        """Count one record that was put into quarantine."""
        self._add_records(topic, Disposition.QUARANTINED, 1)
        self._count.quarantined.add(1, {"topic": topic, "error_type": error_type})

    def record_batch_processed(self, duration_seconds: float) -> None:
        """Count one batch that took `duration_seconds`."""
        self._count.batches.add(1)
        self._count.batch_duration.record(max(0.0, duration_seconds))

    def record_batch(self, report: BatchReport) -> None:
        """Count everything that `report` tells of one batch."""
        self._count_dispositions(report)
        for (topic, operation), count in report.batch.operations.items():
            self._count.rows.add(count, {"topic": topic, "operation": operation})
        for (topic, kind), count in report.batch.control_kinds.items():
            self._count.control.add(count, {"topic": topic, "kind": kind})
        for record in (*report.batch.quarantined, *report.refused):
            self._count.quarantined.add(1, {"topic": record.topic, "error_type": record.error_type})
        self._count.batch_records.record(report.record_count)
        self._count.batch_size.record(report.size)
        self._time(report)

    def retried(self, report: RetryReport) -> None:
        """Count one retry of a quarantined record."""
        topic, outcome = report.entry.record.topic, report.outcome.value
        self._count.retries.add(1, {"topic": topic, "outcome": outcome})

    def watch_pipeline(self, status: Callable[[], PipelineStatus]) -> None:
        """Tell the pipeline's state with every scrape, as `status` gives it."""
        self._gauges.status = status

    def watch_lag(self, lag: Callable[[], Mapping[StreamPartition, int]]) -> None:
        """Tell each partition's lag with every scrape, as `lag` gives it."""
        self._gauges.lag = lag

    def watch_pool(self, usage: Callable[[], PoolUsage]) -> None:
        """Tell the pool's numbers with every scrape, as `usage` gives them."""
        self._gauges.pool = usage

    def watch_completeness(self, status: Callable[[], CompletenessStatus]) -> None:
        """Tell how transactions of the source stand with every scrape, as `status` gives it."""
        self._completeness.status = status

    def tell_condition(self, condition: TrailCondition) -> None:
        """Tell `condition` with every scrape, until the next one is known."""
        self._gauges.condition = condition

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Write all metrics in the format that suits the header `accept` best, and name it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def get_metrics_text(self) -> str:
        """Write all metrics in Prometheus' text format."""
        return self.exposition("")[0].decode()

    def close(self) -> None:
        """Stop collecting. Nothing can be written down afterwards."""
        self._provider.shutdown()

    def _count_dispositions(self, report: BatchReport) -> None:
        refused = Counter(record.topic for record in report.refused)
        for advance in report.batch.advances:
            topic, tally = advance.partition.topic, advance.tally
            consumed = tally.total - tally.absent
            if consumed:
                self._count.consumed.add(
                    consumed, {"topic": topic, "partition": advance.partition.partition}
                )
            if tally.absent:
                self._count.absent.add(tally.absent, {"topic": topic})
            moved = min(refused[topic], tally.audited)
            refused[topic] -= moved
            self._add_records(topic, Disposition.AUDITED, tally.audited - moved)
            self._add_records(topic, Disposition.BASELINE, tally.baseline)
            self._add_records(topic, Disposition.CONTROL, tally.control)
            self._add_records(topic, Disposition.SKIPPED, tally.skipped)
            self._add_records(topic, Disposition.QUARANTINED, tally.quarantined + moved)

    def _add_records(self, topic: str, disposition: Disposition, count: int) -> None:
        if count:
            self._count.records.add(count, {"topic": topic, "disposition": disposition.value})

    def _time(self, report: BatchReport) -> None:
        for stage in report.stages:
            took = max(0.0, (stage.end_ns - stage.start_ns) / _NANOSECONDS)
            self._count.stage_duration.record(took, {"stage": stage.stage})
        if not report.stages:
            return
        end = report.stages[-1].end_ns / _NANOSECONDS
        self.record_batch_processed(end - report.stages[0].start_ns / _NANOSECONDS)
        if report.batch.newest_change is not None:
            changed = report.batch.newest_change / _MICROSECONDS
            self._count.freshness.record(max(0.0, end - changed))
            self._gauges.newest_change = changed
