"""Being fenced once is bad luck; again and again by the same writer, there is one too many."""

from collections import deque

TOO_MANY = 3
WITHIN = 60.0


class FencingWatch:
    """
    Counts how often other writers moved our offsets.

    Args:
        limit: So many times by the same writer are too many,
        within: in so many seconds.

    Attributes:
        count: How often it happened since the start.
    """

    def __init__(self, *, limit: int = TOO_MANY, within: float = WITHIN) -> None:
        self._limit = limit
        self._within = within
        self._times: dict[str | None, deque[float]] = {}
        self.count = 0

    def fenced(self, writer: str | None, *, now: float) -> bool:
        """
        Count one fencing by `writer`. `now` is monotonic, in seconds.

        Returns:
            Whether it was one too many: then stop, and name the writer.
        """
        self.count += 1
        times = self._times.setdefault(writer, deque(maxlen=self._limit))
        times.append(now)
        return len(times) == self._limit and now - times[0] <= self._within

    def claimed(self) -> None:
        """
        Count anew: the group has just shared out its partitions.

        Whoever lost them may still store what it has, once for each batch under way, and may be
        frozen and wake up again and again: it is no rival.
        """
        self._times.clear()
