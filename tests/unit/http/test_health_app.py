"""`/health`, `/ready` and `/live` over HTTP."""

from datetime import UTC, datetime

from starlette.applications import Starlette

from application.health import HealthChecker
from application.pipeline_health import PipelineHealth
from application.reports import PipelineState, PipelineStatus
from domain.errors import ConnectionError as DatabaseConnectionError
from entrypoints.http.health_app import create_health_app
from tests.unit.http.requests import get

NOON = datetime(2023, 12, 1, 10, 0, 0, tzinfo=UTC)
NOW = 1000.0


def an_app(checker: HealthChecker, status: PipelineStatus | None = None) -> Starlette:
    pipeline = None if status is None else PipelineHealth(lambda: status, lambda: NOW)
    return create_health_app(checker, pipeline, clock=lambda: NOON)


async def statuses(app: Starlette, method: str = "GET") -> dict[str, int]:
    paths = ("/health", "/ready", "/live")
    return {path: (await get(app, path, method=method)).status_code for path in paths}


def running(*, engine: str = "ray") -> PipelineStatus:
    return PipelineStatus(state=PipelineState.RUNNING, last_turn=NOW, transform_engine=engine)


def no_database() -> None:
    message = "no route to db:5432"
    raise DatabaseConnectionError(message)


async def test_health_answers_with_the_documented_body() -> None:
    checker = HealthChecker()
    checker.add_check(lambda: {"connection_pool": {"size": 10}}, name="database")

    answer = await get(an_app(checker), "/health")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "healthy",
        "timestamp": "2023-12-01T10:00:00Z",
        "checks": {"database": {"status": "healthy", "connection_pool": {"size": 10}}},
    }


async def test_a_pipeline_is_judged_by_every_endpoint_in_its_own_way() -> None:
    waiting = PipelineStatus(state=PipelineState.WAITING, reason="Kafka is away", last_turn=NOW)
    app = an_app(HealthChecker(), waiting)

    found = await statuses(app)

    assert found == {"/health": 503, "/ready": 503, "/live": 200}
    assert (await get(app, "/ready")).json()["checks"]["pipeline"]["reason"] == "Kafka is away"


async def test_degraded_is_still_200() -> None:
    app = an_app(HealthChecker(), running(engine="inprocess (ray is gone)"))

    answer = await get(app, "/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


async def test_without_a_database_it_is_neither_healthy_nor_ready_but_alive() -> None:
    checker = HealthChecker()
    checker.add_check(no_database, name="database")
    app = an_app(checker, running())

    found = await statuses(app)

    assert found == {"/health": 503, "/ready": 503, "/live": 200}


async def test_a_stuck_loop_is_not_alive() -> None:
    status = PipelineStatus(state=PipelineState.RUNNING, last_turn=NOW - 3600)

    answer = await get(an_app(HealthChecker(), status), "/live")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unhealthy"


async def test_a_check_that_raises_is_500() -> None:
    checker = HealthChecker()
    checker.add_check(lambda: 1 // 0, name="broken")

    answer = await get(an_app(checker), "/health")

    assert answer.status_code == 500
    assert answer.json()["checks"]["broken"]["error"] == (
        "the check itself failed: ZeroDivisionError"
    )


async def test_probes_may_ask_with_head() -> None:
    app = an_app(HealthChecker(), running())

    found = await statuses(app, method="HEAD")

    assert set(found.values()) == {200}
