"""What a probe is told, and with which status."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from application.health import (
    Check,
    CheckResult,
    Health,
    HealthChecker,
    overall,
    report_body,
    status_code,
)
from domain.errors import ConnectionError as DatabaseConnectionError

NOON = datetime(2023, 12, 1, 10, 0, 0, tzinfo=UTC)
POOL = {"connection_pool": {"size": 10, "checked_in": 8, "checked_out": 2}}


class ADatabase:
    """A database service that answers as it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def check_health(self) -> dict[str, object]:
        """Answer, or fail."""
        if self.error:
            raise self.error
        return dict(POOL)


def a_checker(*checks: Check, timeout: float = 5.0) -> HealthChecker:
    checker = HealthChecker(timeout=timeout)
    for number, check in enumerate(checks):
        checker.add_check(check, name=f"check{number}")
    return checker


async def test_the_report_has_the_documented_shape() -> None:
    checker = HealthChecker(ADatabase(), clock=lambda: NOON)

    report = await checker.run_health_checks()

    assert report == {
        "status": "healthy",
        "timestamp": "2023-12-01T10:00:00Z",
        "checks": {"database": {"status": "healthy", **POOL}},
    }


async def test_a_report_without_checks_is_healthy() -> None:
    results = await HealthChecker().results()

    assert overall(results) is Health.HEALTHY
    assert status_code(results) == 200


async def test_a_database_that_cannot_be_reached_is_unhealthy_and_says_why() -> None:
    checker = HealthChecker(ADatabase(DatabaseConnectionError("no route to db:5432")))

    results = await checker.results()

    assert results["database"].details == {"error": "no route to db:5432"}
    assert status_code(results) == 503


async def test_a_check_of_ones_own_goes_by_its_name() -> None:
    def disk_space() -> dict[str, object]:
        return {"status": "degraded", "free_bytes": 12}

    checker = HealthChecker()
    checker.add_check(disk_space)

    report = await checker.run_health_checks()

    assert report["status"] == "degraded"
    assert report["checks"] == {"disk_space": {"status": "degraded", "free_bytes": 12}}


@pytest.mark.parametrize(
    ("answer", "health"),
    [
        (None, Health.HEALTHY),
        (True, Health.HEALTHY),
        (False, Health.UNHEALTHY),
        ("degraded", Health.DEGRADED),
        ({}, Health.HEALTHY),
        ({"status": "unhealthy"}, Health.UNHEALTHY),
        (CheckResult(Health.DEGRADED), Health.DEGRADED),
    ],
)
async def test_a_check_may_answer_in_several_ways(answer: object, health: Health) -> None:
    async def asynchronous() -> object:
        return answer

    results = await a_checker(lambda: answer, asynchronous).results()

    assert {result.health for result in results.values()} == {health}


@pytest.mark.parametrize("answer", [17, "fine", {"status": "fine"}])
async def test_an_answer_that_is_none_is_a_broken_check(answer: object) -> None:
    results = await a_checker(lambda: answer).results()

    assert results["check0"].raised
    assert status_code(results) == 500


async def test_a_check_that_raises_gives_500_and_hides_what_it_raised() -> None:
    def broken() -> None:
        message = "password=secret"
        raise RuntimeError(message)

    checker = a_checker(broken, lambda: False)

    results = await checker.results()

    assert status_code(results) == 500
    assert "secret" not in str(report_body(results, NOON))
    assert "RuntimeError" in str(results["check0"].details["error"])
    assert results["check1"].health is Health.UNHEALTHY


async def test_a_check_that_does_not_answer_in_time_has_failed() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    results = await a_checker(never, lambda: None, timeout=0.01).results()

    assert status_code(results) == 503
    assert results["check0"].details == {"error": "no answer within 0.01 s"}
    assert results["check1"].health is Health.HEALTHY


async def test_checks_run_at_the_same_time() -> None:
    met = asyncio.Barrier(2)

    results = await a_checker(met.wait, met.wait).results()

    assert len(results) == 2


async def test_a_check_of_the_same_name_replaces_the_other() -> None:
    checker = HealthChecker(ADatabase(DatabaseConnectionError("away")))

    checker.add_check(lambda: True, name="database")

    assert status_code(await checker.results()) == 200


@pytest.mark.parametrize(
    ("healths", "whole", "code"),
    [
        ([Health.HEALTHY, Health.HEALTHY], Health.HEALTHY, 200),
        ([Health.HEALTHY, Health.DEGRADED], Health.DEGRADED, 200),
        ([Health.DEGRADED, Health.UNHEALTHY], Health.UNHEALTHY, 503),
    ],
)
def test_the_whole_is_as_well_as_its_worst_part(
    healths: list[Health], whole: Health, code: int
) -> None:
    results = {str(n): CheckResult(health) for n, health in enumerate(healths)}

    assert overall(results) is whole
    assert status_code(results) == code


def test_the_timestamp_is_utc_whatever_the_clock_says() -> None:
    clock = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert report_body({}, clock)["timestamp"] == "2023-12-01T10:00:00Z"
