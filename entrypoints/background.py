"""What runs beside the pipeline: it never ends it, and is started again when it breaks off."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)

START_AGAIN = 60.0
"""Seconds until what broke off is started again."""

Run = Callable[[], Awaitable[None]]


@asynccontextmanager
async def running_beside(
    runs: Sequence[Run], *, pause: float = START_AGAIN
) -> AsyncGenerator[None]:
    """
    Run all of `runs` until the context is left.

    Args:
        runs: Each ends by itself, or is cancelled at the end.
        pause: Seconds until one that broke off is started again.
    """
    tasks = [asyncio.create_task(_keep_running(run, pause)) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _keep_running(run: Run, pause: float) -> None:
    while True:
        try:
            await run()
        except Exception:  # the outermost frame of a task that nobody waits for
            logger.exception("what runs beside the pipeline broke off")
        else:
            return
        await asyncio.sleep(pause)
