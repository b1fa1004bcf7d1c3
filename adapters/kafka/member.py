"""
A member of a consumer group over aiokafka, whose offsets are claimed from the trail.

    assigned ──▶ paused, unclaimed ──▶ claim (the trail's offsets) ──▶ seek, resume ──▶ fetch
    revoked  ──▶ forgotten ──▶ release                    out of range ──▶ release, claim again

Traps of aiokafka that this module knows:

- An error in one partition throws away what the same `getmany` had drained from others, although
  their positions have moved: after any error all positions are set back to what was delivered.
- `getmany` waits without limit for a rebalance to end: it runs in a task of its own, and while it
  waits nobody else does.
- While the rebalance callback runs after an assignment no heartbeat is sent, and what it raises is
  only logged: the callback asks nobody anything, claiming comes later.
- Before its first seek a partition would be read from Kafka's own committed offset, which is
  advisory: it is paused, and set to 0, at once.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import (
    BrokerResponseError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from adapters.kafka.admin import KafkaAdmin, Place
from adapters.kafka.config import KafkaConfig
from adapters.kafka.consumer import RebalanceCallbacks, limit_fetches, new_consumer, topics_pattern
from adapters.kafka.damage import DAMAGE
from adapters.kafka.readings import Fetched, Reading, Readings
from adapters.kafka.stops import Stops
from application.ports import ClaimPartitions, ReleasePartitions
from domain.errors import SourceUnavailableError

logger = logging.getLogger(__name__)

FETCH_SLICE = 0.25
"""Seconds of one `getmany`: how soon an assignment is noticed while nothing comes."""


class KafkaMember:
    """
    One member of the group.

    Args:
        config: How to reach Kafka and what to read.
        admin: Describes partitions for claiming.
        readings: Where each claimed partition is read; kept up to date here.
        claim: See `ChangeSource.start`.
        release: See `ChangeSource.start`.

    Attributes:
        stops: Which partitions are stopped at damage in their log.
    """

    def __init__(
        self,
        config: KafkaConfig,
        admin: KafkaAdmin,
        readings: Readings,
        *,
        claim: ClaimPartitions,
        release: ReleasePartitions,
    ) -> None:
        self._config = config
        self._admin = admin
        self._readings = readings
        self._claim = claim
        self._release = release
        self.stops = Stops(config, admin, readings)
        self._consumer: AIOKafkaConsumer | None = None
        self._fetching: asyncio.Task[Mapping[Place, Fetched]] | None = None
        self._unclaimed: set[Place] = set()
        self._must_claim = False
        self._assignments = 0

    async def connect(self) -> None:
        """
        Join the group, unless that was done.

        Raises:
            SourceUnavailableError: No broker answers.
            ConfigurationError: A certificate or key cannot be read.
        """
        if self._consumer is not None:
            return
        consumer = new_consumer(self._config)
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            await consumer.stop()
            raise self._unavailable(error) from error
        except asyncio.CancelledError:
            await consumer.stop()
            raise
        callbacks = RebalanceCallbacks(revoked=self._on_revoked, assigned=self._on_assigned)
        consumer.subscribe(pattern=topics_pattern(self._config).pattern, listener=callbacks)
        self._consumer = consumer

    async def claim_new(self, *, turn: int) -> None:
        """
        Claim what was assigned since the last call, and read it from where the trail is.

        Raises:
            StreamRefusedError: A partition must not be read on.
            ConnectionError: The database cannot be reached: call again.
            SourceUnavailableError: The broker cannot be asked: call again.
        """
        while self._must_claim:
            assignment, places = self._assignments, sorted(self._unclaimed)
            logs = await self._admin.describe(places)
            claims = await self._claim(logs)
            if assignment != self._assignments:  # rebalanced meanwhile
                await self._release([claim.partition for claim in claims])
                continue
            self._must_claim = False
            self._unclaimed.clear()
            for claim, log in zip(claims, logs, strict=True):
                place = (log.topic, log.partition)
                self._readings.by_place[place] = Reading(claim, log, turn=turn - 1)
                self.seek(place, claim.next_offset)
            self.apply_pauses()

    async def claim_again(self, places: Sequence[Place]) -> None:
        """Release `places`, and have them claimed from what the broker says of them now."""
        self._unclaimed.update(places)
        self._must_claim = True
        await self._forget(places)  # last: a rebalance meanwhile clears what is to be claimed
        self.apply_pauses()

    async def fetch(self) -> Mapping[Place, Fetched] | None:
        """
        Wait a moment for records.

        Returns:
            None while the group rebalances. Without records, how far each partition was looked
            through; with records, that of the partitions that they are from.

        Raises:
            SourceUnavailableError: Something is wrong with Kafka, or with our rights.
        """
        if await self._stop_and_retry():
            return None
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._get_many())
        await asyncio.wait({self._fetching}, timeout=2 * FETCH_SLICE)
        if not self._fetching.done():
            return None
        done, self._fetching = self._fetching, None
        try:
            return await self.stops.without_disorder(done.result())
        except DAMAGE as error:
            self._set_back()
            return await self.stops.examine(error)
        except OffsetOutOfRangeError as error:
            self._set_back()
            logger.warning("offset out of range", extra={"partitions": _places(error.args[0])})
            await self.claim_again(_places(error.args[0]))
        except (NoOffsetForPartitionError, IllegalStateError):
            self._set_back()
        except KafkaError as error:
            self._set_back()
            if not isinstance(error, BrokerResponseError):  # aiokafka's own tasks may have died
                await self.close()
            raise self._unavailable(error) from error
        return None

    def seek(self, place: Place, offset: int) -> None:
        """Fetch on at `offset`, if `place` is assigned."""
        if self._consumer is not None and self._is_assigned(place):
            self._consumer.seek(KafkaPartition(*place), offset)

    def apply_pauses(self) -> None:
        """Tell aiokafka which partitions are held."""
        if self._consumer is None:
            return
        for partition in self._consumer.assignment():
            if self._readings.is_held((partition.topic, partition.partition)):
                self._consumer.pause(partition)
            else:
                self._consumer.resume(partition)

    def log_end(self, place: Place) -> int | None:
        """The end up to which committed records can be read, as the last fetch told it."""
        if self._consumer is None or not self._is_assigned(place):
            return None
        partition = KafkaPartition(*place)
        if self._config.isolation_level == "read_committed":
            stable = self._consumer.last_stable_offset(partition)
            if stable is not None and stable >= 0:
                return stable
        return self._consumer.highwater(partition)

    def silent_for(self) -> float | None:
        """
        How long ago the last fetch was answered for the most silent partition that is read.

        Returns:
            Seconds; None if nothing is read now.
        """
        if self._consumer is None:
            return None
        assigned = self._consumer.assignment()
        places = [p for p in self._readings.by_place if not self._readings.is_held(p)]
        read = [p for p in (KafkaPartition(*place) for place in places) if p in assigned]
        if not read:
            return None
        told = [self._consumer.last_poll_timestamp(partition) for partition in read]
        return max(time.time() - (at or 0) / 1000 for at in told)

    async def commit(self, positions: Mapping[Place, int]) -> None:
        """Tell Kafka the next offsets of what is assigned; whether that works is no matter."""
        if self._consumer is None:
            return
        told = {KafkaPartition(*p): o for p, o in positions.items() if self._is_assigned(p)}
        if told:
            with suppress(KafkaError):
                await self._consumer.commit(told)

    async def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})
            self._fetching = None
        if consumer is not None:
            await consumer.stop()
        self.stops.clear()
        await self._forget(list(self._readings.by_place))

    async def _stop_and_retry(self) -> bool:
        """Give up partitions at damage, and have them claimed again after a while."""
        if due := self.stops.take_due():
            await self._forget(due)
            self.apply_pauses()
        retried = [place for place in self.stops.take_retries() if self._is_assigned(place)]
        if retried:
            await self.claim_again(retried)
        return bool(retried)

    async def _on_revoked(self) -> None:
        self._assignments += 1
        self.stops.clear()
        self._must_claim = False
        self._unclaimed.clear()
        await self._forget(list(self._readings.by_place))

    def _on_assigned(self, assigned: Collection[KafkaPartition]) -> None:
        self._assignments += 1
        self._unclaimed = {(p.topic, p.partition) for p in assigned}
        self._must_claim = True
        if self._consumer is not None:
            limit_fetches(self._consumer, self._config, len(assigned))
        for place in self._unclaimed:
            self.seek(place, 0)
        self.apply_pauses()

    async def _get_many(self) -> Mapping[Place, Fetched]:
        consumer = self._consumer
        assert consumer is not None, "connect first"  # noqa: S101 - a mistake of this module
        found = await consumer.getmany(timeout_ms=int(FETCH_SLICE * 1000))
        # Nothing may be awaited that really waits: positions and records belong together.
        partitions = found or [KafkaPartition(*place) for place in self._readings.by_place]
        return {
            (p.topic, p.partition): Fetched(found.get(p, ()), await consumer.position(p))
            for p in partitions
        }

    def _is_assigned(self, place: Place) -> bool:
        return self._consumer is not None and KafkaPartition(*place) in self._consumer.assignment()

    async def _forget(self, places: Iterable[Place]) -> None:
        gone = self._readings.remove(places)
        if gone:
            await self._release(gone)

    def _set_back(self) -> None:
        for place, reading in self._readings.by_place.items():
            self.seek(place, reading.delivered)

    def _unavailable(self, error: Exception) -> SourceUnavailableError:
        servers = ", ".join(self._config.bootstrap_servers)
        return SourceUnavailableError(
            f"Kafka at {servers} cannot be read: {type(error).__name__}: {error}. "
            f"It is tried again until it works."
        )


def _places(partitions: Iterable[KafkaPartition]) -> Sequence[Place]:
    return [(partition.topic, partition.partition) for partition in partitions]
