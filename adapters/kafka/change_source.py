"""
The change source over aiokafka.

    poll ──▶ turn: connect ─▶ claim what was assigned ─▶ fetch ──▶ slices, each from where the
                                                                 last one of its partition ended

What may take long is one turn, in a task of its own, so that `poll` always comes back in time.

Where a log is damaged, its partition stops (`stops.py`), and the others go on.

aiokafka's position is what tells how far a partition was looked through, past transaction markers,
aborted and compacted records. It also moves by one past a record that it cannot give (which it
says later): so it is believed for partitions whose records came, and else only when nothing came.

aiokafka asks for a topic by its name. One that is deleted is missed at once while it is read; one
that is deleted and made again while it is held, or while the broker is away, would be read on at
an offset of its former life: so then, and now and then, topics are asked for their ids.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence

from adapters.kafka.admin import REQUEST_TIMEOUT, KafkaAdmin, Place
from adapters.kafka.config import KafkaConfig
from adapters.kafka.consumer import topics_pattern
from adapters.kafka.member import KafkaMember
from adapters.kafka.readings import Fetched, Readings
from application.open_batch import batch_of
from application.ports import ClaimPartitions, ReleasePartitions
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.errors import ConnectionError as StoreConnectionError
from domain.errors import SourceUnavailableError
from domain.stopped_partition import StoppedPartition
from domain.stream import LogPartition, StreamPartition

logger = logging.getLogger(__name__)

SILENCE = 5.0
"""Seconds without an answer to a fetch after which the cluster is asked whether it is there."""

DEAD_SILENCE = 60.0
"""Seconds without an answer, from a cluster that is there, after which we connect anew."""

IDENTIFY_EVERY = 30.0
"""Seconds after which it is asked whether each topic is still the one that was claimed."""

GRACE = 1.0
"""Seconds beyond `consumer_timeout_ms` that `poll` waits for a turn to end by itself."""

COMMIT_TIMEOUT = 5.0


class KafkaChangeSource:
    """
    Reads topics as a member of a consumer group.

    Args:
        config: How to reach Kafka and what to read.

    Raises:
        ConfigurationError: A setting is wrong, or there is nothing to read.
    """

    def __init__(self, config: KafkaConfig) -> None:
        config.validate()
        config.require_topics()
        self._config = config
        self._timeout = config.consumer_timeout_ms / 1000
        self._admin: KafkaAdmin | None = None
        self._member: KafkaMember | None = None
        self._readings = Readings()
        self._turn: asyncio.Task[Mapping[Place, Fetched]] | None = None
        self._turns = 0
        self._telling: asyncio.Task[None] | None = None
        self._trouble: Exception | None = None
        self._asked_at = 0.0
        self._identify_at = 0.0

    async def existing(self) -> Sequence[LogPartition]:
        admin = self._admin_client()
        return await admin.describe(await admin.partitions(topics_pattern(self._config)))

    async def start(self, *, claim: ClaimPartitions, release: ReleasePartitions) -> None:
        self._member = KafkaMember(
            self._config, self._admin_client(), self._readings, claim=claim, release=release
        )

    async def poll(self) -> ConsumedBatch | None:
        polled_at = time.monotonic()
        if self._turn is None:
            self._turns += 1
            self._turn = asyncio.create_task(self._take_turn(self._turns))
        await asyncio.wait({self._turn}, timeout=self._timeout + GRACE)
        if not self._turn.done():
            if self._trouble is not None:
                raise self._trouble.with_traceback(None)
            return None
        done, self._turn = self._turn, None
        try:
            fetched = done.result()
        except (SourceUnavailableError, StoreConnectionError) as error:
            self._trouble = error
            raise
        slices = self._slices(fetched)
        return batch_of(slices, polled_at=polled_at) if slices else None

    async def acknowledge(self, positions: Mapping[StreamPartition, int]) -> None:
        if self._member is None:
            return
        # A commit is left to itself, never cancelled: aiokafka's own task would go on, and nobody
        # would look at its exception.
        if self._telling is None or await _is_done(self._telling):
            places = {(p.topic, p.partition): offset for p, offset in positions.items()}
            self._telling = asyncio.create_task(self._member.commit(places))
            if await _is_done(self._telling):
                return
        logger.info("kafka was not told of the offsets, which only lag tools need")

    async def stop(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.wait({self._turn})
            self._turn = None
        if self._member is not None:
            await self._member.close()
        if self._telling is not None:
            await asyncio.wait({self._telling}, timeout=GRACE)
            self._telling.cancel()
            self._telling = None

    def pause(self, partitions: Collection[StreamPartition] | None = None) -> None:
        self._readings.pause(partitions)
        if self._member is not None:
            self._member.apply_pauses()

    def resume(self, partitions: Collection[StreamPartition] | None = None) -> None:
        self._readings.resume(partitions)
        self._identify_at = 0.0
        if self._member is not None:
            self._member.apply_pauses()

    def seek(self, partition: StreamPartition, offset: int) -> bool:
        reading = self._readings.find(partition)
        if reading is None or self._member is None:
            return False
        reading.delivered = offset
        reading.set_at = self._turns
        self._member.seek((partition.topic, partition.partition), offset)
        return True

    def lag(self) -> Mapping[StreamPartition, int]:
        lags: dict[StreamPartition, int] = {}
        for place, reading in self._readings.by_place.items():
            told = self._member.log_end(place) if self._member else None
            end = max(reading.log_end, told or 0)
            lags[reading.claim.partition] = max(0, end - reading.delivered)
        return lags

    def stopped(self) -> Sequence[StoppedPartition]:
        return () if self._member is None else self._member.stops.all

    def _admin_client(self) -> KafkaAdmin:
        if self._admin is None:
            self._admin = KafkaAdmin(self._config)
        return self._admin

    async def _take_turn(self, turn: int) -> Mapping[Place, Fetched]:
        member = self._member
        if member is None:
            raise RuntimeError("poll was called before start")
        if self._trouble is not None:
            await self._ask_cluster()
            self._identify_at = 0.0
        await member.connect()
        await self._find_other_lives(member)
        end = time.monotonic() + self._timeout
        while True:
            await member.claim_new(turn=turn)
            self._trouble = None
            fetched = await member.fetch()
            if fetched and any(part.records for part in fetched.values()):
                return fetched
            if time.monotonic() >= end:
                await self._check_reachable(member)
                return fetched or {}

    def _slices(self, fetched: Mapping[Place, Fetched]) -> Sequence[PartitionSlice]:
        slices: list[PartitionSlice] = []
        for place, part in fetched.items():
            reading = self._readings.by_place.get(place)
            if reading is None or self._member is None:
                continue
            if reading.set_at >= self._turns or self._readings.is_held(place):
                self._member.seek(place, reading.delivered)  # stale: fetch it again
                continue
            if part.position <= reading.delivered:
                continue
            claim = reading.claim
            slices.append(
                PartitionSlice(
                    claim.partition, reading.delivered, part.position, part.records, claim.compacted
                )
            )
            reading.delivered = part.position
        return slices

    async def _check_reachable(self, member: KafkaMember) -> None:
        silence = member.silent_for()
        if silence is not None and silence < SILENCE:
            return
        if time.monotonic() - self._asked_at < SILENCE:
            return
        await self._ask_cluster()
        if silence is not None and silence > DEAD_SILENCE:
            logger.warning("connecting anew after silence", extra={"seconds": round(silence)})
            await member.close()

    async def _find_other_lives(self, member: KafkaMember) -> None:
        if time.monotonic() < self._identify_at:
            return
        topics = {topic for topic, _ in self._readings.by_place}
        others = self._readings.of_other_lives(await self._admin_client().lives(topics))
        if others:
            logger.warning("topics were made again", extra={"partitions": others})
            await member.claim_again(others)
        self._identify_at = time.monotonic() + IDENTIFY_EVERY

    async def _ask_cluster(self) -> None:
        """Ask for log ends: for the lag, and to find out whether anybody answers."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                ends = await self._admin_client().ends(list(self._readings.by_place))
        except TimeoutError as error:
            servers = ", ".join(self._config.bootstrap_servers)
            raise SourceUnavailableError(
                f"Kafka at {servers} does not answer. The service asks again until it does."
            ) from error
        self._asked_at = time.monotonic()
        for place, end in ends.items():
            if place in self._readings.by_place:
                self._readings.by_place[place].log_end = end


async def _is_done(telling: asyncio.Task[None]) -> bool:
    done, _ = await asyncio.wait({telling}, timeout=COMMIT_TIMEOUT)
    return bool(done)
