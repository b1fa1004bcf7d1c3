"""A change source over a `MemoryBroker`, with eager rebalancing as aiokafka has it."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence

from adapters.memory.broker import MemoryBroker, TopicPartition
from application.open_batch import batch_of
from application.ports import ClaimPartitions, ReleasePartitions
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.errors import SourceUnavailableError
from domain.stopped_partition import StoppedPartition
from domain.stream import Claim, LogPartition, StreamPartition

_POLLS_UNTIL_RETRY = 3
"""A stopped partition is claimed again after so many polls."""


class _Reading:
    """Where one claimed partition is read."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.delivered = claim.next_offset


class MemoryChangeSource:
    """
    A member of the broker's only group.

    Args:
        broker: Shared with the other members.
        max_poll_records: Most records of one poll.
        timeout: Longest that a poll waits, in seconds.
    """

    def __init__(
        self, broker: MemoryBroker, *, max_poll_records: int = 500, timeout: float = 0.02
    ) -> None:
        self._broker = broker
        self._max_poll_records = max_poll_records
        self._timeout = timeout
        self._claim: ClaimPartitions | None = None
        self._release: ReleasePartitions | None = None
        self._generation = -1
        self._unclaimed: Sequence[TopicPartition] | None = None
        self._must_take = True
        self._readings: dict[TopicPartition, _Reading] = {}
        self._is_paused = False
        self._paused: set[StreamPartition] = set()
        self._stopped: dict[TopicPartition, StoppedPartition] = {}
        self._polls_until_retry = 0

    async def existing(self) -> Sequence[LogPartition]:
        self._check_available()
        return [self._broker.describe(*key) for key in sorted(self._broker.logs)]

    async def start(self, *, claim: ClaimPartitions, release: ReleasePartitions) -> None:
        self._claim = claim
        self._release = release

    async def poll(self) -> ConsumedBatch | None:
        self._check_available()
        if self._claim is None:
            raise RuntimeError("poll was called before start")
        await self._rebalance()
        await self._stop_at_damage()
        await self._forget_expired()
        await self._claim_new(self._claim)
        polled_at = time.monotonic()
        end = polled_at + self._timeout
        while True:
            slices = self._read()
            if slices:
                return batch_of(slices, polled_at=polled_at)
            if time.monotonic() >= end:
                return None
            await asyncio.sleep(0.001)

    async def acknowledge(self, positions: Mapping[StreamPartition, int]) -> None:
        for partition, offset in positions.items():
            self._broker.committed[partition.topic, partition.partition] = offset

    async def stop(self) -> None:
        try:
            await self._forget(list(self._readings))
        finally:
            self._broker.leave(self)
            self._claim = None

    def pause(self, partitions: Collection[StreamPartition] | None = None) -> None:
        if partitions is None:
            self._is_paused = True
        else:
            self._paused |= set(partitions)

    def resume(self, partitions: Collection[StreamPartition] | None = None) -> None:
        if partitions is None:
            self._is_paused = False
        else:
            self._paused -= set(partitions)

    def seek(self, partition: StreamPartition, offset: int) -> bool:
        reading = self._readings.get((partition.topic, partition.partition))
        if reading is None or reading.claim.partition != partition:
            return False
        reading.delivered = offset
        return True

    def lag(self) -> Mapping[StreamPartition, int]:
        return {
            reading.claim.partition: max(0, self._broker.logs[key].end - reading.delivered)
            for key, reading in self._readings.items()
            if key in self._broker.logs
        }

    def stopped(self) -> Sequence[StoppedPartition]:
        return list(self._stopped.values())

    def _check_available(self) -> None:
        if not self._broker.available:
            raise SourceUnavailableError("the in-memory broker is away. Set `available`.")

    async def _rebalance(self) -> None:
        if self not in self._broker.members:
            self._broker.join(self)
        if self._generation == self._broker.generation:
            return
        self._generation = self._broker.generation
        self._unclaimed, self._must_take = None, True
        self._stopped.clear()
        await self._forget(list(self._readings))
        self._broker.give_up(self)

    async def _forget_expired(self) -> None:
        logs = self._broker.logs
        gone = [key for key, r in self._readings.items() if r.delivered < logs[key].start]
        if gone:
            await self._forget(gone)
            self._unclaimed = [*(self._unclaimed or ()), *gone]

    async def _stop_at_damage(self) -> None:
        for key, reading in list(self._readings.items()):
            log = self._broker.logs[key]
            if reading.delivered in log.damaged:
                self._stopped[key] = StoppedPartition(
                    partition=reading.claim.partition,
                    offset=reading.delivered,
                    resume_at=log.damaged.stop,
                    problem="the in-memory log is damaged",
                )
                self._polls_until_retry = _POLLS_UNTIL_RETRY
                await self._forget([key])
            elif key in self._stopped and reading.delivered > self._stopped[key].offset:
                del self._stopped[key]
        self._polls_until_retry -= 1
        if self._polls_until_retry == 0:
            gone = [key for key in self._stopped if key not in self._readings]
            self._unclaimed = [*(self._unclaimed or ()), *gone]

    async def _forget(self, keys: Sequence[TopicPartition]) -> None:
        lost = [self._readings.pop(key).claim.partition for key in keys]
        self._paused -= set(lost)
        if lost and self._release is not None:
            await self._release(lost)

    async def _claim_new(self, claim: ClaimPartitions) -> None:
        if self._must_take:
            self._unclaimed = self._broker.take(self)
            self._must_take = self._unclaimed is None
        if self._unclaimed is None:
            return
        generation = self._generation
        claims = await claim([self._broker.describe(*key) for key in self._unclaimed])
        if generation != self._broker.generation and self._release is not None:
            await self._release([claim.partition for claim in claims])
            return
        self._readings |= {(c.partition.topic, c.partition.partition): _Reading(c) for c in claims}
        self._unclaimed = None

    def _read(self) -> Sequence[PartitionSlice]:
        slices: list[PartitionSlice] = []
        left = self._max_poll_records
        for key, reading in self._readings.items():
            claim = reading.claim
            if self._is_paused or claim.partition in self._paused or left == 0:
                continue
            records, end = self._broker.logs[key].read(reading.delivered, left)
            if end == reading.delivered:
                continue
            slices.append(
                PartitionSlice(claim.partition, reading.delivered, end, records, claim.compacted)
            )
            reading.delivered = end
            left -= len(records)
        return slices
