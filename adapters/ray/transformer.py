"""
Transforming on Ray's workers, and finding the record that kills them.

    batch ──▶ pack_slices ──▶ a worker ──▶ unpack_batch
                  ▲                └──▶ lost, three times ──▶ halves ──▶ each half ──▶ joined
                  └── one record left, lost three times more ──▶ quarantined ─────────────┘

A worker is lost by accident (its node ended, somebody killed it): then the next one answers. Or
the record kills whatever decodes it (it crashes the interpreter, or takes all memory): tried for
ever it would stop the stream, and tried in this process it would end the service. A worker is
reported as lost only after another one has answered: it is not Ray that is at fault.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from adapters.ray.bisection import halves, joined, refused
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize
from adapters.ray.shipped_slices import pack_slices
from adapters.ray.shipped_types import with_types
from adapters.ray.work import TransformWork, unpack_batch
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.errors import WorkerKilledError
from domain.source_types import SourceTypes
from domain.transformed import TransformedBatch

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""
How many workers a whole batch may cost before it is cut, and one record before it is judged.

A half is tried once: if that was an accident, it is only cut once more than needed.
"""


class Workers(Protocol):
    """What transforms packed batches, several at a time."""

    @property
    def crew(self) -> CrewSize:
        """How many there are."""
        ...

    async def grow(self) -> None:
        """Ask for a first one, where there is none. It may come later, or not at all."""
        ...

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform a packed batch on one worker.

        Raises:
            WorkerLostError: That worker was lost; others are there.
            TransformerUnavailableError: The workers are gone.
        """
        ...

    async def wait_until_gone(self) -> NoReturn:
        """Wait until the workers are gone, and raise why."""
        ...


Shipped = Callable[[Sequence[PartitionSlice], float], None]


class RayTransformer:
    """
    Transforms on workers.

    Args:
        workers: Where.
        work: What they do.
        shipped: Told how many seconds of this process it took to send slices and to take the
            answer.
    """

    def __init__(
        self, workers: Workers, work: TransformWork, *, shipped: Shipped | None = None
    ) -> None:
        self._workers = workers
        self._work = work
        self._shipped = shipped or _untold
        self._packing = asyncio.Lock()

    @property
    def engine(self) -> str:
        return "ray"

    @property
    def crew(self) -> CrewSize:
        """How many workers there are."""
        return self._workers.crew

    async def grow(self) -> None:
        """Ask for a first worker, where there is none."""
        await self._workers.grow()

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        slices = sorted(batch.slices, key=lambda part: part.partition)
        return await self._transform(slices, ATTEMPTS, batch.types)

    async def wait_until_gone(self) -> NoReturn:
        """Wait until the workers are gone, and raise why."""
        await self._workers.wait_until_gone()

    async def _transform(
        self, slices: Sequence[PartitionSlice], attempts: int, types: SourceTypes | None
    ) -> TransformedBatch:
        # In a thread: packing holds the event loop for milliseconds, and heartbeats must go out.
        # One at a time: side by side they would all be done, and their worker begin, only at last.
        async with self._packing:
            packed, packing = await asyncio.to_thread(_pack, slices, types)
        reason = ""
        for _ in range(attempts):
            try:
                answer = await self._workers.transform(packed)
                began = time.perf_counter()
                batch = unpack_batch(answer)
                self._shipped(slices, packing + time.perf_counter() - began)
                return batch  # noqa: TRY300 - an `else` would be out of sight of what it belongs to
            except WorkerLostError as error:
                reason = str(error)
                logger.warning("a worker was lost", extra={"reason": reason})
        if _records(slices) > 1:
            return await self._in_halves(slices, types)
        return self._refused(slices, reason)

    async def _in_halves(
        self, slices: Sequence[PartitionSlice], types: SourceTypes | None
    ) -> TransformedBatch:
        left, right = [
            await self._transform(half, 1 if _records(half) > 1 else ATTEMPTS, types)
            for half in halves(slices)
        ]
        return joined(left, right)

    def _refused(self, slices: Sequence[PartitionSlice], reason: str) -> TransformedBatch:
        error = WorkerKilledError(workers=ATTEMPTS, reason=reason)
        logger.error("a record kills its workers", extra={"reason": reason})
        return refused(slices, error, work=self._work)


def _pack(slices: Sequence[PartitionSlice], types: SourceTypes | None) -> tuple[bytes, float]:
    began = time.perf_counter()
    packed = with_types(types, pack_slices(slices))
    return packed, time.perf_counter() - began


def _untold(slices: Sequence[PartitionSlice], seconds: float) -> None:
    """Tell nobody."""


def _records(slices: Sequence[PartitionSlice]) -> int:
    return sum(len(part.records) for part in slices)
