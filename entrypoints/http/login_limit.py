"""How often somebody may try to log in."""

from collections import deque
from collections.abc import Callable

_WINDOW = 60.0
_MOST_ADDRESSES = 10_000


class LoginLimit:
    """
    Counts failed log-ins of the last minute, by address.

    Args:
        attempts: Failures after which an address waits.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, attempts: int, *, clock: Callable[[], float]) -> None:
        self._attempts = attempts
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}

    def wait(self, address: str) -> float:
        """Seconds for which `address` may not try; 0 if it may."""
        failures = self._recent(address)
        if len(failures) < self._attempts:
            return 0.0
        return failures[-self._attempts] + _WINDOW - self._clock()

    def failed(self, address: str) -> None:
        """Note a failure."""
        if address not in self._failures and len(self._failures) >= _MOST_ADDRESSES:
            self._forget()
        self._failures.setdefault(address, deque()).append(self._clock())

    def _recent(self, address: str) -> deque[float]:
        failures = self._failures.get(address, deque())
        while failures and failures[0] + _WINDOW <= self._clock():
            failures.popleft()
        return failures

    def _forget(self) -> None:
        """Make room: those without a recent failure go, else the one that began first."""
        for address in [a for a in self._failures if not self._recent(a)]:
            del self._failures[address]
        if len(self._failures) >= _MOST_ADDRESSES:
            del self._failures[next(iter(self._failures))]
