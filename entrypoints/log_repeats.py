"""
Other libraries' messages, each kind of it now and then: an outage must not flood the log.

With a broker away, a client logs the same line many times a second, while our own log says once
what is waited for. So the same message of a library passes once in a while, with how many it
stands for. Our own messages always pass.
"""

import logging
import time
from collections.abc import Callable, Collection

EVERY = 30.0
"""Seconds between two messages of the same kind."""

_MOST_KINDS = 1_000


class RepeatFilter(logging.Filter):
    """
    Lets the same message of a library pass once in `every` seconds.

    A message's kind is its logger, its level and its text before values are put into it.

    Args:
        ours: Roots of the loggers whose messages always pass.
        every: Seconds.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        ours: Collection[str],
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._ours = frozenset(ours)
        self._every = every
        self._clock = clock
        self._passed: dict[tuple[str, int, str], float] = {}
        self._held: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` passes; it then says how many were held back since the last one."""
        if record.name.partition(".")[0] in self._ours:
            return True
        kind = (record.name, record.levelno, str(record.msg))
        now = self._clock()
        last = self._passed.get(kind)
        if last is not None and now - last < self._every:
            self._held[kind] = self._held.get(kind, 0) + 1
            return False
        if len(self._passed) >= _MOST_KINDS:
            self._passed.clear()
            self._held.clear()
        self._passed[kind] = now
        held = self._held.pop(kind, 0)
        if held:
            record.held_back = held
        return True
