"""Numbers that are asked for when somebody looks: a scrape, a probe, the page's header."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from domain.disposition import Tally


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


TOLD_GAPS = 5
"""Open gaps that a probe is told in words; the ledger has all."""


class TrailCondition(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail knows to be missing from it.

    Attributes:
        open_quarantine: Records in quarantine that nobody has retried or resolved.
        open_gaps: Gaps that lose changes and that nobody has acknowledged.
        gaps: The oldest of them in words; no more than `TOLD_GAPS`.
        offsets: What became of every offset, over all stream partitions.
        unaccounted: Offsets that no counter tells of: 0 where the accounting identity holds.
    """

    open_quarantine: int = 0
    open_gaps: int = 0
    gaps: Sequence[str] = ()
    offsets: Tally = Tally()
    unaccounted: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether what people read may be incomplete."""
        return self.open_quarantine > 0 or self.open_gaps > 0

    @property
    def reason(self) -> str | None:
        """Why the trail is degraded, and what to do, in words; None where no gap is open."""
        if not self.open_gaps:
            return None
        rest = self.open_gaps - len(self.gaps)
        more = f"; and {rest} more" if rest else ""
        return (
            f"changes may be missing: {'; '.join(self.gaps)}{more}. `cdc-audit gap list --open` "
            f"shows the gaps; `cdc-audit gap acknowledge ID --reason TEXT` takes note of one."
        )


AskCondition = Callable[[], Awaitable[TrailCondition]]
"""Asks the trail for its condition. Raises a `RepositoryError` where it cannot be read."""
