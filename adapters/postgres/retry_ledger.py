"""
The quarantine in PostgreSQL, for retrying: taking what is due, and giving it its place.

    BEGIN ─▶ lock the entry ─▶ COPY row or control message ─▶ sources ─▶ move one count ─▶ resolve
      │ somebody was faster         │ refused                                              ─▶ COMMIT
      ▼                             ▼
    AlreadyResolvedError        RetryFailure

No offset moves, so no writer is fenced; the row of `kafka_offset` is locked last, and for the
shortest time: a batch that the pipeline stores meanwhile waits for no COPY of ours.
"""

from collections.abc import Sequence

import psycopg
from psycopg.errors import UniqueViolation

from adapters.postgres.batch_rows import (
    COPY_CONTROL,
    COPY_ROWS,
    RefusedLine,
    control_line,
    copy_lines,
    plain_text,
    record_sources,
)
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_trouble, is_partition_missing, is_row_refused
from adapters.postgres.partitions import PartitionMaker
from adapters.postgres.pool import WRITER, Session, SessionPool
from adapters.postgres.quarantined_rows import ENTRY, quarantine_entry
from application.quarantine_protection import QuarantineProtection
from domain.errors import AlreadyResolvedError
from domain.quarantine_entry import NEVER_BY_ITSELF, QuarantineEntry, RetryFailure
from domain.transformed import TransformedBatch

# Everybody may retry what no running writer has: an earlier life of a topic, a group that is gone.
_CLAIM_DUE = f"""
WITH due AS MATERIALIZED (
    SELECT e.id FROM processing_error AS e
    JOIN kafka_offset AS o ON o.stream_id = e.stream_id AND o.partition = e.kafka_partition
    WHERE e.resolved_at IS NULL AND e.retry_count < e.max_retries AND e.accounted
        AND coalesce(e.next_retry_at, e.created_at) <= clock_timestamp()
        AND (
            e.next_retry_at IS NOT NULL
            OR e.created_at <= clock_timestamp() - make_interval(secs => %(first)s)
        )
        AND e.error_type <> ALL(%(never)s::text [])
        AND (
            o.writer = %(writer)s OR NOT EXISTS (
                SELECT FROM pg_stat_activity AS a
                WHERE a.application_name = 'cdc-audit ' || o.writer
            )
        )
    ORDER BY coalesce(e.next_retry_at, e.created_at), e.id
    LIMIT %(limit)s
    FOR UPDATE OF e SKIP LOCKED
), taken AS (
    UPDATE processing_error AS e
    SET next_retry_at = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE e.id = due.id
    RETURNING e.*
)
SELECT {ENTRY} FROM taken AS e JOIN kafka_stream AS s USING (stream_id) ORDER BY e.id
"""  # noqa: S608 - constants

_LOCK = """
SELECT FROM processing_error WHERE id = %s AND resolved_at IS NULL AND accounted FOR UPDATE
"""

_MOVE_COUNT = """
UPDATE kafka_offset
SET quarantined = quarantined - 1, audited = audited + %s, baseline = baseline + %s,
    control = control + %s, skipped = skipped + %s
WHERE stream_id = %s AND partition = %s
"""

_TELL_FIRST = """
INSERT INTO processing_error_event (error_id, happened_at, kind, error_type, message)
SELECT id, created_at, 'quarantined', error_type, error_message FROM processing_error AS e
WHERE id = %s AND NOT EXISTS (
    SELECT FROM processing_error_event AS t WHERE t.error_id = e.id AND t.kind = 'quarantined'
)
"""

_RESOLVE = """
UPDATE processing_error SET resolved_at = clock_timestamp(), resolution = 'retried'
WHERE id = %s
"""

_TELL = """
INSERT INTO processing_error_event (error_id, kind, error_type, message) VALUES (%s, %s, %s, %s)
"""

_FAIL = """
UPDATE processing_error
SET retry_count = retry_count + 1, error_type = %s, error_message = %s,
    next_retry_at = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND resolved_at IS NULL
"""

_PUT_BACK = """
UPDATE processing_error SET next_retry_at = clock_timestamp() + make_interval(secs => %s)
WHERE id = ANY(%s::bigint []) AND resolved_at IS NULL
"""

_LONGEST_WAIT = 5.0


