"""
Exports: everything that a search finds, as the trail is at one moment.

    one transaction, one snapshot ──▶ windows of time, from the newest back ──▶ a cursor in each
                                                                            ──▶ pages

Windows keep every statement short, and what has to be sorted small, however long the whole takes:
each is as wide as the one before it lets expect to be read at once.

Half of the sessions may be used for exports: the others are for those who look something up.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from psycopg import sql

from adapters.postgres.place_filters import before_place, between, both
from adapters.postgres.planned import ANEW, settings_of
from adapters.postgres.pool import Session
from adapters.postgres.reading import Reading
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.time_windows import Window, windows_back
from adapters.postgres.trail_filters import Filter
from adapters.postgres.trail_reader import NEWEST_FIRST, read_filter
from application.trail_query import StoredRecord, TrailQuery
from domain.errors import RepositoryError

_AT_ONCE = 0.5
_QUIET = 1.0
"""Seconds."""

_WIDER, _NARROWER = 4.0, 1 / 16

_EVERYTHING = sql.SQL("""
SELECT {selected}
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
WHERE {where}
ORDER BY {newest_first}
""")


class PostgresTrailExporter:
    """
    Exports. A session is lent for as long as somebody takes pages.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._most = max(1, reading.most_sessions // 2)
        self._under_way = 0

    async def pages(self, query: TrailQuery) -> AsyncGenerator[Sequence[StoredRecord]]:
        found: list[StoredRecord] = []
        given = time.monotonic()
        async with self._place(), self._reading.snapshot() as session:
            await session.execute(*settings_of(ANEW))
            async for part in _parts(session, query):
                found += part
                if len(found) >= query.limit or time.monotonic() - given > _QUIET:
                    yield found[: query.limit]
                    del found[: query.limit]
                    given = time.monotonic()
        if found:
            yield found

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        """Be one of those that may be under way."""
        if self._under_way >= self._most:
            raise RepositoryError(
                f"{self._under_way} exports are under way, and no more may be: half of the "
                f"connections are kept for those who look something up. Try again when one of them "
                f"has ended, or raise pool_size or max_overflow."
            )
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


async def _parts(session: Session, query: TrailQuery) -> AsyncGenerator[Sequence[StoredRecord]]:
    """Give what is fetched at once; nothing at the end of each window."""
    found, is_indexed = await read_filter(session, query)
    wanted = both(found, before_place(query.before))
    if is_indexed:
        whole = both(wanted, between(query.since, query.until))
        async for part in _fetched(session, whole, query.limit):
            yield part
        return
    async for window in windows_back(session, query, None):
        inside = both(wanted, between(window.since, window.until))
        began = time.monotonic()
        async for part in _fetched(session, inside, query.limit):
            _choose_next(window, time.monotonic() - began)
            yield part


def _choose_next(window: Window, took: float) -> None:
    """Choose the next window by how long the first rows of this one took."""
    if window.wider is None:
        window.wider = min(_WIDER, max(_NARROWER, _AT_ONCE / took))


async def _fetched(
    session: Session, wanted: Filter, limit: int
) -> AsyncGenerator[Sequence[StoredRecord]]:
    statement = _EVERYTHING.format(selected=SELECTED, where=wanted.where, newest_first=NEWEST_FIRST)
    async with session.cursor(name="export") as cursor:
        await cursor.execute(sql.Composed([statement]), wanted.parameters)
        while rows := await cursor.fetchmany(limit):
            yield [stored_record(row) for row in rows]
    yield ()
