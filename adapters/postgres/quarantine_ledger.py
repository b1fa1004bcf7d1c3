"""The quarantine in PostgreSQL, for people who look after it."""

from collections.abc import Sequence
from typing import LiteralString

from adapters.postgres.batch_rows import plain_text
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import SessionPool
from adapters.postgres.quarantined_rows import ENTRY, quarantine_entry
from application.quarantine_ledger import QuarantineQuery
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent, QuarantineEventKind

_FROM: LiteralString = f"""
SELECT {ENTRY} FROM processing_error AS e JOIN kafka_stream AS s USING (stream_id)
"""  # noqa: S608 - constants

_FIND = f"{_FROM} WHERE e.id = %s"

_MATCHING: LiteralString = f"""
{_FROM}
WHERE (%(topic)s::text IS NULL OR e.topic = %(topic)s)
    AND (%(error_type)s::text IS NULL OR e.error_type = %(error_type)s)
    AND (%(since)s::float8 IS NULL OR e.created_at >= to_timestamp(%(since)s::float8))
    AND (%(until)s::float8 IS NULL OR e.created_at < to_timestamp(%(until)s::float8))
    AND (%(is_open)s::boolean IS NULL OR (e.resolved_at IS NULL) = %(is_open)s)
    AND (%(ids)s::bigint [] IS NULL OR e.id = ANY(%(ids)s::bigint []))
"""

_NEWEST_FIRST = f"""
{_MATCHING} AND (%(behind)s::bigint IS NULL OR e.id < %(behind)s)
ORDER BY e.id DESC LIMIT %(limit)s
"""

_OLDEST_FIRST = f"""
{_MATCHING} AND (%(behind)s::bigint IS NULL OR e.id > %(behind)s)
ORDER BY e.id LIMIT %(limit)s
"""

# How an entry got there is written down by whoever retries it first: that is nobody's deed.
_HISTORY = """
SELECT (extract(EPOCH FROM happened_at) * 1000000)::bigint, kind,
    CASE WHEN kind <> 'quarantined' THEN actor END, error_type, message
FROM processing_error_event WHERE error_id = %s ORDER BY happened_at
"""

_RESOLVE = """
WITH resolved AS (
    UPDATE processing_error
    SET resolved_at = clock_timestamp(), resolution = 'resolved', resolution_note = %(reason)s
    WHERE id = ANY(%(ids)s::bigint []) AND resolved_at IS NULL
    RETURNING id
), told AS (
    INSERT INTO processing_error_event (error_id, kind, message)
    SELECT id, 'resolved', %(reason)s FROM resolved
)
SELECT id FROM resolved ORDER BY id
"""

_MICROSECONDS = 1_000_000


class PostgresQuarantineLedger:
    """
    Reads the quarantine, and resolves what is in it.

    Args:
        pool: Sessions; resolving needs the writer's rights.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def search(self, query: QuarantineQuery) -> Sequence[QuarantineEntry]:
        values = {
            "topic": query.topic and plain_text(query.topic),
            "error_type": query.error_type and plain_text(query.error_type),
            "since": _seconds(query.since),
            "until": _seconds(query.until),
            "is_open": query.is_open,
            "ids": None if query.error_ids is None else list(query.error_ids),
            "behind": query.behind,
            "limit": query.limit,
        }
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(
                    _OLDEST_FIRST if query.oldest_first else _NEWEST_FIRST, values
                )
                return [quarantine_entry(row) async for row in cursor]

    async def find(self, error_id: int) -> QuarantineEntry | None:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                row = await (await session.execute(_FIND, [error_id])).fetchone()
        return None if row is None else quarantine_entry(row)

    async def history(self, error_id: int) -> Sequence[QuarantineEvent]:
        entry = await self.find(error_id)
        if entry is None:
            return ()
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(_HISTORY, [error_id])
                events = [
                    QuarantineEvent(
                        happened_at=happened_at,
                        kind=QuarantineEventKind(kind),
                        actor=actor,
                        error_type=error_type,
                        message=message,
                    )
                    async for happened_at, kind, actor, error_type, message in cursor
                ]
        if any(event.kind is QuarantineEventKind.QUARANTINED for event in events):
            return events
        return [how_it_got_there(entry), *events]

    async def resolve(self, error_ids: Sequence[int], *, reason: str) -> Sequence[int]:
        values = {"ids": list(error_ids), "reason": plain_text(reason)}
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(_RESOLVE, values)
                return [int(row[0]) async for row in cursor]


def how_it_got_there(entry: QuarantineEntry) -> QuarantineEvent:
    """Tell of an entry that was never retried how it was quarantined: it has that error still."""
    return QuarantineEvent(
        happened_at=entry.created_at,
        kind=QuarantineEventKind.QUARANTINED,
        error_type=entry.record.error_type,
        message=entry.record.error_message,
    )


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / _MICROSECONDS