class PostgresRetryLedger:
    """
    Takes entries, and gives records their place.

    Args:
        pool: Sessions with the writer's rights.
        config: The same database; for messages.
        writer: Token of this writer.
        protection: Of which topics nothing is quoted; None for none.
    """

    def __init__(
        self,
        pool: SessionPool,
        config: DatabaseConfig,
        *,
        writer: str = WRITER,
        protection: QuarantineProtection | None = None,
    ) -> None:
        self._pool = pool
        self._config = config
        self._writer = writer
        self._protection = protection
        self._partitions = PartitionMaker()

    async def claim_due(
        self, *, limit: int, first_delay: float, lease: float
    ) -> Sequence[QuarantineEntry]:
        values = {
            "limit": limit,
            "first": first_delay,
            "lease": lease,
            "writer": self._writer,
            "never": sorted(NEVER_BY_ITSELF),
        }
        with as_trouble(self._config):
            async with self._pool.lease(longest_wait=_LONGEST_WAIT) as session:
                cursor = await session.execute(_CLAIM_DUE, values)
                return [quarantine_entry(row) async for row in cursor]

    async def place(
        self, entry: QuarantineEntry, batch: TransformedBatch, *, rehearse: bool = False
    ) -> RetryFailure | None:
        with as_trouble(self._config):
            async with self._pool.lease(longest_wait=_LONGEST_WAIT) as session:
                try:
                    return await self._place(session, entry, batch, rehearse=rehearse)
                except psycopg.Error as error:
                    if not is_partition_missing(error):
                        raise
                self._partitions.forget()
                return await self._place(session, entry, batch, rehearse=rehearse)

    async def fail(self, entry: QuarantineEntry, failure: RetryFailure, *, delay: float) -> None:
        kind, message = plain_text(failure.error_type), plain_text(failure.error_message)
        with as_trouble(self._config):
            async with (
                self._pool.lease(longest_wait=_LONGEST_WAIT) as session,
                session.transaction(),
            ):
                await session.execute(_TELL_FIRST, [entry.error_id])
                cursor = await session.execute(_FAIL, [kind, message, delay, entry.error_id])
                if cursor.rowcount:
                    await session.execute(_TELL, [entry.error_id, "failed", kind, message])

    async def put_back(self, entries: Sequence[QuarantineEntry], *, delay: float) -> None:
        with as_trouble(self._config):
            async with self._pool.lease(longest_wait=_LONGEST_WAIT) as session:
                await session.execute(_PUT_BACK, [delay, [entry.error_id for entry in entries]])

    async def _place(
        self, session: Session, entry: QuarantineEntry, batch: TransformedBatch, *, rehearse: bool
    ) -> RetryFailure | None:
        await self._partitions.ensure(session, batch.days)
        try:
            async with session.transaction(force_rollback=rehearse):
                await _store(session, entry, batch)
        except UniqueViolation:
            return RetryFailure(
                "DuplicateKeyError",
                "the trail has something at its place already, although it is counted as "
                "quarantined. Compare both, and resolve it with a reason.",
            )
        except psycopg.Error as error:
            if not is_row_refused(error):
                raise
            return self._refusal(entry, error)
        return None

    def _refusal(self, entry: QuarantineEntry, error: psycopg.Error) -> RetryFailure:
        name = type(error).__name__
        if self._protection is not None and self._protection.concerns(entry.record.topic):
            return RetryFailure(name, RefusedLine(b"", name, "", error.sqlstate).unquoted)
        primary = error.diag.message_primary or "no reason given"
        return RetryFailure(name, f"PostgreSQL refused it: {primary} (SQLSTATE {error.sqlstate}).")


async def _store(session: Session, entry: QuarantineEntry, batch: TransformedBatch) -> None:
    (advance,) = batch.advances
    if (await session.execute(_LOCK, [entry.error_id])).rowcount != 1:
        raise AlreadyResolvedError(entry.error_id)
    # The count first, as the pipeline does: whoever locks in another order meets it in a deadlock.
    tally, place = advance.tally, (entry.record.stream_id, entry.record.kafka_partition)
    counts = [tally.audited, tally.baseline, tally.control, tally.skipped]
    await session.execute(_MOVE_COUNT, [*counts, *place])
    if batch.rows:
        await copy_lines(session, COPY_ROWS, batch.rows)
    if batch.control:
        lines = b"".join(control_line(message) for message in batch.control)
        await copy_lines(session, COPY_CONTROL, lines)
    if batch.sources:
        await record_sources(session, batch.sources)
    await session.execute(_TELL_FIRST, [entry.error_id])
    await session.execute(_TELL, [entry.error_id, "retried", None, None])
    await session.execute(_RESOLVE, [entry.error_id])
