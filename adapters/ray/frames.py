"""
Frames over a socket between the service and its Ray driver: kind, number, length, bytes.

    service  ── START, TRANSFORM(n), GROW ──▶  driver process
    service  ◀── CREW, READY, ANSWER(n), LOST(n), GONE, REFUSED ──  driver process

The end of the stream ends the driver: it does not outlive the service, however that ends.
"""

import asyncio
import enum
import os
import signal
import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

import msgspec

from adapters.ray.config import RayConfig
from adapters.ray.versions import Versions

_HEADER = struct.Struct(">BQQ")
"""Kind, number, and the length of the body in bytes."""

_LOOK_INTERVAL = 0.2


class FrameKind(enum.IntEnum):
    """What a frame says."""

    START = 1
    """An `Order`: what to start. The first frame."""

    TRANSFORM = 2
    """A packed batch."""

    READY = 3
    """The first workers are there: their number, as text."""

    ANSWER = 4
    """A transformed batch."""

    LOST = 5
    """The worker of this call was lost, and Ray still works: why, as text."""

    GONE = 6
    """Ray is gone, or did not come: why, as text. The last frame."""

    REFUSED = 7
    """A setting is wrong: a `Refusal`. The last frame."""

    GROW = 8
    """One more worker would be of use, though no batch waits for it here."""

    CREW = 9
    """How many workers there are now: a `CrewSize`."""


class Order(msgspec.Struct, frozen=True):
    """
    What the driver process is to start.

    Attributes:
        config: Where Ray runs, and how many workers.
        versions: What the workers must run.
        work: A `TransformWork`, pickled.
    """

    config: RayConfig
    versions: Versions
    work: bytes


class CrewSize(msgspec.Struct, frozen=True):
    """
    How many workers there are.

    Attributes:
        now: Those that are there.
        least: Those that stay when there is nothing to do.
        most: More will not come.
    """

    now: int = 0
    least: int = 0
    most: int = 0


class Refusal(msgspec.Struct, frozen=True):
    """A `ConfigurationError` on its way: its setting and what is wrong with it."""

    field: str
    problem: str


class Frame(msgspec.Struct, frozen=True):
    """One frame: its kind, the number of the call, and the bytes."""

    kind: FrameKind
    number: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class FrameStream:
    """
    One end of the connection.

    Args:
        end: A connected socket.
    """

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(0)
        self._end = end
        self._sending = asyncio.Lock()

    async def send(self, kind: FrameKind, body: bytes = b"", *, number: int = 0) -> None:
        """
        Send a frame, all of it even if the caller is cancelled.

        Raises:
            OSError: The other end is gone.
        """
        header = _HEADER.pack(kind, number, len(body))
        await asyncio.shield(asyncio.create_task(self._send(header, body)))

    async def receive(self) -> Frame | None:
        """Wait for a frame. None if the other end is gone."""
        try:
            kind, number, size = _HEADER.unpack(await self._read(_HEADER.size))
            return Frame(FrameKind(kind), number, bytes(await self._read(size)))
        except (EOFError, OSError):
            return None

    @contextmanager
    def ending_process(self) -> Generator[None]:
        """End this process and its group when the other end is gone, while the loop is blocked."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(_LOOK_INTERVAL):
                with suppress(BlockingIOError):
                    if not self._end.recv(1, socket.MSG_PEEK):
                        os.killpg(0, signal.SIGKILL)

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def close(self) -> None:
        """End the connection. What the other end has not read is lost."""
        self._end.close()

    async def _send(self, header: bytes, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        async with self._sending:
            await loop.sock_sendall(self._end, header)
            await loop.sock_sendall(self._end, body)

    async def _read(self, size: int) -> bytearray:
        # Not a StreamReader: it would take a batch in pieces of 64 KiB, and copy each twice.
        loop = asyncio.get_running_loop()
        whole = bytearray(size)
        rest = memoryview(whole)
        while rest:
            count = await loop.sock_recv_into(self._end, rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return whole
