"""A batch on its way through a lane: transformed, waited for, dropped when it is stale."""

import asyncio
from collections.abc import Collection

from application.ledger import StageClock
from application.ports import BatchTransformer
from domain.consumed import ConsumedBatch
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch


class BatchUnderWay:
    """
    A batch under way.

    Args:
        batch: The batch.
        waited: Seconds since the first of its records was polled.

    Attributes:
        batch: The batch.
        is_dropped: Whether it is stale, and nobody stores it.
        clock: Takes the times of its stages.
    """

    def __init__(self, batch: ConsumedBatch, *, waited: float) -> None:
        self.batch = batch
        self.is_dropped = False
        self.clock = StageClock()
        self.clock.polled(waited)
        self._transforming: asyncio.Task[TransformedBatch] | None = None

    @property
    def is_transformed(self) -> bool:
        """Whether `transformed` has not to wait."""
        return self._transforming is not None and self._transforming.done()

    def touches(self, partitions: Collection[StreamPartition]) -> bool:
        """Whether it has records of `partitions`."""
        return any(part.partition in partitions for part in self.batch.slices)

    def drop(self) -> None:
        """Have it stored by nobody."""
        self.is_dropped = True
        if self._transforming is not None:
            self._transforming.cancel()

    def begin(self, transformer: BatchTransformer) -> asyncio.Task[TransformedBatch]:
        """Begin to transform it, unless that was done."""
        if self._transforming is None:
            self._transforming = asyncio.create_task(self._transform(transformer))
            self._transforming.add_done_callback(_retrieve)
        return self._transforming

    async def transformed(self, transformer: BatchTransformer) -> TransformedBatch | None:
        """
        What it was transformed into, now or before; None if it was dropped meanwhile.

        Raises:
            Exception: What the transformer raises; the next call begins anew.
        """
        task = self.begin(transformer)
        if not task.done():
            await asyncio.wait({task})
        if task.cancelled():
            self._transforming = None
            return None
        if task.exception() is not None:
            self._transforming = None
        return task.result()

    async def _transform(self, transformer: BatchTransformer) -> TransformedBatch:
        self.clock.start()
        batch = await transformer.transform(self.batch)
        self.clock.end("transform")
        return batch


def _retrieve(task: asyncio.Task[TransformedBatch]) -> None:
    """Look at the exception of a task that nobody may await any more."""
    if not task.cancelled():
        task.exception()
