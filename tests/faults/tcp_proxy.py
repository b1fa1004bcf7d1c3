"""
A TCP proxy that makes the faults of a network, between a client and a server that are both well.

    client ──▶ port │ hold? delay? ──▶ server
           ◀────────│ lose this answer? cut? ◀──

toxiproxy, the well-kept one, knows bytes and time but no messages: losing the answer to a COMMIT,
and only that, would be a module of one's own in Go, and Go a thing that CI needs. It runs in a
thread, so that tests need not be asynchronous.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

CHUNK = 64 * 1024
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""PostgreSQL's message of a simple query, as psycopg ends a transaction."""

COMMITTED = b"COMMIT\x00"
"""What the server's answer to it contains: it was done."""


class TcpProxy:
    """
    One port of loopback that leads to another.

    Args:
        target: Port of the server on loopback.
        port: Its own; 0 takes a free one.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target: int, *, port: int = 0) -> None:
        self.port = port
        self.target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._servers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._delay = 0.0
        self._commits_to_lose = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection, and refuse new ones, until `restore`."""
        self._run(self._cut())

    def reset_connections(self) -> None:
        """Reset every connection; new ones are welcome."""
        self._call(self._reset)

    def hold(self) -> None:
        """Take what comes and pass nothing on, in connections old and new, until `restore`."""
        self._call(self._open.clear)

    def abandon_clients(self) -> None:
        """End the servers' halves of all connections, and tell their clients nothing, ever."""
        self._call(self._abandon)

    def delay(self, seconds: float) -> None:
        """Let everything take so much longer, each way, until `restore`."""
        self._delay = seconds

    def restore(self) -> None:
        """Be a good network again."""
        self._delay = 0.0
        self._run(self._restore())

    def lose_answers_to_commit(self, times: int) -> None:
        """Let the server commit, and cut the connection instead of passing its answer on."""
        self._commits_to_lose += times

    def has_lost_all(self) -> bool:
        """Whether every answer to COMMIT that was to be lost is."""
        return self._commits_to_lose == 0

    # In the loop's thread, all of it.

    async def _listen(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, limit=CHUNK
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset()

    async def _restore(self) -> None:
        self._open.set()
        if self._server is None:
            await self._listen()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reset(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _abandon(self) -> None:
        for task in self._tasks:
            task.cancel()
        for writer in self._servers:
            writer.transport.abort()

    async def _connected(
        self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self.target, limit=CHUNK
            )
        except OSError:
            client_writer.transport.abort()
            return
        both = _Connection(client_writer, server_writer)
        self._writers |= {client_writer, server_writer}
        self._servers.add(server_writer)
        self._spawn(self._carry(client_reader, server_writer, both.sent))
        self._spawn(self._carry(server_reader, client_writer, both.answered(self._loses_commit)))

    def _loses_commit(self) -> bool:
        if self._commits_to_lose <= 0:
            return False
        self._commits_to_lose -= 1
        return True

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        may_pass: Callable[[bytes], bool],
    ) -> None:
        async with _closing(writer):
            while data := await reader.read(CHUNK):
                await self._open.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                if not may_pass(data):
                    return
                writer.write(data)
                await writer.drain()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _call(self, act: Callable[[], None]) -> None:
        async def call() -> None:
            act()

        self._run(call())


class _Connection:
    """Knows where one connection of PostgreSQL's is between a COMMIT and its answer."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers
        self._awaits_commit = False

    def sent(self, data: bytes) -> bool:
        if data.endswith(COMMIT):
            self._awaits_commit = True
        return True

    def answered(self, loses: Callable[[], bool]) -> Callable[[bytes], bool]:
        def may_pass(data: bytes) -> bool:
            was_commit = self._awaits_commit and COMMITTED in data
            if not was_commit:
                return True
            self._awaits_commit = False
            if not loses():
                return True
            for writer in self._writers:
                writer.transport.abort()
            return False

        return may_pass


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncGenerator[None]:
    """End the other half when this one ends; a task that is abandoned leaves it open."""
    try:
        yield
    except OSError:
        writer.transport.abort()
    else:
        with contextlib.suppress(OSError):
            writer.close()
