"""
Windows of time, from the newest back, each as wide as what was found lets expect.

The BRIN index on time finds a window in a table of any size, and no index on time costs ingest
anything. All windows together may take as long as one statement may: whoever asks for what is rare
is told to narrow the question, and is not kept waiting.
"""

import math
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from adapters.postgres.planned import ANEW, BY_INDEX, KEPT, Settings
from adapters.postgres.pool import Session
from adapters.postgres.window_widths import Guess, Widths
from application.trail_query import TrailQuery
from domain.errors import QueryTooWideError

_BEGINNING_OF_TIME, _END_OF_TIME = -210_866_803_200_000_000, 9_224_318_015_999_999_999
"""The first and last moments that PostgreSQL has, in microseconds since 1970."""

# Beyond, planning is little beside reading, and PostgreSQL may choose another way. Nor are the
# ends of the trail asked for before: that takes longer than a look.
_WIDEST_KEPT = 16 * 24 * 60 * 60 * 1_000_000

# By the BRIN index.
_BY_TIME: Settings = {**KEPT, **BY_INDEX, "enable_indexscan": "off"}
_BY_ANYTHING: Settings = {**ANEW, "enable_seqscan": None, "enable_indexscan": None}
_BY_ANYTHING_ALONE: Settings = {**_BY_ANYTHING, "max_parallel_workers_per_gather": "0"}

_WORTH_WORKERS = 0.5
"""
Seconds. PostgreSQL counts on much less for starting parallel workers than that takes.

Each maps all that it reads of the shared buffers anew: reading 500 MB took 365 ms of processors'
time with two workers, and 135 ms without.
"""

_ENDS = """
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

    def settings(self, looked_back_to: int | None = None, *, at_most: float = math.inf) -> Settings:
        """
        Let no statement take longer than is left, nor than `at_most` seconds.

        Raises:
            QueryTooWideError: Nothing is left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise too_wide(self.seconds, looked_back_to)
        return {"statement_timeout": str(max(1, int(min(left, at_most) * 1000)))}


class GuessFailedError(Exception):
    """A look at a guessed window takes longer than was thought."""


class Window:
    """
    A part of the time that is looked at.

    Args:
        since: Its beginning.
        until: Its end.
        settings: How to look.
        looked_back_to: Where the window before it began.

    Attributes:
        since: Its beginning.
        until: Its end, which is not in it.
        settings: What the statement that looks at it is to be executed with.
        looked_back_to: Where the window before it began; None for the first one.
        found: How many rows were found so far; the next window is chosen by it.
        wider: How many times as wide the next window is, where its user knows better.
    """

    def __init__(
        self, since: int, until: int, settings: Settings, looked_back_to: int | None
    ) -> None:
        self.since = since
        self.until = until
        self.settings = settings
        self.looked_back_to = looked_back_to
        self.found = 0
        self.wider: float | None = None


async def windows_back(
    session: Session, query: TrailQuery, deadline: Deadline | None, guess: Guess | None = None
) -> AsyncGenerator[Window]:
    """
    Give windows of the query's time, the newest first; without a deadline, as long as it takes.

    Args:
        session: Sees the trail at one moment.
        query: Whose time.
        deadline: For all windows.
        guess: The first window.

    Raises:
        QueryTooWideError: The deadline has passed.
    """
    after = None if query.before is None else query.before.change_timestamp + 1
    top = min(end for end in (_END_OF_TIME, query.until, after) if end is not None)
    bottom = _BEGINNING_OF_TIME if query.since is None else query.since
    widths = Widths(top, query.limit, guess)
    looked_back_to: int | None = None
    are_ends_known = False
    while top > bottom:
        if widths.next > _WIDEST_KEPT and not are_ends_known:
            oldest, newest = await _ends(session)
            bottom, are_ends_known = max(oldest, bottom), True
            if newest < top:
                top, widths = newest, Widths(newest, query.limit)
            continue
        since, began = max(bottom, widths.since(top)), time.monotonic()
        at_most = guess.seconds if guess and looked_back_to is None else math.inf
        left: Settings = deadline.settings(looked_back_to, at_most=at_most) if deadline else {}
        window = Window(since, top, {**left, **_plan_for(widths)}, looked_back_to)
        yield window
        took = time.monotonic() - began
        if window.wider:
            widths.grow(window.wider, took)
        else:
            widths.choose(since, window.found, took)
        looked_back_to = top = since


def _plan_for(widths: Widths) -> Settings:
    if widths.next <= _WIDEST_KEPT:
        return _BY_TIME
    return _BY_ANYTHING if widths.expected > _WORTH_WORKERS else _BY_ANYTHING_ALONE


async def _ends(session: Session) -> tuple[int, int]:
    """Where the trail begins and ends: at one place if there is none yet."""
    cursor = await session.execute(_ENDS)
    oldest, newest = await cursor.fetchone() or (None, None)
    return (0, 0) if oldest is None or newest is None else (oldest, newest)


def too_wide(seconds: float, looked_back_to: int | None) -> QueryTooWideError:
    """Say how far the search came."""
    if looked_back_to is None:
        return QueryTooWideError(seconds)
    reached = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=looked_back_to)
    return QueryTooWideError(
        seconds, looked_at=f"changes back to {reached.isoformat(timespec='seconds')}"
    )
