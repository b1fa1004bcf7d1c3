"""
The workers of a driver, as many as there is work for.

    transform ──▶ a free worker ──▶ answer ──▶ free again ──▶ idle too long ──▶ ended, down to least
        └──▶ none is free: waits ──▶ one more is started, up to most ─┘

A worker that does not come is no failure of the others: it is tried again while it is needed. Only
where nobody is left to do what waits has Ray failed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from adapters.ray.config import RayConfig
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize
from domain.errors import TransformerUnavailableError

logger = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds until a worker that did not come is tried again."""


class Worker(Protocol):
    """One worker. What fails is not to be used again."""

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform a packed batch.

        Raises:
            WorkerLostError: It is lost.
        """
        ...

    async def answers(self) -> bool:
        """Whether it is there."""
        ...

    def end(self) -> None:
        """End it."""
        ...


class Cluster(Protocol):
    """Where workers come from."""

    def most_workers(self) -> int:
        """How many there may be now, at least one."""
        ...

    async def start_worker(self) -> Worker:
        """
        Start a worker.

        Raises:
            ConfigurationError: It runs another program.
            TransformerUnavailableError: It did not come.
        """
        ...


class Crew:
    """
    The workers, each with one batch at a time; the one that was free last is taken first.

    Args:
        cluster: Where they come from.
        config: How many there may be, and when one is ended.
        group: Runs what goes on beside the batches; its failure is that of Ray.
        told: Told of each change of their number.
        clock: A monotonic clock, in seconds.
        pause: Seconds until a worker that did not come is tried again.
    """

    def __init__(  # noqa: PLR0913 - the settings, and what a test replaces
        self,
        cluster: Cluster,
        config: RayConfig,
        group: asyncio.TaskGroup,
        *,
        told: Callable[[CrewSize], None],
        clock: Callable[[], float] = time.monotonic,
        pause: float = PAUSE,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._group = group
        self._told = told
        self._clock = clock
        self._pause = pause
        self._count = 0
        # Last in, first out: with little to do, the same worker has the plans of all schemas.
        self._free: list[tuple[Worker, float]] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._doubts: list[asyncio.Future[None]] = []
        self._coming: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many workers there are."""
        return self._count

    async def start(self) -> None:
        """Start those that a quiet service keeps, all or none."""
        self._tell()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._config.least):
                group.create_task(self._add())

    def grow(self) -> None:
        """Let a first worker come, for batches that are still done elsewhere."""
        if not self._count and not self._coming:
            self._begin_one()

    def shrink(self) -> None:
        """End those that had nothing to do for too long; none that has a batch."""
        while self._free and self._count > self._config.least:
            worker, since = self._free[0]
            if self._clock() - since < self._config.idle_timeout:
                return
            del self._free[0]
            self._end(worker)

    def stop(self) -> None:
        """Start no more."""
        for task in self._coming:
            task.cancel()

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform on a free worker.

        Raises:
            WorkerLostError: The worker was lost, and Ray still works.
        """
        worker = await self._take()
        try:
            answer = await worker.transform(packed)
        except WorkerLostError:
            self._end(worker)
            await self._see_that_ray_works()
            raise
        self._give(worker)
        return answer

    async def _take(self) -> Worker:
        if self._free:
            return self._free.pop()[0]
        waiting: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._grow_as_needed()
        return await waiting

    def _give(self, worker: Worker) -> None:
        for doubt in self._doubts:
            doubt.set_result(None)
        self._doubts.clear()
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(worker)
                return
        self._free.append((worker, self._clock()))

    def _end(self, worker: Worker) -> None:
        worker.end()
        self._count -= 1
        self._tell()

    async def _see_that_ray_works(self) -> None:
        """
        Wait until any other worker answers, or a new one comes.

        Without it, a Ray that has just died would look like a record that kills its workers.
        """
        doubt: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._doubts.append(doubt)
        self._grow_as_needed()
        while self._free and not doubt.done():
            worker, _ = self._free.pop()
            if await worker.answers():
                self._give(worker)
            else:
                self._end(worker)
                self._grow_as_needed()
        await doubt

    def _wanted(self) -> int:
        needed = self._count + len(self._waiting)
        if self._doubts:
            needed = max(needed, 1)
        return max(self._config.least, min(needed, self._cluster.most_workers()))

    def _grow_as_needed(self) -> None:
        for _ in range(self._wanted() - self._count - len(self._coming)):
            self._begin_one()

    def _begin_one(self) -> None:
        task = self._group.create_task(self._come())
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _come(self) -> None:
        while True:
            try:
                await self._add()
            except TransformerUnavailableError as error:
                if not self._count and (self._waiting or self._doubts):
                    raise
                logger.warning("a worker did not come", extra={"reason": str(error)})
            else:
                return
            await asyncio.sleep(self._pause)
            if self._count + len(self._coming) > self._wanted():
                return

    async def _add(self) -> None:
        worker = await self._cluster.start_worker()
        self._count += 1
        self._tell()
        self._give(worker)

    def _tell(self) -> None:
        most = self._cluster.most_workers()
        self._told(CrewSize(now=self._count, least=self._config.least, most=most))
