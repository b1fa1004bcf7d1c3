"""Holding a topic that fails, or must wait for the registry, and trying it now and then."""

import logging
from collections.abc import Callable, Mapping, Sequence

from application.failure_window import FailureWindow, Outcome, outcomes
from application.patience import BackOff
from application.ports import SeekableSource
from domain.quarantine import QuarantinedRecord
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch

logger = logging.getLogger(__name__)

FIRST_PROBE = 5.0
LONGEST_PROBE = 60.0
FIRST_LOOK, LONGEST_LOOK = 1.0, 10.0
"""Seconds between two looks whether what a topic waits for is back: as a probe, but sooner."""


class TopicHolds:
    """
    Pauses the partitions of held topics, and resumes them for a try after a while.

    Args:
        source: Whose partitions are paused.
        window: Tells poison from trouble.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self, source: SeekableSource, window: FailureWindow, clock: Callable[[], float]
    ) -> None:
        self._source = source
        self._window = window
        self._clock = clock
        self._partitions: dict[str, set[StreamPartition]] = {}
        self._probe_at: dict[str, float] = {}
        self._back_offs: dict[str, BackOff] = {}
        self._waiting: dict[str, str] = {}
        self._orders: Mapping[str, str] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """The topics that are held, with the reason."""
        return {**self._window.held, **self._waiting}

    def claimed(self, partitions: Sequence[StreamPartition]) -> None:
        """Note partitions that are ours now."""
        for partition in partitions:
            self._partitions.setdefault(partition.topic, set()).add(partition)

    def released(self, partitions: Sequence[StreamPartition]) -> None:
        """Note partitions that are no longer ours."""
        for partition in partitions:
            self._partitions.get(partition.topic, set()).discard(partition)
            if not self._partitions.get(partition.topic):
                self._waiting.pop(partition.topic, None)

    def must_wait(self, batch: TransformedBatch) -> bool:
        """Judge `batch`, and pause the topics of it that must not be stored now."""
        now = self._clock()
        judged = {t: self._window.judge(t, o, now=now) for t, o in outcomes(batch).items()}
        held = {topic: reason for topic, reason in judged.items() if reason is not None}
        for topic, reason in held.items():
            self._hold(topic, reason, BackOff(first=FIRST_PROBE, longest=LONGEST_PROBE))
        return bool(held)

    def must_wait_for(self, topic: str, away: str) -> bool:
        """
        Pause `topic`, which needs something that is away, if there are topics that go on.

        Args:
            topic: The topic.
            away: What is away, in words.
        """
        others = {t for t, ours in self._partitions.items() if ours and t != topic}
        if others <= self._probe_at.keys():
            return False
        self._waiting[topic] = f"topic {topic} waits: {away}"
        self._hold(topic, self._waiting[topic], BackOff(first=FIRST_LOOK, longest=LONGEST_LOOK))
        return True

    def stored(self, batch: TransformedBatch, refused: Sequence[QuarantinedRecord]) -> None:
        """Remember how the records of `batch` fared; the database refused those in `refused`."""
        now = self._clock()
        for topic, outcome in outcomes(batch).items():
            bad = sum(record.topic == topic for record in refused)
            fared = Outcome(outcome.succeeded - bad, outcome.failed + bad, outcome.error)
            self._window.observe(topic, fared, now=now)
            was_waiting = self._waiting.pop(topic, None) is not None
            if was_waiting:
                logger.info("topic goes on", extra={"topic": topic})
            if fared.succeeded or was_waiting:
                self._back_offs.pop(topic, None)

    @property
    def orders(self) -> Mapping[str, str]:
        """The orders that are heeded, in words, by topic."""
        return self._orders

    def heed(self, orders: Mapping[str, str]) -> None:
        """Quarantine whatever fails in the topics of `orders`, from now on, and only in these."""
        new = orders.keys() - self._orders.keys()
        self._orders = dict(orders)
        self._window.heed(orders.keys())
        for topic in new & self._probe_at.keys():
            self._resume(topic)

    def try_again(self) -> None:
        """Resume the topics whose time has come: what they give then is judged again."""
        now = self._clock()
        for topic in [t for t, at in self._probe_at.items() if at <= now]:
            self._resume(topic)

    def _hold(self, topic: str, reason: str, back_off: BackOff) -> None:
        self._source.pause(self._partitions.get(topic, set()))
        if topic in self._probe_at:
            return
        if topic not in self._back_offs:
            logger.warning("topic held", extra={"topic": topic, "reason": reason})
            self._back_offs[topic] = back_off
        self._probe_at[topic] = self._clock() + self._back_offs[topic].next_pause()

    def _resume(self, topic: str) -> None:
        self._probe_at.pop(topic, None)
        self._source.resume(self._partitions.get(topic, set()))
