"""
One writer's way: batches of the partitions that it has are stored one after the other.

    add ──▶ OpenBatch ──take──▶ transform (up to `transform_ahead`) ──in order──▶ append ──▶ Ledger

While batch n is stored, n+1 is transformed, and the open batch collects n+2. A batch is taken

- when nothing of this lane is under way: a quiet topic's record is committed at once; or
- when there is room in front of the store, and at least `batch_size` records wait, or the open
  batch is full, or its first record has waited for `batch_timeout`.

Room there is for `transform_ahead` batches; while workers elsewhere are in use, for as many as keep
them busy, each with its share of a full batch at least.

From the end of one batch until the rows of the next are on their way the database has nothing to
do. So what takes the interpreter's time and can wait does so meanwhile: no batch is taken, nothing
more is polled, and the stored batch is not let go of.

When a batch cannot be stored as it is (another writer was faster, or a topic of it is held: it
fails, or needs a registry that is away), all that is behind it in the lane is stale: it is thrown
away, and the source is set back to the first offset of each partition. No await parts these two,
so nothing stale can slip in between.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from application.batch_under_way import BatchUnderWay
from application.open_batch import OpenBatch
from application.patience import BackOff, wait_for_event
from application.stages import Stages
from domain.consumed import ConsumedBatch
from domain.errors import ConnectionError as StoreConnectionError
from domain.errors import (
    FencedError,
    SchemaRegistryUnavailableError,
    TransformerUnavailableError,
)
from domain.stream import StreamPartition

logger = logging.getLogger(__name__)

_AWAY = (StoreConnectionError, TransformerUnavailableError, SchemaRegistryUnavailableError)
"""What is waited for: the same batch is tried again."""


class Lane:
    """
    Stores the batches of some partitions in order.

    Args:
        stages: What it shares with the other lanes.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._config = stages.config
        self._open = OpenBatch(
            max_records=stages.config.max_batch_records, max_bytes=stages.config.max_batch_bytes
        )
        self._ahead: deque[BatchUnderWay] = deque()
        self._current: BatchUnderWay | None = None
        self._is_handing_over = False
        self._behind: list[BatchUnderWay] = []
        self._changed = asyncio.Event()
        self._is_finishing = False
        self._back_off = BackOff()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not self._open and not self._under_way

    def add(self, batch: ConsumedBatch) -> None:
        """Take in what a poll gave."""
        self._open.add(batch)
        self._changed.set()

    async def run(self) -> None:
        """
        Transform and store until cancelled.

        Raises:
            RivalWriterError: The same other writer was faster too often.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_as_they_fill())
                group.create_task(self._store_in_order())
        finally:
            for work in self._under_way:
                work.drop()
            self._ahead.clear()  # nobody will store it: a release must not wait for that

    async def finish(self, seconds: float) -> None:
        """Store what is here; what is not stored in so many seconds is dropped, never half."""
        self._is_finishing = True
        self._changed.set()
        await self._settle(lambda: self.is_idle, seconds)

    async def release(self, partitions: Collection[StreamPartition], seconds: float) -> None:
        """
        Let go of `partitions`: what was not taken yet is dropped, what is under way is finished.

        What is not finished in so many seconds is dropped, in whole batches; partitions in them
        that stay with us are read again from where they stood.
        """
        _, size = self._open.remove(lambda partition: partition in partitions)
        self._stages.rules.freed(size)

        def is_rid() -> bool:
            return not any(work.touches(partitions) for work in self._under_way)

        await self._settle(is_rid, seconds)
        if not is_rid():
            self._set_back({})

    @property
    def _under_way(self) -> Sequence[BatchUnderWay]:
        return [*([self._current] if self._current else []), *self._ahead]

    async def _take_as_they_fill(self) -> None:
        while True:
            while not self._may_take():
                self._changed.clear()
                await wait_for_event(self._changed, self._seconds_left())
            since = self._open.since
            now = self._stages.rules.now()
            work = BatchUnderWay(self._open.take(), waited=now - (now if since is None else since))
            work.begin(self._stages.transformer)
            self._ahead.append(work)
            self._changed.set()

    def _may_take(self) -> bool:
        if not self._open:
            return False
        if self._current is None and not self._ahead:
            return True
        if self._is_handing_over or not self._has_room():
            return False
        left = self._seconds_left()
        return (
            self._is_finishing
            or self._open.record_count >= self._config.batch_size
            or self._open.is_full
            or (left is not None and left <= 0)
        )

    def _has_room(self) -> bool:
        ahead = len(self._ahead)
        if ahead < self._config.transform_ahead:
            return True
        worth = self._stages.worth_ahead()
        return ahead < worth and (
            self._open.size * worth >= self._config.max_batch_bytes
            or self._open.record_count * worth >= self._config.max_batch_records
        )

    def _seconds_left(self) -> float | None:
        since = self._open.since
        if (
            since is None
            or self._is_handing_over
            or len(self._ahead) >= self._config.transform_ahead
        ):
            return None
        return max(0.0, since + self._config.batch_timeout - self._stages.rules.now())

    async def _store_in_order(self) -> None:
        while True:
            while not self._ahead:
                self._hand_over_is_done()
                self._changed.clear()
                await self._changed.wait()
            self._current = work = self._ahead.popleft()
            self._changed.set()
            try:
                await self._carry_through(work)
            finally:
                self._current = None
                self._back_off.reset()
                self._stages.holds.let_go(self)
                self._behind.append(work)
                self._is_handing_over = True
                self._changed.set()

    async def _carry_through(self, work: BatchUnderWay) -> None:
        while not work.is_dropped:
            try:
                if await self._try(work):
                    self._say_if_back()
                    return
            except FencedError as error:
                self._stages.rules.fenced(error)
                self._set_back(error.positions)
            except _AWAY as error:
                if self._may_go_on_without(error):
                    self._set_back({})
                else:
                    await self._wait_out(work, error)

    async def _try(self, work: BatchUnderWay) -> bool:
        """Whether `work` was stored. It was not if it is dropped, or must wait for its topic."""
        if not work.is_transformed:
            self._hand_over_is_done()
        batch = await work.transformed(self._stages.transformer)
        if batch is None:
            return False
        if self._stages.topics.must_wait(batch):
            self._set_back({})
            return False
        work.clock.start()
        try:
            refused = await self._stages.store.append(
                batch, work.batch, sending=self._hand_over_is_done
            )
        finally:
            self._hand_over_is_done()
        work.clock.end("append")
        self._stages.topics.stored(batch, refused)
        self._stages.ledger.committed(batch, work.batch, work.clock.stages, refused)
        return True

    def _hand_over_is_done(self) -> None:
        """Go on with what would have kept the database waiting for the next rows."""
        self._is_handing_over = False
        while self._behind:
            self._stages.rules.freed(self._behind.pop().batch.size)
        self._changed.set()

    def _may_go_on_without(self, error: Exception) -> bool:
        """Whether only a topic that needs the registry waits for it, and the others go on."""
        topic = error.topic if isinstance(error, SchemaRegistryUnavailableError) else None
        return topic is not None and self._stages.topics.must_wait_for(topic, str(error))

    def _say_if_back(self) -> None:
        if self in self._stages.holds:
            logger.info("what was away is back")

    async def _wait_out(self, work: BatchUnderWay, error: Exception) -> None:
        if self not in self._stages.holds:
            logger.warning("waiting for what is away", extra={"reason": str(error)})
        self._stages.holds.hold(self, str(error))
        self._hand_over_is_done()
        give_up = self._stages.rules.now() + self._back_off.next_pause()
        while not work.is_dropped and (left := give_up - self._stages.rules.now()) > 0:
            self._changed.clear()
            await wait_for_event(self._changed, left)

    async def _settle(self, is_settled: Callable[[], bool], seconds: float) -> None:
        """Wait until `is_settled`, at most so long, and not while the store is away."""
        give_up = self._stages.rules.now() + seconds
        while not is_settled() and self not in self._stages.holds:
            left = give_up - self._stages.rules.now()
            if left <= 0:
                return
            self._changed.clear()
            await wait_for_event(self._changed, left)

    def _set_back(self, positions: Mapping[tuple[int, int], int]) -> None:
        """Throw away all that is in the lane, and read it again, or from `positions` on."""
        first: dict[StreamPartition, int] = {}
        for work in self._under_way:
            work.drop()
            for part in work.batch.slices:
                first.setdefault(part.partition, part.expected)
        thrown, size = self._open.remove(lambda _: True)
        for part in thrown:
            first.setdefault(part.partition, part.expected)
        self._stages.rules.freed(size)
        for partition, offset in first.items():
            key = (partition.stream_id, partition.partition)
            self._stages.source.seek(partition, positions.get(key, offset))
        self._changed.set()
