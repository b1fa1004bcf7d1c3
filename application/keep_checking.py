"""
Checking in the background whether transactions of the source arrived whole.

    END records since the first that was pending ──▶ CheckCompleteness ──▶ missing ──▶ audit_gap
         │ none: nobody is asked                        └── pending: looked at again next time
         └── Kafka or the database is away ──▶ back off

A trail without END records costs one look at an index. Between two pages it rests, so that it takes
no more than a fifth of one session, however many transactions there are. What was `unknown` becomes
no gap, and is left: `cdc-audit verify completeness` tells of it at any time.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from application.check_completeness import CheckCompleteness, EndedTransactions, EndsQuery, now
from application.patience import BackOff
from domain.completeness import JudgedTransaction, TransactionState
from domain.errors import RepositoryError, SourceUnavailableError

logger = logging.getLogger(__name__)

CHECK_EVERY = 300.0
"""Seconds between two checks, if nothing else is said."""

WINDOW = 86_400_000_000
"""Transactions whose END was stored longer ago (microseconds) are not looked at any more."""

_OVERLAP = 180_000_000
"""So long (microseconds) an END record may have its time, and not be committed yet."""

_AHEAD = 3_600_000_000
"""So far (microseconds) the database's clock may be ahead of ours."""

_REST = 4.0
"""Seconds of rest for each second that a page took."""


class CompletenessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the last check found.

    Attributes:
        checked_at: When it ended, seconds since 1970; None before the first that had any
            transaction to look at.
        counts: How many of the transactions that it looked at are in each state.
        trouble: Why checks cannot be made now, in words; None where they can.
    """

    checked_at: float | None = None
    counts: Mapping[TransactionState, int] = MappingProxyType({})
    trouble: str | None = None


class KeepChecking:
    """
    Checks, and records what is missing as gaps, until cancelled.

    Args:
        transactions: The transactions.
        check: Judges them.
        every: Seconds between two checks; 0 makes none.
        clock: Microseconds since 1970, UTC.
        back_off: Pauses while something is away; None for the usual ones.
    """

    def __init__(
        self,
        transactions: EndedTransactions,
        check: CheckCompleteness,
        *,
        every: float = CHECK_EVERY,
        clock: Callable[[], int] = now,
        back_off: BackOff | None = None,
    ) -> None:
        self._transactions = transactions
        self._check = check
        self._every = every
        self._clock = clock
        self._back_off = back_off or BackOff(first=1.0, longest=60.0)
        self._since = 0
        self._status = CompletenessStatus()

    def status(self) -> CompletenessStatus:
        """Tell what the last check found."""
        return self._status

    async def run(self) -> None:
        """Check for ever. Nothing that is away ends it."""
        while self._every > 0:
            pause = await self.round()
            await asyncio.sleep(pause)

    async def round(self) -> float:
        """
        Check once.

        Returns:
            Seconds to wait before the next round.
        """
        try:
            await self._look()
        except (RepositoryError, SourceUnavailableError) as error:
            if self._status.trouble is None:
                logger.warning(
                    "checking transactions waits for what is away", extra={"reason": str(error)}
                )
            self._status = msgspec.structs.replace(self._status, trouble=str(error))
            return self._back_off.next_pause()
        self._back_off.reset()
        return self._every

    async def _look(self) -> None:
        now = self._clock()
        since = max(self._since, now - WINDOW)
        query = EndsQuery(since=since, until=now + _AHEAD)
        if not await self._transactions.ended(msgspec.structs.replace(query, limit=1)):
            self._status = msgspec.structs.replace(self._status, trouble=None)
            return
        counts: Counter[TransactionState] = Counter()
        began, reached = time.monotonic(), since
        pending: int | None = None
        async for page in self._check.run(query):
            await self._record(page)
            counts.update(one.state for one in page)
            pending = _first_pending(page) if pending is None else pending
            reached = page[-1].transaction.recorded_at
            await asyncio.sleep(_REST * (time.monotonic() - began))
            began = time.monotonic()
        # By the database's own clock, as far as it has been seen.
        self._since = max(since, min(reached - _OVERLAP, reached if pending is None else pending))
        self._status = CompletenessStatus(checked_at=self._clock() / 1e6, counts=counts)

    async def _record(self, page: Sequence[JudgedTransaction]) -> None:
        recorded = await self._check.record(page)
        if recorded:
            logger.warning(
                "transactions of the source lack changes: they are gaps now",
                extra={"transactions": recorded},
            )


def _first_pending(page: Sequence[JudgedTransaction]) -> int | None:
    """When the END of the first that is pending was stored."""
    pending = (one for one in page if one.state is TransactionState.PENDING)
    return next((one.transaction.recorded_at for one in pending), None)
