"""The quarantine in memory: over a `MemoryTrail`, for people and for retrying."""

import time
from collections.abc import Callable, Collection, Sequence

import msgspec

from adapters.memory.row_encoder import split_rows
from adapters.memory.trail import MemoryTrail
from application.quarantine_ledger import QuarantineQuery
from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.disposition import Tally
from domain.errors import AlreadyResolvedError
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.quarantine_entry import (
    NEVER_BY_ITSELF,
    QuarantineEntry,
    QuarantineEvent,
    QuarantineEventKind,
    Resolution,
    RetryFailure,
)
from domain.transformed import TransformedBatch

_SECOND = 1_000_000


class MemoryQuarantine:
    """
    Both ledgers of the quarantine.

    Args:
        trail: Shared with the stores.
        writer: Token of this writer.
        running: Tokens of the other writers that run.
        refuses: Says why the database would refuse a record, or None if it takes it.
        clock: Microseconds since 1970.
        max_retries: How often an entry is retried by itself.

    Attributes:
        available: Set it to False, and every method raises `ConnectionError`.
    """

    def __init__(  # noqa: PLR0913 - each test replaces one of them
        self,
        trail: MemoryTrail,
        *,
        writer: str | None = None,
        running: Collection[str] = (),
        refuses: Callable[[AuditRecord], str | None] | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        max_retries: int = 3,
    ) -> None:
        self._trail = trail
        self._writer = writer
        self._running = running
        self._refuses = refuses
        self._clock = clock
        self._max_retries = max_retries
        self.available = True

    async def search(self, query: QuarantineQuery) -> Sequence[QuarantineEntry]:
        self._look()
        found = sorted(
            (e for e in self._trail.entries.values() if _fits(e, query)),
            key=lambda entry: entry.error_id,
            reverse=not query.oldest_first,
        )
        return found[: query.limit]

    async def find(self, error_id: int) -> QuarantineEntry | None:
        self._look()
        return self._trail.entries.get(error_id)

    async def history(self, error_id: int) -> Sequence[QuarantineEvent]:
        self._look()
        return list(self._trail.events.get(error_id, ()))

    async def resolve(self, error_ids: Sequence[int], *, reason: str) -> Sequence[int]:
        self._look()
        open_ids = [i for i in sorted(set(error_ids)) if self._is_open(i)]
        for error_id in open_ids:
            self._change(
                error_id,
                resolved_at=self._clock(),
                resolution=Resolution.RESOLVED.value,
                resolution_note=reason,
            )
            self._tell(error_id, QuarantineEventKind.RESOLVED, message=reason)
        return open_ids

    async def claim_due(
        self, *, limit: int, first_delay: float, lease: float
    ) -> Sequence[QuarantineEntry]:
        self._look()
        now = self._clock()
        due = sorted(
            (
                e
                for e in self._trail.entries.values()
                if _due_at(e, first_delay) <= now and self._may_retry(e)
            ),
            key=lambda e: (e.next_retry_at or e.created_at, e.error_id),
        )
        taken = [entry.error_id for entry in due[:limit]]
        for error_id in taken:
            self._change(error_id, next_retry_at=now + int(lease * _SECOND))
        return [self._trail.entries[error_id] for error_id in sorted(taken)]

    async def place(
        self, entry: QuarantineEntry, batch: TransformedBatch, *, rehearse: bool = False
    ) -> RetryFailure | None:
        self._look()
        if not (entry.is_accounted and self._is_open(entry.error_id)):
            raise AlreadyResolvedError(entry.error_id)
        rows = list(split_rows(batch.rows))
        for record in rows:
            why = self._refuses(record) if self._refuses else None
            if why is not None:
                return RetryFailure("DataError", why)
        if not rehearse:
            self._store(entry, batch, rows)
        return None

    async def fail(self, entry: QuarantineEntry, failure: RetryFailure, *, delay: float) -> None:
        self._look()
        current = self._trail.entries[entry.error_id]
        if not current.is_open:
            return
        self._change(
            entry.error_id,
            retry_count=current.retry_count + 1,
            next_retry_at=self._clock() + int(delay * _SECOND),
            record=msgspec.structs.replace(
                current.record,
                error_type=failure.error_type,
                error_message=failure.error_message,
            ),
        )
        self._tell(
            entry.error_id,
            QuarantineEventKind.FAILED,
            error_type=failure.error_type,
            message=failure.error_message,
        )

    async def put_back(self, entries: Sequence[QuarantineEntry], *, delay: float) -> None:
        self._look()
        for entry in entries:
            if self._is_open(entry.error_id):
                self._change(entry.error_id, next_retry_at=self._clock() + int(delay * _SECOND))

    def _look(self) -> None:
        """Make entries of what stores have quarantined since."""
        if not self.available:
            raise DatabaseConnectionError("the in-memory database is away. Set `available`.")
        for number, bad in enumerate(self._trail.quarantine.values(), start=1):
            if number in self._trail.entries:
                continue
            now = self._clock()
            stream = self._trail.streams[bad.stream_id - 1]
            self._trail.entries[number] = QuarantineEntry(
                error_id=number,
                record=bad,
                cluster_id=stream.cluster_id,
                topic_id=stream.topic_id,
                created_at=now,
                max_retries=self._max_retries,
            )
            self._trail.events[number] = [
                QuarantineEvent(
                    happened_at=now,
                    kind=QuarantineEventKind.QUARANTINED,
                    error_type=bad.error_type,
                    message=bad.error_message,
                )
            ]

    def _is_open(self, error_id: int) -> bool:
        entry = self._trail.entries.get(error_id)
        return entry is not None and entry.is_open

    def _may_retry(self, entry: QuarantineEntry) -> bool:
        bad = entry.record
        writer = self._trail.offsets[bad.stream_id, bad.kafka_partition].writer
        return (
            entry.is_open
            and entry.is_accounted
            and entry.retry_count < entry.max_retries
            and bad.error_type not in NEVER_BY_ITSELF
            and (writer == self._writer or writer not in self._running)
        )

    def _store(
        self, entry: QuarantineEntry, batch: TransformedBatch, rows: Sequence[AuditRecord]
    ) -> None:
        (advance,) = batch.advances
        key = (entry.record.stream_id, entry.record.kafka_partition)
        for record in rows:
            place = (record.stream_id, record.kafka_partition, record.kafka_offset)
            topic = self._trail.topic_of(record.stream_id)
            self._trail.records[place] = StoredRecord(record, topic, self._clock())
        self._trail.control += batch.control
        offset = self._trail.offsets[key]
        tally = offset.tally + advance.tally + Tally(quarantined=-1)
        self._trail.offsets[key] = msgspec.structs.replace(offset, tally=tally)
        self._change(entry.error_id, resolved_at=self._clock(), resolution=Resolution.RETRIED.value)
        self._tell(entry.error_id, QuarantineEventKind.RETRIED)

    def _change(self, error_id: int, **fields: object) -> None:
        entry = self._trail.entries[error_id]
        self._trail.entries[error_id] = msgspec.structs.replace(entry, **fields)

    def _tell(
        self,
        error_id: int,
        kind: QuarantineEventKind,
        *,
        error_type: str | None = None,
        message: str | None = None,
    ) -> None:
        event = QuarantineEvent(
            happened_at=self._clock(),
            kind=kind,
            actor="memory",
            error_type=error_type,
            message=message,
        )
        self._trail.events[error_id].append(event)


def _due_at(entry: QuarantineEntry, first_delay: float) -> int:
    if entry.next_retry_at is not None:
        return entry.next_retry_at
    return entry.created_at + int(first_delay * _SECOND)


def _fits(entry: QuarantineEntry, query: QuarantineQuery) -> bool:
    return (
        query.topic in (None, entry.record.topic)
        and query.error_type in (None, entry.record.error_type)
        and (query.since is None or entry.created_at >= query.since)
        and (query.until is None or entry.created_at < query.until)
        and query.is_open in (None, entry.is_open)
        and (query.error_ids is None or entry.error_id in query.error_ids)
        and (query.behind is None or _is_behind(entry.error_id, query))
    )


def _is_behind(error_id: int, query: QuarantineQuery) -> bool:
    if query.behind is None:
        return True
    return error_id > query.behind if query.oldest_first else error_id < query.behind
