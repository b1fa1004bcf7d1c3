"""
Partitions that stop at damage in their log, while the others go on.

    damage found ──▶ sound records delivered ──▶ released, stopped ──▶ claimed again now and then
                                                       ▲                │ still damaged
                                                       └────────────────┘ else read on: forgotten
"""

import logging
import math
import time
from collections.abc import Mapping, Sequence

from adapters.kafka.admin import KafkaAdmin, Place
from adapters.kafka.config import KafkaConfig
from adapters.kafka.damage import Damage, find_damage, find_end, is_in_order, places_in
from adapters.kafka.readings import Fetched, Readings
from domain.errors import SourceUnavailableError
from domain.stopped_partition import StoppedPartition

logger = logging.getLogger(__name__)

RETRY_EVERY = 10.0
"""Seconds after which a stopped partition is claimed again: it may be mended, or skipped."""


class Stops:
    """
    Which partitions of a member are stopped.

    Args:
        config: How to reach Kafka.
        admin: Tells where logs end.
        readings: Where each claimed partition is read.
    """

    def __init__(self, config: KafkaConfig, admin: KafkaAdmin, readings: Readings) -> None:
        self._config = config
        self._admin = admin
        self._readings = readings
        self._found: dict[Place, Damage] = {}
        self._stopped: dict[Place, StoppedPartition] = {}
        self._retry_at: dict[Place, float] = {}

    @property
    def all(self) -> Sequence[StoppedPartition]:
        """The stopped partitions, and those that are tried again."""
        return list(self._stopped.values())

    def clear(self) -> None:
        """Forget all of them: the partitions are no longer ours."""
        self._found.clear()
        self._stopped.clear()
        self._retry_at.clear()

    async def examine(self, error: Exception) -> Mapping[Place, Fetched]:
        """
        Find the damage that aiokafka has raised `error` for, and give what is sound before it.

        Raises:
            SourceUnavailableError: There is none to be found, or the broker is gone.
        """
        read = [*self._readings.by_place, *self._stopped]
        named = places_in(error, read)
        # Not every error says where: then it is looked for in as much as a fetch may have brought.
        most_bytes = math.inf if named else 2 * self._config.max_partition_fetch_bytes
        given = await self._examine(named or read, most_bytes=most_bytes)
        if not given and not named:
            raise SourceUnavailableError(
                f"Kafka gave what cannot be read: {error}. It is tried again until it works."
            ) from error
        return given

    async def without_disorder(self, fetched: Mapping[Place, Fetched]) -> Mapping[Place, Fetched]:
        """Give what is sound of `fetched`: a damaged batch may have other offsets than its own."""
        odd = [
            place
            for place, part in fetched.items()
            if (reading := self._readings.by_place.get(place)) is not None
            and reading.delivered < part.position
            and not is_in_order(part.records, start=reading.delivered, end=part.position)
        ]
        if not odd:
            return fetched
        sound = {place: part for place, part in fetched.items() if place not in odd}
        return {**sound, **await self._examine(odd)}

    def take_due(self) -> Sequence[Place]:
        """The places that are to be stopped now: what is sound before the damage was delivered."""
        due: list[Place] = []
        for place, damage in self._found.items():
            reading = self._readings.by_place.get(place)
            if reading is not None and reading.delivered == damage.offset:
                due.append(place)
        self._found.clear()
        for place in due:
            self._retry_at[place] = time.monotonic() + RETRY_EVERY
            logger.warning("partition stopped", extra={"reason": self._stopped[place].reason})
        return due

    def take_retries(self) -> Sequence[Place]:
        """The stopped places that are to be claimed again now; forgets those that are read on."""
        for place, stopped in list(self._stopped.items()):
            reading = self._readings.by_place.get(place)
            if reading is not None and (
                reading.delivered > stopped.offset or reading.claim.partition != stopped.partition
            ):
                logger.info("partition goes on", extra={"partition": place})
                del self._stopped[place]
        now = time.monotonic()
        due = [place for place, at in self._retry_at.items() if at <= now]
        for place in due:
            del self._retry_at[place]
        return due

    async def _examine(
        self, places: Sequence[Place], *, most_bytes: float = math.inf
    ) -> Mapping[Place, Fetched]:
        ends = await self._admin.ends(places)
        given: dict[Place, Fetched] = {}
        for place in places:
            reading = self._readings.by_place.get(place)
            if reading is None:
                continue
            start, end = reading.delivered, ends[place]
            damage = await find_damage(
                self._config, place, start=start, end=end, most_bytes=most_bytes
            )
            if damage is None:
                continue
            known = self._stopped.get(place)
            if known is None or known.offset != damage.offset:
                known = StoppedPartition(
                    partition=reading.claim.partition,
                    offset=damage.offset,
                    resume_at=await find_end(self._config, place, damaged=damage.offset, end=end),
                    problem=damage.problem,
                )
            # A rebalance meanwhile may have taken it, or a seek have set it back.
            if self._readings.by_place.get(place) is reading and reading.delivered == start:
                self._found[place], self._stopped[place] = damage, known
                given[place] = Fetched(damage.records, damage.offset)
        return given
