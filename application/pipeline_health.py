"""
When the pipeline counts as healthy, ready and alive: pure rules over its status.

- healthy: it does its work; degraded while it only starts, works without its Ray, or
  holds a topic in which nearly everything fails, or has stopped at damage in a log.
- ready: database and broker are there, the group is joined, and lag makes progress. A member
  without partitions is ready: it stands by.
- alive: the loop turns. A database that is away restarts nothing.
"""

from collections.abc import Callable

import msgspec

from application.health import CheckResult, Health
from application.reports import PipelineState, PipelineStatus

_AT_WORK = frozenset({PipelineState.RUNNING, PipelineState.STANDBY})
_ON_THE_WAY = frozenset({PipelineState.STARTING, PipelineState.JOINING, PipelineState.STOPPING})
_TURNING = _AT_WORK | {PipelineState.JOINING, PipelineState.WAITING}


class LagSeen(msgspec.Struct, frozen=True):
    """
    Since when lag has been seen without a commit in between.

    Attributes:
        since: Seconds of the monotonic clock; None while there is no lag.
        batches: Batches committed when it was first seen.
    """

    since: float | None = None
    batches: int = 0


def see_lag(seen: LagSeen, status: PipelineStatus, now: float) -> LagSeen:
    """Add one look at `status` to what was seen before. `now` is monotonic, in seconds."""
    if not status.lag:
        return LagSeen(None, status.batches)
    if seen.since is None or seen.batches != status.batches:
        return LagSeen(now, status.batches)
    return seen


def judge_health(status: PipelineStatus) -> CheckResult:
    """Judge whether the pipeline does its work, for `/health`."""
    if status.state in _ON_THE_WAY:
        health = Health.DEGRADED
    elif status.state not in _AT_WORK:
        health = Health.UNHEALTHY
    else:
        health = _at_work(status)
    return CheckResult(health, _details(status))


def judge_readiness(
    status: PipelineStatus, seen: LagSeen, now: float, *, progress_timeout: float
) -> CheckResult:
    """Judge whether the pipeline is ready, for `/ready`. Times are monotonic, in seconds."""
    details = _details(status)
    if status.state not in _AT_WORK:
        return CheckResult(Health.UNHEALTHY, details)
    if seen.since is not None and now - seen.since > progress_timeout:
        details["error"] = (
            f"{status.lag} records behind, and nothing was committed for {now - seen.since:.0f} s"
        )
        return CheckResult(Health.UNHEALTHY, details)
    return CheckResult(_at_work(status), details)


def judge_liveness(status: PipelineStatus, now: float, *, stuck_timeout: float) -> CheckResult:
    """Judge whether the pipeline's loop still turns, for `/live`. Times are monotonic."""
    silent = now - status.last_turn
    if status.state in _TURNING and silent > stuck_timeout:
        text = f"the pipeline's loop has not turned for {silent:.0f} s"
        return CheckResult(Health.UNHEALTHY, {"state": status.state.value, "error": text})
    return CheckResult(Health.HEALTHY, {"state": status.state.value})


class PipelineHealth:
    """
    Judges a running pipeline, and remembers since when its lag makes no progress.

    Args:
        status: Gives the pipeline's status now.
        clock: The monotonic clock that the status uses, in seconds.
        progress_timeout: Seconds with lag and without a commit after which it is unready.
        stuck_timeout: Seconds without a turn after which it is stuck.
    """

    def __init__(
        self,
        status: Callable[[], PipelineStatus],
        clock: Callable[[], float],
        *,
        progress_timeout: float = 60.0,
        stuck_timeout: float = 60.0,
    ) -> None:
        self.status = status
        self._clock = clock
        self._progress_timeout = progress_timeout
        self._stuck_timeout = stuck_timeout
        self._seen = LagSeen()

    def health(self) -> CheckResult:
        """Judge for `/health`."""
        return judge_health(self.status())

    def readiness(self) -> CheckResult:
        """Judge for `/ready`. Each call is one look at the lag."""
        status, now = self.status(), self._clock()
        self._seen = see_lag(self._seen, status, now)
        return judge_readiness(status, self._seen, now, progress_timeout=self._progress_timeout)

    def liveness(self) -> CheckResult:
        """Judge for `/live`."""
        return judge_liveness(self.status(), self._clock(), stuck_timeout=self._stuck_timeout)


def _at_work(status: PipelineStatus) -> Health:
    impaired = (
        bool(status.held_topics) or bool(status.stopped_partitions) or _lost_its_engine(status)
    )
    return Health.DEGRADED if impaired else Health.HEALTHY


def _lost_its_engine(status: PipelineStatus) -> bool:
    engine = status.transform_engine
    return engine.startswith("inprocess (") and not engine.endswith("is starting)")


def _details(status: PipelineStatus) -> dict[str, object]:
    told: dict[str, object] = {
        "state": status.state.value,
        "assigned_partitions": status.assigned,
        "lag": status.lag,
        "transform_engine": status.transform_engine,
    }
    if status.reason is not None:
        told["reason"] = status.reason
    if status.held_topics:
        told["held_topics"] = dict(status.held_topics)
    if status.topic_orders:
        told["topic_orders"] = dict(status.topic_orders)
    if status.stopped_partitions:
        told["stopped_partitions"] = dict(status.stopped_partitions)
    return told
