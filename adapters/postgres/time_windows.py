"""
Windows of time, from the newest back, each wider than the one before.

The BRIN index on time finds a window in a table of any size, and no index on time costs ingest
anything. All windows together may take as long as one statement may: whoever asks for what is rare
is told to narrow the question, and is not kept waiting.
"""

import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from adapters.postgres.planned import ANEW, BY_INDEX, KEPT, Settings
from adapters.postgres.pool import Session
from application.trail_query import TrailQuery
from domain.errors import QueryTooWideError

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_LITTLE_WIDER, _WIDER, _MUCH_WIDER = 2, 4, 16
_RESERVE = 1.5
_CHEAP = 0.003
"""Seconds."""

# Beyond, planning is little beside reading, and PostgreSQL may choose another way.
_WIDEST_KEPT = 16 * 24 * 60 * _MINUTE

# By the BRIN index.
_BY_TIME: Settings = {**KEPT, **BY_INDEX, "enable_indexscan": "off"}
_BY_ANYTHING: Settings = {**ANEW, "enable_seqscan": None, "enable_indexscan": None}

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

    def settings(self, *, looked_back_to: int | None = None) -> Settings:
        """
        Let no statement take longer than is left.

        Raises:
            QueryTooWideError: Nothing is left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise too_wide(self.seconds, looked_back_to)
        return {"statement_timeout": str(max(1, int(left * 1000)))}


class Window:
    """
    A part of the time that is looked at.

    Attributes:
        since: Its beginning.
        until: Its end, which is not in it.
        settings: What the statement that looks at it is to be executed with.
        share_found: How much of what is wanted was found so far; the next window is chosen by it.
        wider: How many times as wide the next window is, where its user knows better.
    """

    def __init__(self, since: int, until: int, settings: Settings) -> None:
        self.since = since
        self.until = until
        self.settings = settings
        self.share_found = 0.0
        self.wider: float | None = None


async def windows_back(
    session: Session, query: TrailQuery, deadline: Deadline | None
) -> AsyncGenerator[Window]:
    """
    Give windows of the query's time, the newest first; without a deadline, as long as it takes.

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
        since = max(bottom, min(top, now) - width)
        plan = _BY_TIME if width <= _WIDEST_KEPT else _BY_ANYTHING
        left: Settings = (
            {} if deadline is None else deadline.settings(looked_back_to=looked_back_to)
        )
        began = time.monotonic()
        window = Window(since, top, {**left, **plan})
        yield window
        grown = window.wider or _growth(window.share_found, time.monotonic() - began)
        width = max(_SECOND, int(width * grown))
        looked_back_to = top = since


def _growth(share_found: float, took: float) -> float:
    """How many times as wide the next window is: wide enough, where that shows."""
    if share_found:
        return min(_MUCH_WIDER, max(_LITTLE_WIDER, _RESERVE * (1 - share_found) / share_found))
    return _MUCH_WIDER if took < _CHEAP else _WIDER


def too_wide(seconds: float, looked_back_to: int | None) -> QueryTooWideError:
    """Say how far the search came."""
    if looked_back_to is None:
        return QueryTooWideError(seconds)
    reached = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=looked_back_to)
    return QueryTooWideError(
        seconds, looked_at=f"changes back to {reached.isoformat(timespec='seconds')}"
    )
