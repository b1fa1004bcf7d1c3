"""
The Ray driver: a program of its own, started and ended by the service (`driver_process.py`).

    socket ──▶ START ──▶ RayCluster.start ──▶ workers ──▶ READY
           ──▶ TRANSFORM ──▶ a free worker ──▶ ANSWER, or LOST after the worker was replaced

It ends when the socket ends, or when Ray is gone, with its last word on the socket. While Ray
starts or joins, which may block for ever, a thread looks whether the socket has ended.
"""

import asyncio
import socket
import sys
from contextlib import suppress
from typing import cast

import msgspec

from adapters.ray.cluster import RayCluster, RayWorker
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import Frame, FrameKind, FrameStream, Order, Refusal
from domain.errors import ConfigurationError, TransformerUnavailableError


class Crew:
    """
    The workers, each with one batch at a time; the one that was free last is taken first.

    Args:
        cluster: Where they are.
    """

    def __init__(self, cluster: RayCluster) -> None:
        self._cluster = cluster
        # Last in, first out: with little to do, the same worker has the plans of all schemas.
        self._free: asyncio.LifoQueue[RayWorker] = asyncio.LifoQueue()

    async def start(self, count: int) -> None:
        """Start `count` workers, all or none."""
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(self._add())

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform on a free worker.

        Raises:
            WorkerLostError: The worker was lost, and has been replaced.
            TransformerUnavailableError: It was lost, and cannot be replaced.
            ConfigurationError: What came in its place runs another program.
        """
        worker = await self._free.get()
        try:
            answer = await worker.transform(packed)
        except WorkerLostError:
            worker.end()
            await self._add()
            raise
        self._free.put_nowait(worker)
        return answer

    async def _add(self) -> None:
        self._free.put_nowait(await self._cluster.start_worker())


class Driver:
    """
    Serves one service until it ends.

    Args:
        stream: The connection to it.
    """

    def __init__(self, stream: FrameStream) -> None:
        self._stream = stream

    async def serve(self) -> None:
        """Serve, and say at the end why Ray is gone, if that is why."""
        first = await self._stream.receive()
        if first is None:
            return
        cluster = RayCluster(msgspec.msgpack.decode(first.body, type=Order))
        try:
            await self._work(cluster)
        except* ConfigurationError as group:
            error = cast("ConfigurationError", _first(group))
            body = msgspec.msgpack.encode(Refusal(error.field, error.problem))
            await self._say(FrameKind.REFUSED, body)
        except* TransformerUnavailableError as group:
            await self._say(FrameKind.GONE, str(_first(group)).encode())
        except* OSError:
            pass  # the service is gone
        finally:
            self._stream.close()
            cluster.stop()

    async def _say(self, kind: FrameKind, body: bytes) -> None:
        with suppress(OSError):
            await self._stream.send(kind, body)

    async def _work(self, cluster: RayCluster) -> None:
        crew = Crew(cluster)
        with self._stream.ending_process():
            count = cluster.start()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(cluster))
            await crew.start(count)
            await self._stream.send(FrameKind.READY, str(count).encode())
            calls: set[asyncio.Task[None]] = set()
            while (frame := await self._stream.receive()) is not None:
                call = group.create_task(self._answer(crew, frame))
                calls.add(call)
                call.add_done_callback(calls.discard)
            for task in (watching, *calls):
                task.cancel()

    async def _answer(self, crew: Crew, frame: Frame) -> None:
        try:
            answer = await crew.transform(frame.body)
        except WorkerLostError as error:
            await self._stream.send(FrameKind.LOST, str(error).encode(), number=frame.number)
        else:
            await self._stream.send(FrameKind.ANSWER, answer, number=frame.number)


async def _watch(cluster: RayCluster) -> None:
    raise TransformerUnavailableError(await cluster.watch())


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


async def _serve(descriptor: int) -> None:
    await Driver(FrameStream(socket.socket(fileno=descriptor))).serve()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
