"""
Retrying a quarantined record: it gets its own place in the trail, or stays, and says why.

    QuarantineEntry ──▶ RebuildRecord ──▶ transform, alone ──▶ RetryLedger.place ──▶ in its place
                              │                 │ quarantined again     │ the database refuses it
                              └─────────────────┴───────────────────────┴──▶ RetryLedger.fail

Trouble (database, registry or Kafka away) is nobody's fault: it is raised, and not counted.
"""

import enum
import random
from collections.abc import Callable
from typing import Protocol

import msgspec

from application.open_batch import batch_of
from application.ports import BatchTransformer
from application.quarantine_ledger import RetryLedger
from application.rebuilt_record import RebuildRecord, RecordGoneError
from domain.consumed import ConsumedRecord, PartitionSlice
from domain.disposition import Disposition
from domain.errors import AlreadyResolvedError, DecryptionError, RecordTooLargeError
from domain.quarantine_entry import QuarantineEntry, RetryFailure
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch

_ITS_FAULT = (DecryptionError, RecordTooLargeError, RecordGoneError)


class RetryOutcome(enum.StrEnum):
    """How a retry ended: the record is in its place, or stays, or somebody was faster."""

    PLACED = "placed"
    FAILED = "failed"
    GONE = "gone"


class RetryReport(msgspec.Struct, frozen=True):
    """
    How a retry ended.

    Attributes:
        entry: The entry.
        outcome: How.
        disposition: What the record became, where it is in its place.
        what: The operation of its row, or the kind of its control message; None without one.
        failure: Why it stays, where it does.
    """

    entry: QuarantineEntry
    outcome: RetryOutcome
    disposition: Disposition | None = None
    what: str | None = None
    failure: RetryFailure | None = None


class RetryObserver(Protocol):
    """Told of every retry, after the fact: for metrics. Never raises."""

    def retried(self, report: RetryReport) -> None:
        """A record was retried."""
        ...


class RetrySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """
    When the next retry is due: later and later, with jitter.

    ``delay = min(first · factor^failures, longest) · (0.5 … 1)``

    Attributes:
        first: Seconds from the quarantine to the first retry.
        factor: How much longer each pause is than the one before.
        longest: The longest pause, in seconds.
    """

    first: float = 60.0
    factor: float = 5.0
    longest: float = 21_600.0

    def delay(self, failures: int, chance: float) -> float:
        """Seconds to the next retry, after so many that failed; `chance` is from 0 to 1."""
        tries = min(failures, 64)  # beyond, a float ends before the longest pause is passed
        return min(self.first * self.factor**tries, self.longest) * (0.5 + 0.5 * chance)


class RetryQuarantined:
    """
    Retries single entries.

    Args:
        ledger: Where the quarantine is.
        rebuild: Gives the record as it was consumed.
        transformer: Makes of it what the pipeline would.
        schedule: When a record that fails is due again.
        observer: Told of every retry; None for nobody.
        chance: Gives a number from 0 to 1, for the jitter.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        ledger: RetryLedger,
        rebuild: RebuildRecord,
        transformer: BatchTransformer,
        *,
        schedule: RetrySchedule,
        observer: RetryObserver | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._rebuild = rebuild
        self._transformer = transformer
        self._schedule = schedule
        self._observer = observer
        self._chance = chance

    async def retry(self, entry: QuarantineEntry) -> RetryReport:
        """
        Retry an open entry.

        Raises:
            ConnectionError, SourceUnavailableError, SchemaRegistryUnavailableError,
            TransformerUnavailableError: Trouble. Nothing happened, and nothing was counted.
        """
        report = await self._tried(entry, rehearse=False)
        if report.failure is not None:
            delay = self._schedule.delay(entry.retry_count + 1, self._chance())
            await self._ledger.fail(entry, report.failure, delay=delay)
        if self._observer is not None:
            self._observer.retried(report)
        return report

    async def rehearse(self, entry: QuarantineEntry) -> RetryReport:
        """Tell how a retry would end now, and leave everything as it is. Raises as `retry`."""
        return await self._tried(entry, rehearse=True)

    async def _tried(self, entry: QuarantineEntry, *, rehearse: bool) -> RetryReport:
        if not (entry.is_open and entry.is_accounted):
            return RetryReport(entry, RetryOutcome.GONE)
        try:
            batch = await self._transformed(entry, await self._rebuild.rebuild(entry))
            failure = _failure(batch) or await self._ledger.place(entry, batch, rehearse=rehearse)
        except AlreadyResolvedError:
            return RetryReport(entry, RetryOutcome.GONE)
        except _ITS_FAULT as error:
            failure = RetryFailure(type(error).__name__, str(error))
            return RetryReport(entry, RetryOutcome.FAILED, failure=failure)
        if failure is not None:
            return RetryReport(entry, RetryOutcome.FAILED, failure=failure)
        return RetryReport(entry, RetryOutcome.PLACED, became(batch), what_of(batch))

    async def _transformed(
        self, entry: QuarantineEntry, record: ConsumedRecord
    ) -> TransformedBatch:
        bad = entry.record
        partition = StreamPartition(bad.stream_id, bad.kafka_partition, bad.topic)
        alone = PartitionSlice(partition, record.offset, record.offset + 1, [record])
        return await self._transformer.transform(batch_of([alone], polled_at=0.0))


def became(batch: TransformedBatch) -> Disposition:
    """What the only record of `batch` became."""
    (advance,) = batch.advances
    return next(kind for kind in Disposition if getattr(advance.tally, kind.value))


def what_of(batch: TransformedBatch) -> str | None:
    """The operation or the kind of the only record of `batch`."""
    return next((word for _, word in (*batch.operations, *batch.control_kinds)), None)


def _failure(batch: TransformedBatch) -> RetryFailure | None:
    return next((RetryFailure(q.error_type, q.error_message) for q in batch.quarantined), None)
