"""What the pipeline has done since its start, and what Kafka has still to be told of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from application.ports import BatchObserver
from application.reports import BatchReport, StageTime
from domain.consumed import ConsumedBatch
from domain.disposition import Disposition
from domain.quarantine import QuarantinedRecord
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch

TRACEPARENT = "traceparent"
MAX_TRACEPARENTS = 8
"""Links of one batch's span to its producers: a sample."""


class Ledger:
    """
    Counts what was committed, and tells the observer.

    Args:
        observer: Told of every batch.
        clock: A monotonic clock, in seconds.

    Attributes:
        records: Consumed records by disposition.
        batches: Batches committed.
        last_progress: When a batch was last committed; seconds of the clock.
    """

    def __init__(self, observer: BatchObserver, clock: Callable[[], float]) -> None:
        self._observer = observer
        self._clock = clock
        self._positions: dict[StreamPartition, int] = {}
        self.records: Counter[str] = Counter()
        self.batches = 0
        self.last_progress: float | None = None

    def committed(
        self,
        batch: TransformedBatch,
        source: ConsumedBatch,
        stages: Sequence[StageTime],
        refused: Sequence[QuarantinedRecord],
    ) -> None:
        """Note that `batch` was stored, but for the rows in `refused`, which are in quarantine."""
        self._count(batch, len(refused))
        self.batches += 1
        self.last_progress = self._clock()
        self._positions |= {a.partition: a.next_offset for a in batch.advances}
        self._observer.committed(
            BatchReport(
                batch=batch,
                record_count=source.record_count,
                size=source.size,
                stages=stages,
                refused=refused,
                traceparents=traceparents(source),
            )
        )

    def take_positions(self) -> Mapping[StreamPartition, int]:
        """Give the next offsets that Kafka was not told of yet, once."""
        positions, self._positions = self._positions, {}
        return positions

    def forget(self, partitions: Sequence[StreamPartition]) -> None:
        """Tell Kafka nothing of `partitions`: they are somebody else's now."""
        for partition in partitions:
            self._positions.pop(partition, None)

    def _count(self, batch: TransformedBatch, refused: int) -> None:
        for advance in batch.advances:
            for disposition in Disposition:
                count = getattr(advance.tally, disposition.value)
                if count:
                    self.records[disposition.value] += count
        if refused:
            self.records[Disposition.AUDITED] -= refused
            self.records[Disposition.QUARANTINED] += refused


class StageClock:
    """Takes the times of the stages of one batch, on the wall clock."""

    def __init__(self) -> None:
        self._stages: list[StageTime] = []
        self._start = 0

    def polled(self, seconds_ago: float) -> None:
        """Note the stage ``poll``, which began so long ago and ends now."""
        now = time.time_ns()
        self._stages.append(StageTime("poll", now - int(seconds_ago * 1e9), now))

    def start(self) -> None:
        """Begin a stage."""
        self._start = time.time_ns()

    def end(self, stage: str) -> None:
        """End the stage, which is called `stage`. Trying it again replaces it."""
        self._stages = [s for s in self._stages if s.stage != stage]
        self._stages.append(StageTime(stage, self._start, time.time_ns()))

    @property
    def stages(self) -> Sequence[StageTime]:
        """The stages that ended, in order."""
        return tuple(self._stages)


def traceparents(batch: ConsumedBatch) -> Sequence[str]:
    """The trace contexts of the first records of the slices, for links: a sample."""
    found: list[str] = []
    for part in batch.slices[:MAX_TRACEPARENTS]:
        if part.records:
            headers = part.records[0].headers
            found += [v.decode("ascii", "replace") for n, v in headers if n == TRACEPARENT and v]
    return tuple(found)
