"""Waiting for what is away: back-off with jitter, and the list of what is waited for."""

import asyncio
import random
from collections.abc import Callable, Hashable

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class BackOff:
    """
    Pauses that double from try to try, with jitter, up to a limit.

    Args:
        first: The first pause, in seconds.
        longest: The longest pause, in seconds.
        chance: Gives a number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        *,
        first: float = FIRST_PAUSE,
        longest: float = LONGEST_PAUSE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance
        self._tries = 0

    def reset(self) -> None:
        """Begin again with the first pause."""
        self._tries = 0

    def next_pause(self) -> float:
        """Give the next pause in seconds: between half of it and all of it."""
        whole = min(self._first * 2.0 ** min(self._tries, 32), self._longest)
        self._tries += 1
        return whole * (0.5 + 0.5 * self._chance())


class Holds:
    """
    Why the source is held now. It is paused while there is a reason, and resumed after the last.

    Args:
        pause: Holds the source.
        resume: Lets it go.
    """

    def __init__(self, *, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._reasons: dict[Hashable, str | None] = {}

    @property
    def reason(self) -> str | None:
        """What is waited for, in words; None while nothing outside is."""
        return next((r for r in self._reasons.values() if r is not None), None)

    def __contains__(self, holder: Hashable) -> bool:
        return holder in self._reasons

    def hold(self, holder: Hashable, reason: str | None = None) -> None:
        """Hold the source for `holder`. Without a reason it is only full, not in trouble."""
        if not self._reasons:
            self._pause()
        self._reasons[holder] = reason

    def let_go(self, holder: Hashable) -> None:
        """End the holding of `holder`."""
        if self._reasons.pop(holder, self) is self:
            return
        if not self._reasons:
            self._resume()


class QueueRoom:
    """
    Bounds what is queued, in bytes.

    Without room nothing is polled; after a while of that the source is held, and polled on, so
    that it stays in its group.

    Args:
        limit: Bytes from which on there is no room.
        holds: Held when there was no room for `patience`.
        patience: In seconds.
    """

    def __init__(self, limit: int, holds: Holds, *, patience: float = 5.0) -> None:
        self._limit = limit
        self._holds = holds
        self._patience = patience
        self._queued = 0
        self._changed = asyncio.Event()

    @property
    def queued(self) -> int:
        """Bytes that are queued."""
        return self._queued

    def taken(self, size: int) -> None:
        """So many bytes more are queued."""
        self._queued += size

    def freed(self, size: int) -> None:
        """So many bytes are queued no longer."""
        self._queued -= size
        if self._queued < self._limit:
            self._changed.set()
            self._holds.let_go(self)

    async def wait(self) -> None:
        """Wait for room; a source that is held may be polled without."""
        if self._queued < self._limit or self in self._holds:
            return
        self._changed.clear()
        if not await wait_for_event(self._changed, self._patience):
            self._holds.hold(self)


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for `event`, at most so long. Whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True
