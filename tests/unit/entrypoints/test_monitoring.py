"""The documented `MonitoringService`, served for real."""

import json
from collections.abc import AsyncGenerator, Mapping

import httpx
import pytest

from adapters.otel.metrics_collector import MetricsCollector
from application.keep_checking import CompletenessStatus
from application.reports import PipelineState, PipelineStatus
from application.vital_signs import TrailCondition
from domain.completeness import TransactionState
from domain.errors import ConfigurationError
from entrypoints.http.config import MonitoringConfig
from entrypoints.monitoring import MonitoringService

ANYWHERE = MonitoringConfig(metrics_port=0, health_check_port=0)


class ADatabase:
    """A database service in good health."""

    async def check_health(self) -> Mapping[str, object]:
        """Answer."""
        return {"connection_pool": {"size": 10, "checked_in": 8, "checked_out": 2}}


@pytest.fixture
async def monitoring() -> AsyncGenerator[MonitoringService]:
    service = MonitoringService(ANYWHERE, ADatabase(), metrics=MetricsCollector())
    await service.start()
    yield service
    await service.stop()


def url(service: MonitoringService, name: str) -> str:
    (served,) = [served for served in service.served if served.name == name]
    return served.url


async def get(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(address)


async def test_health_and_metrics_are_served_while_it_is_started(
    monitoring: MonitoringService,
) -> None:
    monitoring.record_message_consumed("topic", 0)
    monitoring.record_message_processed("topic", "INSERT")
    monitoring.record_message_failed("topic", "ValidationError")
    monitoring.record_batch_processed(1.25)

    health = await get(url(monitoring, "health") + "/health")
    metrics = await get(url(monitoring, "metrics") + "/metrics")

    assert health.json()["checks"]["database"]["connection_pool"]["checked_out"] == 2
    assert "cdc_audit_batches_total 1.0" in metrics.text
    assert metrics.text == monitoring.metrics.get_metrics_text()


async def test_the_health_checker_says_what_the_endpoint_says(
    monitoring: MonitoringService,
) -> None:
    monitoring.health_checker.add_check(lambda: "degraded", name="mine")

    said = await monitoring.health_checker.run_health_checks()
    served = (await get(url(monitoring, "health") + "/health")).json()

    assert said["status"] == served["status"] == "degraded"
    assert json.loads(json.dumps(said["checks"])) == served["checks"]


async def test_it_can_be_started_and_stopped_twice(monitoring: MonitoringService) -> None:
    first = list(monitoring.served)

    await monitoring.start()
    again = list(monitoring.served)
    await monitoring.stop()
    await monitoring.stop()

    assert again == first
    assert list(monitoring.served) == []


async def test_a_taken_port_names_the_setting_and_leaves_nothing_open(
    monitoring: MonitoringService,
) -> None:
    (taken,) = [served.port for served in monitoring.served if served.name == "metrics"]
    second = MonitoringService(MonitoringConfig(metrics_port=taken, health_check_port=0))

    with pytest.raises(ConfigurationError, match=r"monitoring\.metrics_port"):
        await second.start()

    assert list(second.served) == []


async def test_a_disabled_service_serves_nothing() -> None:
    service = MonitoringService(MonitoringConfig(enabled=False))

    await service.start()

    assert list(service.served) == []
    await service.stop()


async def test_a_pipeline_and_a_trail_are_told_in_health_and_metrics() -> None:
    async def condition() -> TrailCondition:
        return TrailCondition(open_quarantine=3, open_gaps=1, gaps=("gap 7",))

    service = MonitoringService(
        ANYWHERE,
        status=lambda: PipelineStatus(state=PipelineState.STANDBY),
        condition=condition,
    )
    await service.start()
    try:
        ready = await get(url(service, "health") + "/ready")
        metrics = (await get(url(service, "metrics") + "/metrics")).text
    finally:
        await service.stop()

    assert ready.status_code == 200
    assert ready.json()["checks"]["pipeline"]["state"] == "standby"
    assert ready.json()["checks"]["trail"] == {
        "status": "degraded",
        "open_gaps": 1,
        "open_quarantine": 3,
        "reason": "changes may be missing: gap 7. `cdc-audit gap list --open` shows the gaps; "
        "`cdc-audit gap acknowledge ID --reason TEXT` takes note of one.",
    }
    assert 'cdc_audit_pipeline_state{state="standby"} 1.0' in metrics
    assert "cdc_audit_quarantine_open_records 3.0" in metrics


async def test_what_the_last_check_of_transactions_found_is_told_in_health() -> None:
    async def condition() -> TrailCondition:
        return TrailCondition()

    status = CompletenessStatus(
        checked_at=1_700_000_000.0, counts={TransactionState.PENDING: 2}, trouble="Kafka is away"
    )
    service = MonitoringService(ANYWHERE, condition=condition, completeness=lambda: status)

    (told,) = (await service.health_checker.run_health_checks())["checks"].values()

    assert told["status"] == "healthy"
    assert told["transactions"] == {"checked_at": "2023-11-14T22:13:20Z", "pending": 2}
    assert told["transactions_unchecked"] == "Kafka is away"
