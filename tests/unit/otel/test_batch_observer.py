"""The observer's promise: it counts, it traces, and it never raises."""

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

from adapters.otel.batch_observer import OtelBatchObserver
from adapters.otel.batch_tracer import BatchTracer
from adapters.otel.metrics_collector import MetricsCollector
from application.ports import BatchObserver
from application.reports import BatchReport
from domain.disposition import Tally
from tests.unit.otel.reports import TOPIC, a_report, an_advance
from tests.unit.otel.samples import sample


class BrokenTracer(BatchTracer):
    """A tracer that cannot."""

    def trace(self, report: BatchReport) -> None:
        """Fail."""
        message = f"cannot trace {report.record_count} records"
        raise RuntimeError(message)


def test_a_committed_batch_is_counted() -> None:
    metrics = MetricsCollector()
    observer: BatchObserver = OtelBatchObserver(metrics)

    observer.committed(a_report(an_advance(Tally(audited=3))))

    name = "cdc_audit_records_total"
    assert sample(metrics, name, topic=TOPIC, disposition="audited") == 3


def test_trouble_with_telemetry_is_logged_and_does_not_stop_the_trail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    tracer = BrokenTracer(provider.get_tracer("test"))
    observer = OtelBatchObserver(MetricsCollector(), tracer)

    with caplog.at_level(logging.ERROR):
        observer.committed(a_report(an_advance(Tally(audited=3))))

    assert "batch not observed" in caplog.text
    assert "cannot trace 3 records" in caplog.text
