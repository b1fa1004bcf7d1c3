"""
Where a fault happens: a topic into which changes flow, a service that reads it, and the trail.

    flow ──▶ fault ──▶ healed ──▶ progress (recovery time) ──▶ caught up ──▶ compare ──▶ table
"""

import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Protocol

from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService
from tests.e2e.service_process import ServiceProcess
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.faults.comparison import compare
from tests.faults.fault_table import FaultTable

PROGRESS = 50  # offsets: more than what was under way


class Scene:
    """
    One topic, and what reads it.

    Args:
        topic: Nobody else writes to it.
        settings: Of the services.
        trail: Where they write.
        start_service: Starts one, which is ended after the test.
        table: Takes what was found.

    Attributes:
        environment: Of the services, besides their settings.
        recovery: Seconds from the end of each fault to progress.
    """

    def __init__(
        self,
        topic: WrittenTopic,
        settings: Mapping[str, str],
        trail: Trail,
        *,
        start_service: StartService,
        table: FaultTable,
    ) -> None:
        self.topic = topic
        self.settings = settings
        self.trail = trail
        self.environment: Mapping[str, str] = {}
        self.recovery: list[float] = []
        self._start_service = start_service
        self._table = table

    def start(self, **settings: str) -> ServiceProcess:
        """Start a service with `settings`, ``kafka_group_id="..."``, besides those of the scene."""
        given = {f"CDC_AUDIT_{name.upper()}": value for name, value in settings.items()}
        return self._start_service({**self.environment, **self.settings, **given})

    def flow(self) -> AbstractContextManager[None]:
        """Let changes flow into the topic."""
        return self.topic.flow()

    @contextmanager
    def flowing(self, **settings: str) -> Generator[ServiceProcess]:
        """Let changes flow, and a service be in the middle of them."""
        service = self.start(**settings)
        with self.flow():
            self.wait_for_progress(service)
            yield service

    def wait_for_progress(self, service: ServiceProcess) -> None:
        """Wait until `service`, or another one, has stored something of what flows in."""
        goal = self.trail.stored(self.topic) + PROGRESS
        service.wait_until(lambda: self.trail.stored(self.topic) > goal, what="progress")

    def wait_for_recovery(self, service: ServiceProcess) -> None:
        """Wait for progress, and take the time from now on: the fault has just ended."""
        begun = time.monotonic()
        self.wait_for_progress(service)
        self.recovery.append(time.monotonic() - begun)

    def wait_for_stall(self, service: ServiceProcess) -> None:
        """Wait until the trail stands still, although changes flow: the fault has its effect."""
        seen = [-1, -2]

        def stands_still() -> bool:
            seen.append(self.trail.stored(self.topic))
            return len(set(seen[-20:])) == 1 and len(seen) > 20

        service.wait_until(stands_still, what="a stall")

    def catch_up(self, service: ServiceProcess) -> None:
        """Wait until the trail is at the end of the topic, for as long as it comes nearer."""
        while not self.trail.has_caught_up(self.topic):
            before = self.trail.stored(self.topic)
            end = sum(self.topic.ends().values())
            service.wait_until(
                partial(self._is_further, before),
                what=f"the end of the topic: {before} of {end} offsets are stored",
            )

    def _is_further(self, before: int) -> bool:
        return self.trail.stored(self.topic) > before or self.trail.has_caught_up(self.topic)

    def verify(self, fault: str, service: ServiceProcess, *, times: int = 1) -> None:
        """Wait until the trail has caught up, and hold it against what was written."""
        self.catch_up(service)
        found = compare(self.trail, self.topic)
        self._table.add(fault, found, times=times, recovery=self.recovery)
        assert found.is_clean, found


class NewScene(Protocol):
    """Makes a scene with a topic of its own, in the test's trail or in another."""

    def __call__(self, database: DatabaseConfig = ...) -> Scene:
        """Make it."""
        ...
