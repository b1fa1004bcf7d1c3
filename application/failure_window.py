"""
Poison or trouble? Judged per topic, over time, never over one batch.

A bad record is quarantined and the stream goes on. When nearly everything of a topic fails since
some deployment, quarantining the whole topic helps nobody: the topic is held until it is mended,
or until an operator orders to quarantine them all.

    held  ⟺  failed > share · seen  ∧  seen ≥ min_records  ∧  no success for `silence` seconds

`seen` and `failed` count the last `span` seconds; the silence begins with the first failure after
the last success, so that a quiet night before a burst does not count. One success ends it.
"""

from collections import deque
from collections.abc import Collection

import msgspec

from domain.disposition import Tally
from domain.transformed import TransformedBatch


class Outcome(msgspec.Struct, frozen=True):
    """
    What became of the records of one topic in one batch. Control messages say nothing here.

    Attributes:
        succeeded: Records audited, baseline or skipped by a rule.
        failed: Records that would be quarantined.
        error: Class of the first failure.
    """

    succeeded: int = 0
    failed: int = 0
    error: str | None = None


def outcomes(batch: TransformedBatch) -> dict[str, Outcome]:
    """Sum up `batch` by topic."""
    sums: dict[str, Tally] = {}
    for advance in batch.advances:
        topic = advance.partition.topic
        sums[topic] = sums.get(topic, Tally()) + advance.tally
    errors: dict[str, str] = {}
    for bad in batch.quarantined:
        errors.setdefault(bad.topic, bad.error_type)
    return {
        topic: Outcome(t.audited + t.baseline + t.skipped, t.quarantined, errors.get(topic))
        for topic, t in sums.items()
    }


class _Topic:
    """The last `span` seconds of one topic: at most one entry a second."""

    def __init__(self) -> None:
        self.seconds: deque[tuple[int, Outcome]] = deque()
        self.seen = 0
        self.failed = 0
        self.failing_since: float | None = None
        self.reason: str | None = None

    def add(self, now: float, outcome: Outcome) -> None:
        self.seen += outcome.succeeded + outcome.failed
        self.failed += outcome.failed
        second = int(now)
        if self.seconds and self.seconds[-1][0] == second:
            last = self.seconds.pop()[1]
            outcome = Outcome(last.succeeded + outcome.succeeded, last.failed + outcome.failed)
        self.seconds.append((second, outcome))

    def forget_before(self, second: float) -> None:
        while self.seconds and self.seconds[0][0] < second:
            old = self.seconds.popleft()[1]
            self.seen -= old.succeeded + old.failed
            self.failed -= old.failed


class FailureWindow:
    """
    Remembers how the records of each topic fared, and says which topics to hold.

    Args:
        min_records: So many records must have been seen.
        share: More than this share of them must have failed.
        silence: Seconds without a success.
        span: Seconds that are remembered.
    """

    def __init__(
        self,
        *,
        min_records: int = 100,
        share: float = 0.5,
        silence: float = 30.0,
        span: float = 300.0,
    ) -> None:
        self._min_records = min_records
        self._share = share
        self._silence = silence
        self._span = span
        self._topics: dict[str, _Topic] = {}
        self._ordered: frozenset[str] = frozenset()

    def judge(self, topic: str, outcome: Outcome, *, now: float) -> str | None:
        """
        Judge a batch before it is stored.

        Args:
            topic: The topic.
            outcome: How its records in the batch fared.
            now: Seconds of a monotonic clock.

        Returns:
            Why the topic must be held and the batch not stored, in words; None to go on.
        """
        state = self._topics.setdefault(topic, _Topic())
        if outcome.succeeded:
            state.reason = None
            return None
        if not outcome.failed or topic in self._ordered:
            return None
        if state.reason is None and self._is_trouble(state, outcome, now):
            since = now if state.failing_since is None else state.failing_since
            state.reason = (
                f"topic {topic} is held: {state.failed + outcome.failed} of its last "
                f"{state.seen + outcome.failed} records could not be audited, and none could for "
                f"{now - since:.0f} s (last error: {outcome.error}). "
                f"Mend the cause, or order that they are quarantined: "
                f"`cdc-audit quarantine --all-of {topic}`."
            )
        return state.reason

    def observe(self, topic: str, outcome: Outcome, *, now: float) -> None:
        """Remember a batch that was stored. `now` is monotonic, in seconds."""
        state = self._topics.setdefault(topic, _Topic())
        state.add(now, outcome)
        if outcome.succeeded:
            state.failing_since = None
        elif outcome.failed and state.failing_since is None:
            state.failing_since = now

    def heed(self, topics: Collection[str]) -> None:
        """Hold none of `topics`, whatever fails in them: an operator has ordered so."""
        self._ordered = frozenset(topics)
        for topic in self._ordered & self._topics.keys():
            self._topics[topic].reason = None

    @property
    def held(self) -> dict[str, str]:
        """The topics that are held, with the reason."""
        return {t: s.reason for t, s in self._topics.items() if s.reason is not None}

    def _is_trouble(self, state: _Topic, outcome: Outcome, now: float) -> bool:
        state.forget_before(now - self._span)
        if state.failing_since is None or now - state.failing_since < self._silence:
            return False
        seen, failed = state.seen + outcome.failed, state.failed + outcome.failed
        return seen >= self._min_records and failed > self._share * seen
