"""Sessions that ended before their time: a copy of the cookie must open nothing any more."""

from collections.abc import Callable

_MOST = 100_000


class EndedSessions:
    """
    Remembers ended sessions for as long as their cookies would be good.

    They are known to this process only: a cookie that outlives it needs `session_secret`.

    Args:
        seconds: How long a cookie is good at most.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends: dict[str, float] = {}

    def add(self, secret: str) -> None:
        """Remember the session with this secret."""
        now = self._clock()
        while self._ends:  # the oldest first
            oldest = next(iter(self._ends))
            if self._ends[oldest] > now and len(self._ends) < _MOST:
                break
            del self._ends[oldest]
        if secret:
            self._ends[secret] = now + self._seconds

    def __contains__(self, secret: object) -> bool:
        return secret in self._ends
