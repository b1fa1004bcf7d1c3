"""
Where a batch is transformed, by what it was measured to cost.

    a burst (others are under way)   seconds of this process a record: decoding │ shipping to Ray
    quiet (it is alone)              seconds until a record is done:   decoding │ there and back

In a burst this process is what all records share, so the engine that takes less of it wins, and
the workers' time is free; a batch that is alone goes where it is done sooner. Medians of the last
measurements of each topic decide; the other engine is tried now and then, so that they stay true.
"""

import enum
import statistics
from collections import Counter, defaultdict, deque
from collections.abc import Mapping

SAMPLES = 9
"""Measurements that a median is of."""

ENOUGH = 3
"""Measurements from which on a median decides."""

EXPLORE_EVERY = 50
"""So many batches of a topic, and the next one goes to the other engine."""

SWITCH_BELOW = 0.8
"""The other engine takes over when it costs less than this share: no toing and froing."""

BURST_LASTS = 8
"""Batches after the last one that was not alone, for which a burst lasts."""

MOST_TOPICS = 1_000


class Engine(enum.StrEnum):
    """Where a batch is transformed."""

    INPROCESS = "inprocess"
    RAY = "ray"


class Situation(enum.StrEnum):
    """What counts for a batch."""

    SMALL = "small"
    QUIET = "quiet"
    BURST = "burst"


class _Median:
    """A moving median of seconds a record."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    def add(self, seconds: float, records: int) -> None:
        self._samples.append(seconds / max(records, 1))

    @property
    def value(self) -> float | None:
        if len(self._samples) < ENOUGH:
            return None
        return statistics.median(self._samples)


class _Topic:
    """What a topic's records cost, and where they went last."""

    def __init__(self) -> None:
        self.decoding = _Median()
        self.shipping = _Median()
        self.returning = _Median()
        self.turns = 0
        self.engines = {Situation.QUIET: Engine.INPROCESS, Situation.BURST: Engine.INPROCESS}

    def best(self, situation: Situation) -> Engine:
        here = self.decoding.value
        there = (self.shipping if situation is Situation.BURST else self.returning).value
        if here is None:
            return Engine.INPROCESS
        if there is None:
            # A burst is worth the try; whoever is alone would have to wait for it.
            return Engine.RAY if situation is Situation.BURST else Engine.INPROCESS
        last = self.engines[situation]
        costs, other = (here, there) if last is Engine.INPROCESS else (there, here)
        if other < costs * SWITCH_BELOW:
            self.engines[situation] = _other(last)
        return self.engines[situation]


class MeasuredChoice:
    """
    Chooses by measurement.

    Attributes:
        decisions: Batches so far, by engine and situation.
        seconds: Seconds of this process so far, by engine.
    """

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        self._burst = 0
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def situation(self, *, others: int) -> Situation:
        """
        Tell what counts for the next batch.

        Args:
            others: Batches that are under way before it.
        """
        self._burst = BURST_LASTS if others else max(0, self._burst - 1)
        return Situation.BURST if self._burst else Situation.QUIET

    def best(self, topic: str, situation: Situation) -> Engine:
        """Choose for a batch of `topic`; every so often, the other one."""
        costs = self._of(topic)
        engine = costs.best(situation)
        costs.turns += 1
        return _other(engine) if costs.turns % EXPLORE_EVERY == 0 else engine

    def went(self, engine: Engine, situation: Situation) -> None:
        """Count a batch that went to `engine`."""
        self.decisions[engine.value, situation.value] += 1

    def decoded(self, topic: str, records: int, seconds: float) -> None:
        """Remember that so many records took so many seconds in this process."""
        self._of(topic).decoding.add(seconds, records)

    def shipped(self, topic: str, records: int, seconds: float) -> None:
        """Remember the seconds of this process that their way to Ray and back took."""
        self._of(topic).shipping.add(seconds, records)
        self.spent(Engine.RAY, seconds)

    def returned(self, topic: str, records: int, seconds: float) -> None:
        """Remember after how many seconds they were back from Ray, with no other on the way."""
        self._of(topic).returning.add(seconds, records)

    def spent(self, engine: Engine, seconds: float) -> None:
        """Count seconds of this process."""
        self.seconds[engine.value] += seconds

    def costs(self, topic: str) -> Mapping[str, float | None]:
        """Tell the medians of `topic`, in seconds a record; None where too little is known."""
        of = self._of(topic)
        return {
            "decoding": of.decoding.value,
            "shipping": of.shipping.value,
            "returning": of.returning.value,
        }

    def _of(self, topic: str) -> _Topic:
        costs = self._topics.pop(topic, None) or _Topic()
        self._topics[topic] = costs  # the last one is the one asked for last
        if len(self._topics) > MOST_TOPICS:
            del self._topics[next(iter(self._topics))]
        return costs


def _other(engine: Engine) -> Engine:
    return Engine.RAY if engine is Engine.INPROCESS else Engine.INPROCESS
