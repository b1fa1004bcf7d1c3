"""`/metrics` over HTTP."""

import asyncio

import pytest

from adapters.otel.metrics_collector import MetricsCollector
from application.vital_signs import TrailCondition
from domain.errors import ConnectionError as DatabaseConnectionError
from entrypoints.http import metrics_app
from entrypoints.http.metrics_app import create_metrics_app
from tests.unit.http.requests import get


async def test_prometheus_gets_its_text_format() -> None:
    metrics = MetricsCollector()
    metrics.record_batch_processed(1.25)

    answer = await get(create_metrics_app(metrics), "/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "cdc_audit_batches_total 1.0" in answer.text


async def test_an_openmetrics_client_gets_openmetrics() -> None:
    accept = "application/openmetrics-text; version=1.0.0"

    answer = await get(create_metrics_app(MetricsCollector()), "/metrics", accept=accept)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_numbers_that_must_be_asked_for_are_asked_for_with_each_scrape() -> None:
    metrics = MetricsCollector()
    conditions = iter([TrailCondition(open_quarantine=1), TrailCondition(open_quarantine=2)])

    async def refresh() -> None:
        metrics.tell_condition(next(conditions))

    app = create_metrics_app(metrics, refresh=refresh)

    assert "cdc_audit_quarantine_open_records 1.0" in (await get(app, "/metrics")).text
    assert "cdc_audit_quarantine_open_records 2.0" in (await get(app, "/metrics")).text


async def test_a_scrape_is_answered_without_the_database() -> None:
    async def refresh() -> None:
        message = "away"
        raise DatabaseConnectionError(message)

    answer = await get(create_metrics_app(MetricsCollector(), refresh=refresh), "/metrics")

    assert answer.status_code == 200


async def test_a_scrape_does_not_wait_for_a_slow_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_app, "REFRESH_TIMEOUT", 0.01)

    async def refresh() -> None:
        await asyncio.Event().wait()

    answer = await get(create_metrics_app(MetricsCollector(), refresh=refresh), "/metrics")

    assert answer.status_code == 200
