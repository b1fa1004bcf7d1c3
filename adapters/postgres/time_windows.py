"""
Windows of time, from the newest back, each four times as wide as the one before.

The BRIN index on time finds a window in a table of any size, and no index on time costs ingest
anything. All windows together may take as long as one statement may: whoever asks for what is rare
is told to narrow the question, and is not kept waiting.
"""

import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from psycopg import sql

from adapters.postgres.pool import Session
from application.trail_query import TrailQuery
from domain.errors import QueryTooWideError

_MINUTE = 60_000_000
_WIDER = 4

_EXTENT = """
SELECT (extract(epoch FROM min(lower_bound)) * 1000000)::bigint,
    (extract(epoch FROM max(upper_bound)) * 1000000)::bigint
FROM audit_partitions()
"""


class Deadline:
    """
    When the database must have answered.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    async def hold(self, session: Session, *, looked_back_to: int | None = None) -> None:
        """
        Let no later statement of this transaction take longer than is left.

        Raises:
            QueryTooWideError: Nothing is left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise too_wide(self.seconds, looked_back_to)
        timeout = sql.Literal(max(1, int(left * 1000)))
        await session.execute(sql.SQL("SET LOCAL statement_timeout TO {}").format(timeout))


async def windows_back(
    session: Session, query: TrailQuery, deadline: Deadline
) -> AsyncGenerator[tuple[int, int]]:
    """
    Give windows of the query's time, the newest first: from one time on, and before another.

    Raises:
        QueryTooWideError: The deadline has passed.
    """
    cursor = await session.execute(_EXTENT)
    oldest, newest = await cursor.fetchone() or (None, None)
    if oldest is None:
        return
    after = None if query.before is None else query.before.change_timestamp + 1
    bottom = oldest if query.since is None else max(oldest, query.since)
    top = min(end for end in (newest, query.until, after) if end is not None)
    now = time.time_ns() // 1000  # where most trails end; only speed depends on it
    width = _MINUTE
    looked_back_to: int | None = None
    while top > bottom:
        start = max(bottom, min(top, now) - width)
        await deadline.hold(session, looked_back_to=looked_back_to)
        yield start, top
        looked_back_to = start
        top, width = start, width * _WIDER


def too_wide(seconds: float, looked_back_to: int | None) -> QueryTooWideError:
    """Say how far the search came."""
    if looked_back_to is None:
        return QueryTooWideError(seconds)
    reached = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=looked_back_to)
    return QueryTooWideError(
        seconds, looked_at=f"changes back to {reached.isoformat(timespec='seconds')}"
    )
