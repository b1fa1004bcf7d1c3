"""How retries of quarantined records are counted."""

from adapters.otel.metrics_collector import MetricsCollector
from application.retry_quarantined import RetryOutcome, RetryReport
from domain.quarantine_entry import QuarantineEntry
from tests.builders import a_quarantined_record
from tests.unit.otel.samples import sample


def test_retries_are_counted_by_topic_and_outcome() -> None:
    metrics = MetricsCollector()
    entry = QuarantineEntry(
        error_id=1, record=a_quarantined_record(0, topic="orders"), cluster_id="cluster"
    )

    for outcome in (RetryOutcome.PLACED, RetryOutcome.FAILED, RetryOutcome.FAILED):
        metrics.retried(RetryReport(entry, outcome))

    name = "cdc_audit_quarantine_retries_total"
    assert sample(metrics, name, topic="orders", outcome="placed") == 1
    assert sample(metrics, name, topic="orders", outcome="failed") == 2
