"""
The main job: from consumed records to the trail, exactly once.

    source.poll ──▶ Lane: transform ──▶ append ──▶ Ledger ──▶ source.acknowledge (advisory)
       ▲                      │            │
       └── seek ◀─────────────┴────────────┘   set back: fenced, or the topic is held

Stages overlap, and what waits between them is bounded in bytes: when the store is slow, nothing
more is polled; when it is away, the source is held, and polled on, so that we stay in the group.
Only `request_stop` and errors that waiting does not mend end it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from application.consumer_config import ConsumerConfig
from application.failure_window import FailureWindow
from application.fencing import TOO_MANY, WITHIN, FencingWatch
from application.lane import Lane
from application.ledger import Ledger
from application.open_batch import by_lane
from application.partition_stops import PartitionStops
from application.patience import BackOff, Holds, QueueRoom
from application.ports import AuditStore, BatchObserver, BatchTransformer, RecordSource
from application.reports import PipelineState, PipelineStatus
from application.stages import Stages
from application.topic_holds import TopicHolds
from domain.consumed import ConsumedBatch
from domain.errors import ConnectionError as StoreConnectionError
from domain.errors import FencedError, RivalWriterError, SourceUnavailableError
from domain.stream import Claim, LogPartition, StreamPartition

logger = logging.getLogger(__name__)

ACKNOWLEDGE_EVERY = 1.0
"""Seconds between two commits to Kafka, which only lag tools read."""

RELEASE_WITHIN = 10.0
"""Seconds that a rebalance waits for batches under way; less than the session timeout."""


class RecordChanges:
    """
    Records changes until it is asked to stop.

    Args:
        source: Where consumed records come from.
        transformer: What makes audit records of them.
        store: Where they are kept.
        observer: Told of every batch.
        config: How records become batches.
        reset: ``earliest`` or ``latest``: where a trail without offsets begins.
        writer: The store's own token: being fenced by ourselves is nobody's fault.
        window: Tells poison from trouble.
        clock: A monotonic clock, in seconds.
    """

    def __init__(  # noqa: PLR0913 - four ports, the settings, and what a test replaces
        self,
        source: RecordSource,
        transformer: BatchTransformer,
        store: AuditStore,
        observer: BatchObserver,
        config: ConsumerConfig,
        *,
        reset: str = "earliest",
        writer: str | None = None,
        window: FailureWindow | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._transformer = transformer
        self._store = store
        self._config = config
        self._reset = reset
        self._writer = writer
        self._clock = clock
        self._ledger = Ledger(observer, clock)
        self._holds = Holds(pause=source.pause, resume=source.resume)
        self._room = QueueRoom(config.max_queued_bytes, self._holds)
        self._topics = TopicHolds(source, window or FailureWindow(), clock)
        self._stops = PartitionStops(source, store)
        self._fencing = FencingWatch()
        self._back_off = BackOff()
        self._lanes: Sequence[Lane] = ()
        self._claimed: set[StreamPartition] | None = None
        self._poller: asyncio.Task[None] | None = None
        self._state = PipelineState.STOPPED
        self._failure: str | None = None
        self._is_stopping = False
        self._last_turn = clock()

    async def run(self) -> None:
        """
        Record until `request_stop`.

        Raises:
            StreamRefusedError: A partition must not be read on.
            RivalWriterError: The same other writer was faster too often; its text names it.
            SchemaVersionError: The tables are not of this program's version.
        """
        try:
            if not self._is_stopping:
                await self._run()
        except ExceptionGroup as errors:
            error = _first(errors)
            self._failure = str(error) or type(error).__name__
            raise error from None
        finally:
            self._state = PipelineState.FAILED if self._failure else PipelineState.STOPPED

    def request_stop(self) -> None:
        """
        Ask `run` to end: no more polls; open batches are finished or dropped, never half.

        It takes `shutdown_timeout` at most. Call it in the loop's thread, any number of times.
        """
        self._is_stopping = True
        if self._poller is not None:
            self._poller.cancel()

    def heed(self, orders: Mapping[str, str]) -> None:
        """Quarantine whatever fails in these topics, and only these: the operator's orders."""
        self._topics.heed(orders)

    def status(self) -> PipelineStatus:
        """Tell what the pipeline is doing now. Cheap, and safe at any time."""
        held = self._topics.reasons
        return PipelineStatus(
            state=self._state_now(),
            reason=self._failure or self._holds.reason or next(iter(held.values()), None),
            assigned=len(self._claimed or ()),
            lag=sum(self._source.lag().values()) if self._claimed is not None else None,
            last_progress=self._ledger.last_progress,
            last_turn=self._last_turn,
            records=dict(self._ledger.records),
            batches=self._ledger.batches,
            fenced=self._fencing.count,
            transform_engine=self._transformer.engine,
            held_topics=held,
            topic_orders=self._topics.orders,
            stopped_partitions=self._stops.reasons,
        )

    def now(self) -> float:
        """Seconds of the monotonic clock. This and what follows the lanes ask and tell."""
        return self._clock()

    def freed(self, size: int) -> None:
        """So many bytes of queued records were stored or thrown away."""
        self._room.freed(size)

    def fenced(self, error: FencedError) -> None:
        """Count it; raise `RivalWriterError` if it was one too many."""
        logger.warning("fenced", extra={"writer": error.writer, "positions": error.positions})
        is_ours = error.writer is not None and error.writer == self._writer
        if not is_ours and self._fencing.fenced(error.writer, now=self._clock()):
            raise RivalWriterError(error.writer, times=TOO_MANY, seconds=WITHIN) from error

    async def _run(self) -> None:
        self._state = PipelineState.STARTING
        stages = Stages(
            source=self._source,
            transformer=self._transformer,
            store=self._store,
            ledger=self._ledger,
            holds=self._holds,
            topics=self._topics,
            rules=self,
            config=self._config,
        )
        self._lanes = [Lane(stages) for _ in range(self._config.writers)]
        leave_within = self._config.shutdown_timeout
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(lane.run()) for lane in self._lanes]
                tasks.append(group.create_task(self._acknowledge_now_and_then()))
                self._poller = group.create_task(self._poll_until_stopped())
                await asyncio.wait({self._poller})
                self._state = PipelineState.STOPPING
                leave_within /= 4
                await self._finish(self._config.shutdown_timeout / 2)
                for task in tasks:
                    task.cancel()
        finally:
            self._poller = None
            await self._leave(leave_within)

    async def _poll_until_stopped(self) -> None:
        await self._begin()
        while True:
            self._last_turn = self._clock()
            self._topics.try_again()
            await self._stops.look(self._claimed or ())
            await self._room.wait()
            try:
                batch = await self._source.poll()
            except (SourceUnavailableError, StoreConnectionError) as error:
                await self._wait_out(error)
                continue
            self._is_well()
            if batch is not None:
                self._hand_over(batch)

    async def _begin(self) -> None:
        self._state = PipelineState.JOINING
        while True:
            try:
                existing = await self._source.existing() if self._reset == "latest" else ()
                await self._store.begin(existing, reset=self._reset)
                break
            except (SourceUnavailableError, StoreConnectionError) as error:
                await self._wait_out(error)
        self._is_well()
        await self._source.start(claim=self._claim, release=self._release)

    def _hand_over(self, batch: ConsumedBatch) -> None:
        for lane, part in by_lane(batch, len(self._lanes)):
            self._room.taken(part.size)
            self._lanes[lane].add(part)

    async def _wait_out(self, error: Exception) -> None:
        if "polling" not in self._holds:
            logger.warning("waiting for what is away", extra={"reason": str(error)})
        self._holds.hold("polling", str(error))
        self._last_turn = self._clock()
        await asyncio.sleep(self._back_off.next_pause())

    def _is_well(self) -> None:
        if "polling" in self._holds:
            logger.info("what was away is back")
            self._holds.let_go("polling")
            self._back_off.reset()

    async def _claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        claims = await self._store.claim(partitions) if partitions else ()
        ours = [claim.partition for claim in claims]
        self._claimed = (self._claimed or set()) | set(ours)
        self._topics.claimed(ours)
        self._fencing.claimed()
        logger.info("claimed", extra={"partitions": len(ours)})
        return claims

    async def _release(self, partitions: Sequence[StreamPartition]) -> None:
        gone = set(partitions)
        await asyncio.gather(*(lane.release(gone, RELEASE_WITHIN) for lane in self._lanes))
        await self._acknowledge()
        self._ledger.forget(partitions)
        self._topics.released(partitions)
        self._claimed = ((self._claimed or set()) - gone) or None
        logger.info("released", extra={"partitions": len(gone)})

    async def _acknowledge_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_EVERY)
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        if positions := self._ledger.take_positions():
            await self._source.acknowledge(positions)

    async def _finish(self, seconds: float) -> None:
        await asyncio.gather(*(lane.finish(seconds) for lane in self._lanes))
        await self._acknowledge()

    async def _leave(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._source.stop()
        except TimeoutError:
            logger.warning("left the group without a goodbye", extra={"seconds": seconds})
        self._claimed = None

    def _state_now(self) -> PipelineState:
        if self._state is not PipelineState.JOINING:
            return self._state
        if self._holds.reason is not None:
            return PipelineState.WAITING
        if self._claimed is None and not self._stops.reasons:
            return PipelineState.JOINING
        return PipelineState.RUNNING if self._claimed else PipelineState.STANDBY


def _first(error: Exception) -> Exception:
    """Give the first error of a group of groups."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
