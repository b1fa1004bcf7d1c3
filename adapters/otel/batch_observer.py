"""The batch observer that counts and traces with OpenTelemetry."""

import logging

from adapters.otel.batch_tracer import BatchTracer
from adapters.otel.metrics_collector import MetricsCollector
from application.reports import BatchReport

logger = logging.getLogger(__name__)


class OtelBatchObserver:
    """
    Counts every batch, and traces it if there is somewhere to send traces to.

    Args:
        metrics: Counts.
        tracer: Traces; None for none.
    """

    def __init__(self, metrics: MetricsCollector, tracer: BatchTracer | None = None) -> None:
        self._metrics = metrics
        self._tracer = tracer

    def committed(self, report: BatchReport) -> None:
        try:
            self._metrics.record_batch(report)
            if self._tracer is not None:
                self._tracer.trace(report)
        except Exception:  # the port's promise: telemetry never stops the trail
            logger.exception("batch not observed")
