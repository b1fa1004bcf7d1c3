"""
How wide a search's windows of time are. Only speed depends on it.

    the newest 50 of a table ──▶ a minute, an hour, two days, a day ──▶ they are 3 days old
    the same again           ──▶ the newest 4 days
    of another table         ──▶ as little as any search needed, and wider ones as before

Each window costs a round trip, and reads at least a range of the BRIN index, and all that the index
does not summarize yet: a few wide ones take less time than many narrow ones.
"""

import math
import time
from typing import NamedTuple

from msgspec.structs import replace

from application.trail_query import TrailQuery

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_TIMES_LITTLE_WIDER, _TIMES_WIDER, _TIMES_WIDER_AT_MOST, _TIMES_WIDER_IF_CHEAP = 2, 4, 16, 64
_DOUBT, _DOUBT_LATER = 1.5, 2.0
"""Standard deviations that a number of rows is reckoned to be off by: now, and the next time."""
_CHEAP = 0.003
"""Seconds."""

_LONGEST_LOOK, _TIMES_LONGER = 0.5, 4
"""Seconds, and how many times as many the next time."""
_MOST_REMEMBERED = 512
_LONGEST_REMEMBERED = 16 * 24 * 60 * _MINUTE
"""The first windows are little of what is needed beyond."""


class Guess(NamedTuple):
    """
    A first window by what was needed before.

    Attributes:
        width: Its width in microseconds.
        seconds: How long a look at it may take before the guess counts as wrong.
    """

    width: int
    seconds: float


class Widths:
    """
    The widths of one search's windows, each chosen by what was found so far.

    Args:
        top: Where the first window ends.
        limit: How many rows are wanted.
        guess: The first window; a minute where nothing is known.

    Attributes:
        next: Width of the next window.
        expected: Seconds that a look at it may take.
    """

    def __init__(self, top: int, limit: int, guess: Guess | None = None) -> None:
        now = time.time_ns() // 1000  # where most trails end
        self.next = guess.width if guess else _MINUTE
        self.expected = 0.0
        self._start = min(top, now)
        self._limit = limit
        self._is_expected = False

    def since(self, top: int) -> int:
        """Where the next window begins that ends at `top`."""
        return min(top, self._start) - self.next

    def grow(self, times: float, took: float) -> None:
        """Make the next window so many times as wide as the last one, which took so long."""
        self.next = max(_SECOND, int(self.next * times))
        self.expected = took * times

    def choose(self, since: int, found: int, took: float) -> None:
        """
        Choose the next width.

        Args:
            since: Where the last window began.
            found: How many rows were found so far.
            took: Seconds that the last window took.
        """
        is_cheap = took < _CHEAP
        most = _TIMES_WIDER_IF_CHEAP if is_cheap else _TIMES_WIDER_AT_MOST
        if found:
            rest = self._limit - found
            likely = (rest + _DOUBT * math.sqrt(rest) + 1) / found
            wanted = likely * (self._start - since) / self.next
            # What was expected and did not come may have been the end of a burst.
            least = _TIMES_LITTLE_WIDER if self._is_expected else 0
            self._is_expected = wanted <= most
            self.grow(min(most, max(least, wanted)), took)
        elif is_cheap:  # of so many rows not one was wanted: of many times as many, some may be
            self.grow(min(most, max(_TIMES_WIDER_AT_MOST, self._limit)), took)
        else:
            self.grow(_TIMES_WIDER, took)


class RememberedWidths:
    """
    What searches for the newest rows needed, in one process.

    It may be wrong by any factor: after a quiet night comes a bulk load.

    Args:
        seconds: How long a look at a window of a remembered width may take, at first.
    """

    def __init__(self, seconds: float = _LONGEST_LOOK) -> None:
        self._seconds = seconds
        self._widths: dict[TrailQuery, int] = {}

    def guess_for(self, query: TrailQuery) -> Guess | None:
        """Give a first window; None where nothing is known."""
        if not _is_for_newest(query):
            return None
        width = self._widths.get(_kind_of(query)) or self._least(query.limit)
        return None if width is None else Guess(width, self._seconds)

    def learn(self, query: TrailQuery, needed: int) -> None:
        """Remember that what `query` wants was found in the newest `needed` microseconds."""
        if not _is_for_newest(query):
            return
        kind = _kind_of(query)
        self._widths.pop(kind, None)
        if needed > _LONGEST_REMEMBERED:
            return
        likely = needed * (1 + _DOUBT_LATER / math.sqrt(query.limit))
        self._widths[kind] = min(_LONGEST_REMEMBERED, max(_SECOND, int(likely)))
        if len(self._widths) > _MOST_REMEMBERED:
            del self._widths[next(iter(self._widths))]

    def forget(self) -> None:
        """
        Forget everything: the trail is not what it was. The next guesses are given longer.

        A short time would never do where every look takes long: while much of the index is not
        summarized yet.
        """
        self._widths.clear()
        self._seconds *= _TIMES_LONGER

    def _least(self, limit: int) -> int | None:
        """What any search for at least as many rows needed: not many more are in it."""
        return min(
            (width for kind, width in self._widths.items() if kind.limit >= limit), default=None
        )


def _is_for_newest(query: TrailQuery) -> bool:
    return query.until is None and query.before is None


def _kind_of(query: TrailQuery) -> TrailQuery:
    return replace(query, since=None)
