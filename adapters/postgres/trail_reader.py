"""
Reads the trail, for people: newest first, by the indexes that the trail has.

A query that names a whole key or a transaction goes to their indexes. Any other looks at windows
of time, from the newest back, each four times as wide as the one before, and stops when it has
enough: the BRIN index on time finds a window in a table of any size, and no index on time costs
ingest anything.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.live_rows import read_since, read_vector
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.trail_filters import (
    Filter,
    filter_of,
    is_whole_key,
    time_text,
)
from application.trail_query import Cursor, StoredRecord, TrailQuery
from domain.source_table import SourceColumns, SourceTable

_MINUTE = 60_000_000
_WIDER = 4

_SEARCH = sql.SQL("""
SELECT {selected}
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
WHERE {where}
ORDER BY t.change_timestamp DESC, t.stream_id DESC, t.kafka_partition DESC, t.kafka_offset DESC
LIMIT %(limit)s
""")

_FIND = sql.SQL("""
SELECT {selected}
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
WHERE t.stream_id = %s AND t.kafka_partition = %s AND t.kafka_offset = %s
LIMIT 1
""").format(selected=SELECTED)

_FROM = sql.SQL("t.change_timestamp >= %(from)s::timestamptz")
_TO = sql.SQL("t.change_timestamp < %(to)s::timestamptz")
# The first condition follows from the second, but only it can use indexes and leave out partitions.
_BEFORE = sql.SQL("""t.change_timestamp <= %(before)s::timestamptz
    AND (t.change_timestamp, t.stream_id, t.kafka_partition, t.kafka_offset)
    < (%(before)s::timestamptz, %(before_stream)s, %(before_partition)s, %(before_offset)s)""")

_SOURCES = """
SELECT connector, source_name, source_database, source_schema, source_table, columns
FROM audit_source
"""

_EXTENT = """
SELECT (extract(epoch FROM min(lower_bound)) * 1000000)::bigint,
    (extract(epoch FROM max(upper_bound)) * 1000000)::bigint
FROM audit_partitions()
"""


class PostgresTrailReader:
    """
    Reads the trail in PostgreSQL.

    Args:
        pool: Sessions with the reader's rights and limits.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        async with self._snapshot() as session:
            if query.record_key is not None and is_whole_key(query.record_key):
                found = filter_of(query, sources=tuple(await _sources(session)))
            else:
                found = filter_of(query)
                if query.transaction_id is None:
                    return await _search_back(session, query, found)
            return await _search(session, query, found, since=query.since, until=query.until)

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        async with self._session() as session:
            cursor = await session.execute(_FIND, [stream_id, partition, offset])
            row = await cursor.fetchone()
        return stored_record(row) if row else None

    async def position(self) -> Cursor:
        async with self._session() as session:
            vector = await read_vector(session)
        return Cursor(tuple((s, p, next_offset) for s, p, _, next_offset in vector))

    async def since(
        self, cursor: Cursor, query: TrailQuery
    ) -> tuple[Sequence[StoredRecord], Cursor]:
        async with self._snapshot() as session:
            whole = query.record_key is not None and is_whole_key(query.record_key)
            found = filter_of(query, sources=tuple(await _sources(session)) if whole else ())
            times = _between(query.since, query.until)
            return await read_since(session, cursor, _both(found, times), limit=query.limit)

    async def sources(self) -> SourceColumns:
        async with self._session() as session:
            return await _sources(session)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                yield session

    @asynccontextmanager
    async def _snapshot(self) -> AsyncGenerator[Session]:
        """Lend a session in which all statements see the trail at one moment."""
        async with self._session() as session, session.transaction():
            await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield session


async def _search_back(
    session: Session, query: TrailQuery, found: Filter
) -> Sequence[StoredRecord]:
    """Look at wider and wider windows, from the newest back, until there is enough."""
    cursor = await session.execute(_EXTENT)
    oldest, newest = await cursor.fetchone() or (None, None)
    if oldest is None:
        return ()
    bottom = oldest if query.since is None else max(oldest, query.since)
    top = min(end for end in (newest, query.until, _after(query)) if end is not None)
    now = time.time_ns() // 1000  # where most trails end; only speed depends on it
    rows: list[StoredRecord] = []
    width = _MINUTE
    while top > bottom and len(rows) < query.limit:
        start = max(bottom, min(top, now) - width)
        rest = msgspec.structs.replace(query, limit=query.limit - len(rows))
        rows += await _search(session, rest, found, since=start, until=top)
        top, width = start, width * _WIDER
    return rows


async def _search(
    session: Session, query: TrailQuery, found: Filter, *, since: int | None, until: int | None
) -> Sequence[StoredRecord]:
    whole = _both(_both(found, _between(since, until)), _before(query))
    statement = _SEARCH.format(selected=SELECTED, where=whole.where)
    cursor = await session.execute(statement, {**whole.parameters, "limit": query.limit})
    return [stored_record(row) async for row in cursor]


async def _sources(session: Session) -> SourceColumns:
    cursor = await session.execute(_SOURCES)
    return {SourceTable(*names): frozenset(columns) async for *names, columns in cursor}


def _after(query: TrailQuery) -> int | None:
    return None if query.before is None else query.before.change_timestamp + 1


def _between(since: int | None, until: int | None) -> Filter:
    conditions: list[sql.SQL] = []
    parameters: dict[str, Any] = {}
    if since is not None:
        conditions.append(_FROM)
        parameters["from"] = time_text(since)
    if until is not None:
        conditions.append(_TO)
        parameters["to"] = time_text(until)
    return Filter(conditions, parameters)


def _before(query: TrailQuery) -> Filter:
    place = query.before
    if place is None:
        return Filter((), {})
    parameters = {
        "before": time_text(place.change_timestamp),
        "before_stream": place.stream_id,
        "before_partition": place.partition,
        "before_offset": place.offset,
    }
    return Filter((_BEFORE,), parameters)


def _both(one: Filter, other: Filter) -> Filter:
    return Filter((*one.conditions, *other.conditions), {**one.parameters, **other.parameters})
