"""Where each partition that is ours is read: what was delivered, and what must not be believed."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from adapters.kafka.admin import Life, Place
from domain.consumed import ConsumedRecord
from domain.stream import Claim, LogPartition, StreamPartition


class Fetched(msgspec.Struct, frozen=True):
    """
    What one `getmany` gave of one partition.

    Attributes:
        records: In offset order.
        position: The next offset: everything before it was given, or carries no record.
    """

    records: Sequence[ConsumedRecord]
    position: int


class Reading:
    """
    One claimed partition.

    Attributes:
        claim: Where it was claimed.
        delivered: The next offset to deliver: the pipeline has everything before it.
        set_at: The turn in which `delivered` was last set from outside. What was fetched in that
            turn, or before, is stale.
        log_end: The log's end when it was last asked for.
        life: Which life of the topic was claimed.
    """

    def __init__(self, claim: Claim, log: LogPartition, *, turn: int) -> None:
        self.claim = claim
        self.delivered = claim.next_offset
        self.set_at = turn
        self.log_end = log.log_end
        self.life: Life = (log.cluster_id, log.topic_id)


class Readings:
    """
    The claimed partitions, and which of them are held.

    Attributes:
        by_place: By topic and partition.
        is_paused: Whether everything is held.
    """

    def __init__(self) -> None:
        self.by_place: dict[Place, Reading] = {}
        self.is_paused = False
        self._paused: set[StreamPartition] = set()

    def find(self, partition: StreamPartition) -> Reading | None:
        """The reading of `partition`; None if it is not ours, or an earlier life of the topic."""
        reading = self.by_place.get((partition.topic, partition.partition))
        return reading if reading and reading.claim.partition == partition else None

    def remove(self, places: Iterable[Place]) -> list[StreamPartition]:
        """Forget `places`, and give the stream partitions that they were."""
        gone = [self.by_place.pop(place) for place in places if place in self.by_place]
        partitions = [reading.claim.partition for reading in gone]
        self._paused -= set(partitions)
        return partitions

    def of_other_lives(self, lives: Mapping[str, Life]) -> list[Place]:
        """What was claimed in another life of its topic than `lives` tells."""
        return [
            (topic, partition)
            for (topic, partition), reading in self.by_place.items()
            if lives.get(topic, reading.life) != reading.life
        ]

    def pause(self, partitions: Collection[StreamPartition] | None) -> None:
        """Hold `partitions`, or everything."""
        if partitions is None:
            self.is_paused = True
        else:
            self._paused |= set(partitions)

    def resume(self, partitions: Collection[StreamPartition] | None) -> None:
        """End the holding of `partitions`, or of everything."""
        if partitions is None:
            self.is_paused = False
        else:
            self._paused -= set(partitions)

    def is_held(self, place: Place) -> bool:
        """Whether nothing of `place` must be returned now."""
        reading = self.by_place.get(place)
        return reading is None or self.is_paused or reading.claim.partition in self._paused
