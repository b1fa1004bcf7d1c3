"""Workers that answer on command, and a crew of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.ray.config import RayConfig
from adapters.ray.crew import Crew
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize

IDLE = 60.0


class HandWorker:
    """
    A worker that answers when it is told to.

    Attributes:
        batch: What it has in hand.
        ended: Whether it was ended.
        is_there: Whether it answers at all.
    """

    def __init__(self) -> None:
        self.batch: bytes | None = None
        self.ended = False
        self.is_there = True
        self._answer: asyncio.Future[bytes] | None = None

    async def transform(self, packed: bytes) -> bytes:
        """Wait until told."""
        if not self.is_there:
            raise WorkerLostError("its node has ended")
        self.batch = packed
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self.batch = None

    async def answers(self) -> bool:
        """Whether it is there."""
        return self.is_there

    def end(self) -> None:
        """End, which none with a batch may be told."""
        assert self.batch is None
        self.ended = True

    def finish(self) -> None:
        """Answer."""
        assert self._answer is not None
        self._answer.set_result(b"done " + (self.batch or b""))

    def die(self) -> None:
        """Be lost, with the batch in hand."""
        self.is_there = False
        if self._answer is not None:
            self._answer.set_exception(WorkerLostError("killed"))


class HandCluster:
    """
    A cluster of such workers.

    Attributes:
        most: How many there may be.
        workers: Every worker that came.
        refuse: Raised instead of starting one.
        tries: How often one was to be started.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.workers: list[HandWorker] = []
        self.refuse: Exception | None = None
        self.tries = 0

    def most_workers(self) -> int:
        """As many as said."""
        return self.most

    async def start_worker(self) -> HandWorker:
        """Start one."""
        self.tries += 1
        await asyncio.sleep(0)
        if self.refuse is not None:
            raise self.refuse
        self.workers.append(HandWorker())
        return self.workers[-1]


class Scene:
    """A crew, its cluster, and what it told."""

    def __init__(self, group: asyncio.TaskGroup, *, least: int, most: int) -> None:
        self.cluster = HandCluster(most)
        self.told: list[CrewSize] = []
        self.time = 0.0
        config = RayConfig(min_actors=least, max_actors=most, idle_timeout=IDLE)
        self.crew = Crew(
            self.cluster,
            config,
            group,
            told=self.told.append,
            clock=lambda: self.time,
            pause=0.001,
        )
        self._group = group

    def send(self, *batches: bytes) -> list[asyncio.Task[bytes]]:
        """Let the crew transform these at once; whoever sent them looks at what they raise."""
        return [asyncio.create_task(self.crew.transform(batch)) for batch in batches]

    @property
    def busy(self) -> list[HandWorker]:
        """Those that have a batch."""
        return [worker for worker in self.cluster.workers if worker.batch is not None]


@asynccontextmanager
async def a_scene(*, least: int = 0, most: int = 3) -> AsyncGenerator[Scene]:
    """A crew that has started."""
    async with asyncio.TaskGroup() as group:
        scene = Scene(group, least=least, most=most)
        await scene.crew.start()
        yield scene
        scene.crew.stop()
