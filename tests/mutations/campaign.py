"""
Many damaged records: decode each, check what it became, and store a sample.

    mutated records ──▶ transform_records ──▶ faults ──▶ findings
      (one shape)              └──▶ of some batches: store ──▶ SELECT * FROM audit_trail

A batch is a function of seed and number: it can be run again alone, and a campaign can go on where
it was left.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from adapters.direct.lines import best_lines
from adapters.postgres.copy_binary import split_lines
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.sql_files import wanted_version
from application.transform_records import transform_records
from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch
from tests.mutations.checking import faults, is_refused
from tests.mutations.mutating import Mutator
from tests.mutations.originals import Shape

BATCH = 500
TOPIC = "mutations"

Transform = Callable[[PartitionSlice], TransformedBatch]
Store = Callable[[Sequence[RawRecord], Transform], Sequence[str]]
"""Stores what `Transform` makes of records; gives what is wrong with it then."""


def a_slice(partition: StreamPartition, records: Sequence[RawRecord]) -> PartitionSlice:
    """The records as one slice of a partition."""
    return PartitionSlice(partition, records[0].offset, records[-1].offset + 1, records)


class Finding(msgspec.Struct, frozen=True):
    """
    Something that must not be.

    Attributes:
        shape: Shape of the records.
        first: Number of the first record of the batch.
        text: What it is.
    """

    shape: str
    first: int
    text: str


class Progress(msgspec.Struct):
    """
    What has come of it so far.

    Attributes:
        outcomes: Records by shape and outcome.
        findings: What must not be.
        done: Records.
        stored: Records of batches that were stored, too.
        slowest: Seconds of the slowest batch, its shape and its first record.
    """

    outcomes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter[tuple[str, str]])
    findings: list[Finding] = []
    done: int = 0
    stored: int = 0
    slowest: tuple[float, str, int] = (0.0, "", 0)


class Campaign:
    """
    Decodes damaged records.

    Args:
        shapes: What is damaged.
        seed: Another seed, other records.
        store: Stores a batch; None stores none.
        store_every: Which batches are stored: the first, and each that many later.
    """

    def __init__(
        self, shapes: Sequence[Shape], seed: int, *, store: Store | None, store_every: int = 100
    ) -> None:
        self._shapes = shapes
        self._mutators = {shape.name: Mutator(shape.originals, shape.weights) for shape in shapes}
        self._seed = seed
        self._store = store
        self._store_every = store_every
        self._encoder = PostgresRowEncoder(wanted_version())
        self._lines = {shape.name: best_lines(shape.decoder, self._encoder) for shape in shapes}
        self.progress = Progress()

    def run(self, count: int, *, start: int = 0) -> Iterator[Progress]:
        """Decode `count` records from number `start` on; gives what came of it, batch by batch."""
        for first in range(start, start + count, BATCH):
            self._batch(first, min(BATCH, start + count - first))
            yield self.progress

    def records(self, first: int, count: int) -> tuple[Shape, Sequence[RawRecord]]:
        """The damaged records from a number on, all of one shape."""
        chance = random.Random(f"{self._seed}/{first}")  # noqa: S311 - no secret
        shape = chance.choice(self._shapes)
        mutator = self._mutators[shape.name]
        return shape, [mutator.mutated(self._seed, first + i) for i in range(count)]

    def _batch(self, first: int, count: int) -> None:
        shape, records = self.records(first, count)
        began = time.process_time()

        def transform(part: PartitionSlice) -> TransformedBatch:
            lines = self._lines[shape.name]
            return transform_records(shape.decoder, self._encoder, [part], lines=lines)

        batch = transform(a_slice(StreamPartition(1, 0, TOPIC), records))
        took = time.process_time() - began
        self.progress.slowest = max(self.progress.slowest, (took, shape.name, first))
        self._count(shape, first, count, batch)
        if self._store is not None and (first // BATCH) % self._store_every == 0:
            self._find(shape, first, self._store(records, transform))
            self.progress.stored += count

    def _count(self, shape: Shape, first: int, count: int, batch: TransformedBatch) -> None:
        tally = batch.advances[0].tally
        refused = sum(is_refused(line) for line in split_lines(batch.rows))
        became = {
            "change": tally.audited + tally.baseline - refused,
            "control": tally.control,
            "skip": tally.skipped,
            "quarantine": tally.quarantined,
            "refused": refused,
        }
        for outcome, number in became.items():
            self.progress.outcomes[shape.name, outcome] += number
        self.progress.done += count
        if sum(became.values()) != count or tally.absent:
            self._find(shape, first, [f"{count} records became {became}"])
        self._find(shape, first, faults(batch))

    def _find(self, shape: Shape, first: int, texts: Iterable[str]) -> None:
        self.progress.findings += [Finding(shape.name, first, text) for text in texts]
