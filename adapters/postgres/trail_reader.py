"""
Reads the trail, for people: newest first, by the indexes that the trail has.

A query that names a key or a transaction goes to their indexes. Any other looks at windows of
time, from the newest back, each as wide as what was found lets expect, and stops when it has
enough: the BRIN index on time finds a window in a table of any size, and no index on time costs
ingest anything.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace
from psycopg import errors, sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.key_hashes import hashes_of
from adapters.postgres.live_rows import read_since, read_vector
from adapters.postgres.place_filters import before_place, between, both
from adapters.postgres.planned import (
    BY_INDEX,
    IN_ORDER,
    KEPT,
    Settings,
    one_snapshot,
    planned_rows,
)
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.time_windows import (
    Deadline,
    GuessFailedError,
    too_wide,
    windows_back,
)
from adapters.postgres.trail_filters import Filter, filter_of
from adapters.postgres.window_widths import Guess, RememberedWidths
from application.trail_query import Cursor, StoredRecord, TrailQuery
from domain.source_table import SourceColumns, SourceTable

# What is shown, and the stream's name, only of what LIMIT left over.
_SEARCH = sql.SQL("""
SELECT {selected}
FROM (
    SELECT t.* FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
    WHERE {where}
    ORDER BY {newest_first}
    LIMIT %(limit)s
) AS t JOIN kafka_stream AS s USING (stream_id)
ORDER BY {newest_first}
""")
NEWEST_FIRST = sql.SQL(
    "t.change_timestamp DESC, t.stream_id DESC, t.kafka_partition DESC, t.kafka_offset DESC"
)

_FIND = sql.SQL("""
SELECT {selected}
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
WHERE t.stream_id = %(stream_id)s AND t.kafka_partition = %(partition)s
    AND t.kafka_offset = %(offset)s
LIMIT 1
""").format(selected=SELECTED)

_SOURCES = """
SELECT connector, source_name, source_database, source_schema, source_table, columns
FROM audit_source
"""


class PostgresTrailReader:
    """
    Reads the trail in PostgreSQL.

    Args:
        pool: Sessions with the reader's rights and limits.
        config: The same database; for messages.
        widths: What its searches needed; its own if None.
    """

    def __init__(
        self, pool: SessionPool, config: DatabaseConfig, *, widths: RememberedWidths | None = None
    ) -> None:
        self._pool = pool
        self._config = config
        self._sources: SourceColumns = {}
        self._widths = RememberedWidths() if widths is None else widths

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        if query.record_key is not None:
            rows = await self._search_key(query)
            if rows is not None:
                return rows
        if query.transaction_id is not None:
            async with self._snapshot() as session:
                return await _search(session, query, filter_of(query), {**KEPT, **BY_INDEX})
        deadline = Deadline(self._config.statement_timeout)
        try:
            return await self._search_back(query, deadline, self._widths.guess_for(query))
        except GuessFailedError:
            self._widths.forget()
            return await self._search_back(query, deadline, None)

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        async with self._session() as session:
            place = {"stream_id": stream_id, "partition": partition, "offset": offset}
            rows = await planned_rows(session, {**KEPT, **BY_INDEX}, _FIND, place)
        return stored_record(rows[0]) if rows else None

    async def position(self) -> Cursor:
        async with self._session() as session:
            vector = await read_vector(session)
        return Cursor(tuple((s, p, next_offset) for s, p, _, next_offset in vector))

    async def since(
        self, cursor: Cursor, query: TrailQuery
    ) -> tuple[Sequence[StoredRecord], Cursor]:
        async with self._snapshot() as session:
            wanted = both(filter_of(query), between(query.since, query.until))
            return await read_since(session, cursor, wanted, limit=query.limit)

    async def sources(self) -> SourceColumns:
        async with self._session() as session:
            return await read_sources(session)

    async def _search_key(self, query: TrailQuery) -> Sequence[StoredRecord] | None:
        """
        Search by the hashes of what is known; again where that was not everything after all.

        None where they are too many.
        """
        async with self._session() as session:
            while True:
                sources = self._sources
                hashes = hashes_of(query, sources)
                if hashes is None:
                    return None
                order = IN_ORDER if len(hashes) == 1 else BY_INDEX
                found = filter_of(query, hashes=hashes)
                rows = await _search(session, query, found, {**KEPT, **order}) if hashes else ()
                self._sources = await read_sources(session)
                if self._sources == sources:
                    return rows

    async def _search_back(
        self, query: TrailQuery, deadline: Deadline, guess: Guess | None
    ) -> Sequence[StoredRecord]:
        """Look at windows, from the newest back, until there is enough."""
        rows: list[StoredRecord] = []
        found, now = filter_of(query), time.time_ns() // 1000
        async with self._snapshot() as session:
            async for window in windows_back(session, query, deadline, guess):
                rest = query.limit - len(rows)
                asked = replace(query, since=window.since, until=window.until, limit=rest)
                try:
                    rows += await _search(session, asked, found, window.settings)
                except errors.QueryCanceled as error:
                    if guess and window.looked_back_to is None:
                        raise GuessFailedError from error
                    raise too_wide(deadline.seconds, window.looked_back_to) from error
                window.found = len(rows)
                if len(rows) >= query.limit:
                    self._widths.learn(query, now - rows[-1].record.change_timestamp)
                    break
        return rows

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                yield session

    @asynccontextmanager
    async def _snapshot(self) -> AsyncGenerator[Session]:
        """Lend a session in which all statements see the trail at one moment."""
        async with self._session() as session, one_snapshot(session):
            yield session


async def _search(
    session: Session, query: TrailQuery, found: Filter, settings: Settings
) -> Sequence[StoredRecord]:
    times = both(between(query.since, query.until), before_place(query.before))
    whole = both(found, times)
    statement = _SEARCH.format(selected=SELECTED, where=whole.where, newest_first=NEWEST_FIRST)
    parameters = {**whole.parameters, "limit": query.limit}
    return [stored_record(r) for r in await planned_rows(session, settings, statement, parameters)]


async def read_filter(session: Session, query: TrailQuery) -> tuple[Filter, bool]:
    """Read the conditions of `query`, and whether an index finds all that they may let through."""
    hashes = None
    if query.record_key is not None:
        hashes = hashes_of(query, await read_sources(session))
    is_indexed = hashes is not None or query.transaction_id is not None
    return filter_of(query, hashes=hashes), is_indexed


async def read_sources(session: Session) -> SourceColumns:
    """Read every source table that the trail has met, with its columns."""
    cursor = await session.execute(_SOURCES)
    return {SourceTable(*names): frozenset(columns) async for *names, columns in cursor}
