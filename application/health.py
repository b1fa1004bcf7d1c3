"""
Health, readiness and liveness: what a probe is told, and by which rules.

    check ──▶ CheckResult ─┐
    check ──▶ CheckResult ─┼──▶ report ──▶ 200 healthy or degraded, 503 failed, 500 raised
    check ──▶ CheckResult ─┘
"""

import asyncio
import enum
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import msgspec

from domain.errors import CdcAuditError

logger = logging.getLogger(__name__)

OK, FAILED, RAISED = 200, 503, 500


class Health(enum.StrEnum):
    """How well a part, or the whole, is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class CheckResult(msgspec.Struct, frozen=True):
    """
    What one check found.

    Attributes:
        health: How well the part is.
        details: What else there is to say: plain JSON values.
        raised: Whether the check itself broke off with an error that it should not have.
    """

    health: Health
    details: Mapping[str, object] = {}
    raised: bool = False


Check = Callable[[], object]
"""
Called without arguments, may be asynchronous. It gives a `CheckResult`, a mapping with `status`, a
bool, a `Health` or its word, or None for healthy. Raising a `CdcAuditError` says that the part
failed; raising anything else, that the check is broken.
"""


class CheckedDatabase(Protocol):
    """What a health checker asks of a database service."""

    def check_health(self) -> Awaitable[Mapping[str, object]]:
        """
        Ask the database a question, and tell the pool's numbers.

        Returns:
            ``{"connection_pool": {"size": ..., "checked_in": ..., "checked_out": ...}}``.

        Raises:
            ConnectionError: The database cannot be reached.
        """
        ...


class HealthChecker:
    """
    Runs checks and reports on them. Documented: `run_health_checks` and `add_check`.

    Args:
        database_service: Checked as ``database``; None for none.
        timeout: Seconds after which a check without an answer has failed.
        clock: Gives the time of a report.
    """

    def __init__(
        self,
        database_service: CheckedDatabase | None = None,
        *,
        timeout: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._checks: dict[str, Check] = {}
        self._timeout = timeout
        self._clock = clock
        if database_service is not None:
            self.add_check(database_service.check_health, name="database")

    def add_check(self, check: Check, name: str | None = None) -> None:
        """
        Run `check` with every report, as `name` or its own name. A taken name is replaced.

        Args:
            check: See `Check`.
            name: Key under ``checks`` of the report.
        """
        own_name: str = getattr(check, "__name__", type(check).__name__)
        self._checks[name or own_name] = check

    async def run_health_checks(self) -> dict[str, Any]:
        """
        Run every check, at the same time.

        Returns:
            ``{"status": ..., "timestamp": ..., "checks": {name: {"status": ..., ...}}}``.
        """
        return report_body(await self.results(), self._clock())

    async def results(self) -> dict[str, CheckResult]:
        """Run every check, at the same time, and give what each found."""
        checks = dict(self._checks)
        found = await asyncio.gather(*(self._run(n, c) for n, c in checks.items()))
        return dict(zip(checks, found, strict=True))

    async def _run(self, name: str, check: Check) -> CheckResult:
        try:
            async with asyncio.timeout(self._timeout):
                answer = check()
                if inspect.isawaitable(answer):
                    answer = await answer
            return as_result(answer)
        except TimeoutError:
            return _failed(f"no answer within {self._timeout:g} s")
        except CdcAuditError as error:
            return _failed(str(error))
        except Exception as error:  # a broken check must not take the others' answers away
            logger.exception("health check raised", extra={"check": name})
            text = f"the check itself failed: {type(error).__name__}"
            return CheckResult(Health.UNHEALTHY, {"error": text}, raised=True)


def as_result(answer: object) -> CheckResult:
    """
    Read what a check gave back.

    Raises:
        TypeError: It is none of the kinds that `Check` names.
        ValueError: Its status is not a word of `Health`.
    """
    if isinstance(answer, CheckResult):
        return answer
    if isinstance(answer, Mapping):
        details = dict(cast("Mapping[str, object]", answer))
        status = Health(str(details.pop("status", Health.HEALTHY)))
        return CheckResult(status, details)
    if answer is None or isinstance(answer, bool):
        return CheckResult(Health.UNHEALTHY if answer is False else Health.HEALTHY)
    if isinstance(answer, str):
        return CheckResult(Health(answer))
    raise TypeError(
        f"a health check gave a {type(answer).__name__}; give a mapping with `status`, a bool, "
        f"or one of {', '.join(Health)}"
    )


def overall(results: Mapping[str, CheckResult]) -> Health:
    """Give the worst health among `results`; healthy where there are none."""
    found = {r.health for r in results.values()}
    for health in (Health.UNHEALTHY, Health.DEGRADED):
        if health in found:
            return health
    return Health.HEALTHY


def status_code(results: Mapping[str, CheckResult]) -> int:
    """Give 500 if a check raised, 503 if one failed, 200 for healthy and degraded."""
    if any(r.raised for r in results.values()):
        return RAISED
    return FAILED if overall(results) is Health.UNHEALTHY else OK


def report_body(results: Mapping[str, CheckResult], now: datetime) -> dict[str, Any]:
    """Give the documented body; the timestamp is in UTC, to the second, with a ``Z``."""
    return {
        "status": overall(results).value,
        "timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "checks": {n: {"status": r.health.value, **r.details} for n, r in results.items()},
    }


def _failed(error: str) -> CheckResult:
    return CheckResult(Health.UNHEALTHY, {"error": error})
