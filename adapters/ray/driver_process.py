"""
The Ray driver's process, as the service sees it: started, asked, and ended.

A process of its own, since Ray ends its driver's process when it fails (see `cluster.py`); its
output goes to our log at DEBUG. Its last word, or its end, fails every call that waits.
"""

import asyncio
import itertools
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import msgspec

from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize, Frame, FrameKind, FrameStream, Order, Refusal
from domain.errors import ConfigurationError, TransformerUnavailableError

logger = logging.getLogger(__name__)

GRACE = 4.0
"""Seconds in which the driver ends Ray on its own; then its processes are killed."""

_LONGEST_TEXT = 16 * 1024


class DriverProcess:
    """
    Sends calls to the driver, and gives each its answer.

    Args:
        stream: The connection to it.
    """

    def __init__(self, stream: FrameStream) -> None:
        self._stream = stream
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[bytes]] = {}
        self._ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(_retrieve)
        self._crew = CrewSize()
        self._end: Exception | None = None
        self._ended = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the workers have come, and are not gone."""
        return self._ready.done() and self._end is None

    @property
    def crew(self) -> CrewSize:
        """How many workers there are."""
        return self._crew

    async def ready(self) -> int:
        """
        Wait for the first workers, and tell how many there are.

        Raises:
            ConfigurationError: What is there does not fit this program.
            TransformerUnavailableError: Ray did not come.
        """
        return await asyncio.shield(self._ready)

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform a packed batch on one worker.

        Raises:
            WorkerLostError: That worker was lost; others are there.
            TransformerUnavailableError: Ray is gone.
        """
        if self._end is not None:
            raise TransformerUnavailableError(str(self._end))
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[number] = answer
        try:
            with suppress(OSError):  # whoever reads the stream notices too, and fails the call
                await self._stream.send(FrameKind.TRANSFORM, packed, number=number)
            return await answer
        finally:
            del self._calls[number]

    async def grow(self) -> None:
        """Ask for a first worker, where there is none. It may come later, or not at all."""
        with suppress(OSError):  # whoever reads the stream notices too
            await self._stream.send(FrameKind.GROW)

    async def wait_until_gone(self) -> NoReturn:
        """
        Wait until Ray is gone.

        Raises:
            ConfigurationError: What came in place of a lost worker does not fit this program.
            TransformerUnavailableError: It is gone.
        """
        await self._ended.wait()
        raise self._end or TransformerUnavailableError("the Ray driver has ended")

    async def read(self) -> None:
        """Read the driver's frames to their end. Run it beside everything else."""
        end: Exception = TransformerUnavailableError("the Ray driver's process has ended")
        while (frame := await self._stream.receive()) is not None:
            if frame.kind is FrameKind.GONE:
                end = TransformerUnavailableError(frame.text)
            elif frame.kind is FrameKind.REFUSED:
                refusal = msgspec.msgpack.decode(frame.body, type=Refusal)
                end = ConfigurationError(refusal.field, refusal.problem)
            elif frame.kind is FrameKind.READY:
                self._ready.set_result(int(frame.text))
            elif frame.kind is FrameKind.CREW:
                self._crew = msgspec.msgpack.decode(frame.body, type=CrewSize)
            else:
                self._answer(frame)
        self._fail(end)

    def _answer(self, frame: Frame) -> None:
        call = self._calls.get(frame.number)
        if call is None or call.done():
            return  # whoever asked no longer waits
        if frame.kind is FrameKind.ANSWER:
            call.set_result(frame.body)
        else:
            call.set_exception(WorkerLostError(frame.text))

    def _fail(self, end: Exception) -> None:
        self._end = end
        self._ended.set()
        if not self._ready.done():
            self._ready.set_exception(end)
        for call in self._calls.values():
            if not call.done():
                call.set_exception(TransformerUnavailableError(str(end)))


@asynccontextmanager
async def driver_process(
    order: Order, *, command: Sequence[str] = (sys.executable, "-m", "adapters.ray.driver")
) -> AsyncGenerator[DriverProcess]:
    """
    Start a driver's process, and end it with all of Ray's that it started.

    Args:
        order: What it is to start.
        command: The program; the number of its socket is added.

    Raises:
        TransformerUnavailableError: The machine has no room for it.
    """
    ours, theirs = socket.socketpair()
    stream = FrameStream(ours)
    try:
        with theirs:
            process = await _launch([*command, str(theirs.fileno())], theirs)
    except OSError as error:  # no memory or no process left for it
        stream.close()
        raise TransformerUnavailableError(f"the Ray driver did not start: {error}") from error
    driver = DriverProcess(stream)
    beside = [asyncio.create_task(driver.read()), asyncio.create_task(_log_output(process))]
    try:
        with suppress(OSError):  # `read` tells of it
            await stream.send(FrameKind.START, msgspec.msgpack.encode(order))
        yield driver
    finally:
        # Half-started or gone, Ray has nothing to put in order, and might not listen.
        grace = GRACE if driver.is_up else 0.0
        await asyncio.shield(_end(process, stream, beside, grace=grace))


async def _launch(command: Sequence[str], end: socket.socket) -> asyncio.subprocess.Process:
    # A session of its own: Ctrl-C is for the service, which ends the driver in its turn.
    return await asyncio.create_subprocess_exec(
        *command,
        pass_fds=(end.fileno(),),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def _end(
    process: asyncio.subprocess.Process,
    stream: FrameStream,
    beside: Sequence[asyncio.Task[None]],
    *,
    grace: float,
) -> None:
    reading, logging_output = beside
    reading.cancel()
    await asyncio.wait([reading])
    stream.close()
    try:
        async with asyncio.timeout(grace):
            await process.wait()
    except TimeoutError:
        logger.info("ending ray by force", extra={"seconds": grace})
    # Its group too: what Ray left behind, or did not end in time.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    # The output ends with the last process that writes to it.
    await asyncio.wait([logging_output], timeout=1.0)
    logging_output.cancel()


async def _log_output(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
    while text := await process.stdout.read(_LONGEST_TEXT):
        logger.debug("ray says", extra={"text": text.decode("utf-8", "replace").rstrip()})


def _retrieve(future: asyncio.Future[int]) -> None:
    """Say that an error was seen, whether or not anybody waits for the workers."""
    if not future.cancelled():
        future.exception()
