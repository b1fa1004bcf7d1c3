"""Counts what a search finds: for a short time, up to a number."""

from collections.abc import AsyncGenerator

import msgspec
from psycopg import errors, sql

from adapters.postgres.place_filters import between, both
from adapters.postgres.planned import BY_INDEX, KEPT, Settings, planned_rows
from adapters.postgres.pool import Session
from adapters.postgres.reading import Reading
from adapters.postgres.time_windows import Deadline, windows_back
from adapters.postgres.trail_filters import Filter
from adapters.postgres.trail_reader import read_filter
from application.trail_query import BoundedCount, TrailQuery
from domain.errors import QueryTooWideError

COUNTING = 2.0
"""Seconds that a count may take; what was counted until then is a least number."""

_COUNT = sql.SQL("""
SELECT count(*) FROM (
    SELECT FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
    WHERE {where}
    LIMIT %(limit)s
) AS found
""")


class PostgresChangeCounter:
    """
    Counts.

    Args:
        reading: Lends sessions.
        seconds: How long a count may take.
    """

    def __init__(self, reading: Reading, *, seconds: float = COUNTING) -> None:
        self._reading = reading
        self._seconds = min(seconds, reading.config.statement_timeout)

    async def count(self, query: TrailQuery, *, at_most: int) -> BoundedCount:
        whole = msgspec.structs.replace(query, before=None)
        counted = 0
        try:
            async with self._reading.snapshot() as session:
                async for found in self._parts(session, whole, at_most + 1):
                    counted += found
                    if counted > at_most:
                        break
        except QueryTooWideError:
            return BoundedCount(min(counted, at_most), is_exact=False)
        return BoundedCount(min(counted, at_most), is_exact=counted <= at_most)

    async def _parts(self, session: Session, query: TrailQuery, limit: int) -> AsyncGenerator[int]:
        """Count in windows of time, from the newest back; at once what an index finds."""
        deadline = Deadline(self._seconds)
        wanted, is_indexed = await read_filter(session, query)
        if is_indexed:
            inside = both(wanted, between(query.since, query.until))
            yield await _count(session, inside, limit, {**deadline.settings(), **KEPT, **BY_INDEX})
            return
        async for window in windows_back(session, query, deadline):
            inside = both(wanted, between(window.since, window.until))
            yield await _count(session, inside, limit, window.settings)


async def _count(session: Session, wanted: Filter, limit: int, settings: Settings) -> int:
    statement = _COUNT.format(where=wanted.where)
    try:
        parameters = {**wanted.parameters, "limit": limit}
        ((counted,),) = await planned_rows(session, settings, statement, parameters)
    except errors.QueryCanceled as error:
        raise QueryTooWideError(COUNTING) from error
    return int(counted)
