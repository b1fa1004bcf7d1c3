"""
The Ray driver: a program of its own, started and ended by the service (`driver_process.py`).

    socket ──▶ START ──▶ RayCluster.start ──▶ Crew.start ──▶ READY
           ──▶ TRANSFORM ──▶ a free worker ──▶ ANSWER, or LOST when it is known that Ray works
           ──▶ GROW ──▶ a first worker          CREW ◀── whenever one comes or goes

It ends when the socket ends, or when Ray is gone, with its last word on the socket. While Ray
starts or joins, which may block for ever, a thread looks whether the socket has ended.
"""

import asyncio
import socket
import sys
from contextlib import suppress
from typing import cast

import msgspec

from adapters.ray.cluster import RayCluster
from adapters.ray.crew import Crew
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize, Frame, FrameKind, FrameStream, Order, Refusal
from domain.errors import ConfigurationError, TransformerUnavailableError

_LOOK_INTERVAL = 1.0
"""Seconds between two looks for workers that have nothing to do."""


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
        order = msgspec.msgpack.decode(first.body, type=Order)
        cluster = RayCluster(order)
        try:
            await self._work(cluster, order)
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

    async def _work(self, cluster: RayCluster, order: Order) -> None:
        with self._stream.ending_process():
            cluster.start()
        async with asyncio.TaskGroup() as group:

            def told(size: CrewSize) -> None:
                group.create_task(self._say(FrameKind.CREW, msgspec.msgpack.encode(size)))

            beside = [group.create_task(_watch(cluster))]
            crew = Crew(cluster, order.config, group, told=told)
            await crew.start()
            await self._stream.send(FrameKind.READY, str(crew.count).encode())
            beside.append(group.create_task(_shrink(crew)))
            calls: set[asyncio.Task[None]] = set()
            while (frame := await self._stream.receive()) is not None:
                if frame.kind is FrameKind.GROW:
                    crew.grow()
                    continue
                call = group.create_task(self._answer(crew, frame))
                calls.add(call)
                call.add_done_callback(calls.discard)
            crew.stop()
            for task in (*beside, *calls):
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


async def _shrink(crew: Crew) -> None:
    while True:
        await asyncio.sleep(_LOOK_INTERVAL)
        crew.shrink()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


async def _serve(descriptor: int) -> None:
    await Driver(FrameStream(socket.socket(fileno=descriptor))).serve()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
