"""Numbers that are asked for when somebody looks: a scrape, a probe, the page's header."""

from collections.abc import Awaitable, Callable

import msgspec


class PoolUsage(msgspec.Struct, frozen=True, kw_only=True):
    """
    A connection pool at one moment.

    Attributes:
        size: Connections that are open.
        idle: Open ones that nobody uses.
        waiting: Requests that wait for one.
        limit: Most connections that the pool opens.
    """

    size: int
    idle: int
    waiting: int
    limit: int


class TrailCondition(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail knows to be missing from it.

    Attributes:
        open_quarantine: Records in quarantine that nobody has retried or resolved.
        open_gaps: Gaps that lose changes and that nobody has acknowledged.
    """

    open_quarantine: int = 0
    open_gaps: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether what people read may be incomplete."""
        return self.open_quarantine > 0 or self.open_gaps > 0


AskCondition = Callable[[], Awaitable[TrailCondition]]
"""Asks the trail for its condition. Raises a `RepositoryError` where it cannot be read."""
