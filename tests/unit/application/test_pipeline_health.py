"""When the pipeline counts as healthy, ready and alive."""

import pytest

from application.health import Health
from application.pipeline_health import (
    LagSeen,
    PipelineHealth,
    judge_health,
    judge_liveness,
    judge_readiness,
)
from application.reports import PipelineState, PipelineStatus

PATIENCE = 60.0


class APipeline:
    """A pipeline whose status and clock the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.told = PipelineStatus(state=PipelineState.RUNNING, last_turn=self.now)
        self.health = PipelineHealth(
            lambda: self.told,
            lambda: self.now,
            progress_timeout=PATIENCE,
            stuck_timeout=PATIENCE,
        )

    def tell(self, *, lag: int | None, batches: int = 0, after: float = 0.0) -> None:
        """Let time pass, and tell a new status."""
        self.now += after
        self.told = PipelineStatus(
            state=PipelineState.RUNNING, lag=lag, batches=batches, last_turn=self.now
        )


def readiness(status: PipelineStatus) -> Health:
    return judge_readiness(status, LagSeen(), 0.0, progress_timeout=PATIENCE).health


@pytest.mark.parametrize(
    ("state", "health", "ready"),
    [
        (PipelineState.STARTING, Health.DEGRADED, False),
        (PipelineState.JOINING, Health.DEGRADED, False),
        (PipelineState.RUNNING, Health.HEALTHY, True),
        (PipelineState.STANDBY, Health.HEALTHY, True),
        (PipelineState.WAITING, Health.UNHEALTHY, False),
        (PipelineState.STOPPING, Health.DEGRADED, False),
        (PipelineState.STOPPED, Health.UNHEALTHY, False),
        (PipelineState.FAILED, Health.UNHEALTHY, False),
    ],
)
def test_every_state_has_its_health_and_readiness(
    state: PipelineState, health: Health, *, ready: bool
) -> None:
    status = PipelineStatus(state=state)

    assert judge_health(status).health is health
    assert (readiness(status) is not Health.UNHEALTHY) is ready


@pytest.mark.parametrize(
    ("engine", "health"),
    [
        ("ray", Health.HEALTHY),
        ("inprocess", Health.HEALTHY),
        ("inprocess (ray is starting)", Health.HEALTHY),
        ("inprocess (ray is gone)", Health.DEGRADED),
        ("inprocess (ray is gone: failed while starting a worker)", Health.DEGRADED),
    ],
)
def test_work_without_the_ray_that_was_asked_for_is_degraded_but_ready(
    engine: str, health: Health
) -> None:
    status = PipelineStatus(state=PipelineState.RUNNING, transform_engine=engine)

    assert judge_health(status).health is health
    assert readiness(status) is health


def test_a_held_topic_is_degraded_and_told() -> None:
    status = PipelineStatus(state=PipelineState.RUNNING, held_topics={"orders": "all fail"})

    found = judge_health(status)

    assert found.health is Health.DEGRADED
    assert found.details["held_topics"] == {"orders": "all fail"}


def test_a_waiting_pipeline_says_for_what() -> None:
    status = PipelineStatus(state=PipelineState.WAITING, reason="the database db:5432 is away")

    assert judge_health(status).details["reason"] == "the database db:5432 is away"


def test_lag_that_makes_no_progress_is_unready() -> None:
    pipeline = APipeline()
    pipeline.tell(lag=10)
    first = pipeline.health.readiness()

    pipeline.tell(lag=10, after=PATIENCE + 1)
    second = pipeline.health.readiness()

    assert first.health is Health.HEALTHY
    assert second.health is Health.UNHEALTHY
    assert second.details["error"] == "10 records behind, and nothing was committed for 61 s"


def test_lag_that_is_worked_off_stays_ready() -> None:
    pipeline = APipeline()

    found: list[Health] = []
    for batches in range(5):
        pipeline.tell(lag=1_000_000, batches=batches, after=PATIENCE - 1)
        found.append(pipeline.health.readiness().health)

    assert set(found) == {Health.HEALTHY}


def test_lag_after_a_long_silence_is_ready() -> None:
    pipeline = APipeline()
    pipeline.tell(lag=0)
    pipeline.health.readiness()

    pipeline.tell(lag=5, after=86_400)

    assert pipeline.health.readiness().health is Health.HEALTHY


def test_unknown_lag_is_no_lag_without_progress() -> None:
    pipeline = APipeline()
    pipeline.tell(lag=None)
    pipeline.health.readiness()

    pipeline.tell(lag=None, after=PATIENCE + 1)

    assert pipeline.health.readiness().health is Health.HEALTHY


@pytest.mark.parametrize(
    "state",
    [
        PipelineState.RUNNING,
        PipelineState.STANDBY,
        PipelineState.WAITING,
        PipelineState.JOINING,
    ],
)
def test_a_loop_that_does_not_turn_is_not_alive(state: PipelineState) -> None:
    status = PipelineStatus(state=state, last_turn=100.0)

    turning = judge_liveness(status, 160.0, stuck_timeout=PATIENCE)
    stuck = judge_liveness(status, 161.0, stuck_timeout=PATIENCE)

    assert turning.health is Health.HEALTHY
    assert stuck.health is Health.UNHEALTHY
    assert stuck.details["error"] == "the pipeline's loop has not turned for 61 s"


@pytest.mark.parametrize(
    "state",
    [
        PipelineState.STARTING,
        PipelineState.STOPPING,
        PipelineState.STOPPED,
        PipelineState.FAILED,
    ],
)
def test_a_pipeline_that_has_no_loop_is_not_stuck(state: PipelineState) -> None:
    status = PipelineStatus(state=state, last_turn=0.0)

    assert judge_liveness(status, 1e9, stuck_timeout=PATIENCE).health is Health.HEALTHY


def test_a_database_outage_restarts_nothing() -> None:
    pipeline = APipeline()

    pipeline.told = PipelineStatus(
        state=PipelineState.WAITING, reason="the database is away", last_turn=pipeline.now
    )

    assert pipeline.health.readiness().health is Health.UNHEALTHY
    assert pipeline.health.liveness().health is Health.HEALTHY
