"""How transactions that were checked are told."""

from adapters.otel.metrics_collector import MetricsCollector
from application.keep_checking import CompletenessStatus
from domain.completeness import TransactionState
from tests.unit.otel.samples import sample


def test_checked_transactions_are_told_once_there_was_a_check() -> None:
    metrics, status = MetricsCollector(), CompletenessStatus()
    metrics.watch_completeness(lambda: status)
    before = metrics.get_metrics_text()

    counts = {TransactionState.MISSING: 2, TransactionState.COMPLETE: 40}
    status = CompletenessStatus(checked_at=1_700_000_000.0, counts=counts)

    assert "cdc_audit_checked_transactions" not in before
    assert sample(metrics, "cdc_audit_checked_transactions", state="missing") == 2
    assert sample(metrics, "cdc_audit_checked_transactions", state="unknown") == 0
    assert sample(metrics, "cdc_audit_completeness_check_timestamp_seconds") == 1_700_000_000
