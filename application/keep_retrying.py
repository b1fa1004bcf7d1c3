"""
Retrying in the background, beside a pipeline that must not notice.

    RetryLedger.claim_due ──▶ RetryQuarantined.retry, one after the other ──▶ again, after a pause
                                     └── trouble ──▶ put back, uncounted ──▶ back off

An entry is taken for `LEASE` seconds: a process that ends meanwhile leaves it to the next one.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from application.patience import BackOff
from application.quarantine_ledger import RetryLedger
from application.retry_quarantined import RetryQuarantined, RetrySchedule
from domain.errors import (
    RepositoryError,
    SchemaRegistryUnavailableError,
    SourceUnavailableError,
    TransformerUnavailableError,
)
from domain.quarantine_entry import QuarantineEntry

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks for entries that are due, at most."""

AT_ONCE = 20
"""Entries that are taken together, and retried one after the other."""

LEASE = 300.0
"""Seconds for which entries are taken."""

_TROUBLE = (
    RepositoryError,
    SourceUnavailableError,
    SchemaRegistryUnavailableError,
    TransformerUnavailableError,
)


class KeepRetrying:
    """
    Retries what is due, until cancelled.

    Args:
        ledger: Where the quarantine is.
        retry: Retries one entry.
        schedule: When entries are due.
        back_off: Pauses while something is away; None for the usual ones.
    """

    def __init__(
        self,
        ledger: RetryLedger,
        retry: RetryQuarantined,
        schedule: RetrySchedule,
        *,
        back_off: BackOff | None = None,
    ) -> None:
        self._ledger = ledger
        self._retry = retry
        self._schedule = schedule
        self._back_off = back_off or BackOff(first=1.0, longest=60.0)
        self._is_away = False

    async def run(self) -> None:
        """Retry for ever. Nothing that is away ends it."""
        while True:
            pause = await self.round()
            await asyncio.sleep(pause)

    async def round(self) -> float:
        """
        Retry some of what is due now.

        Returns:
            Seconds to wait before the next round; 0 if more may be due.
        """
        try:
            count = await self._retry_due()
        except _TROUBLE as error:
            if not self._is_away:
                logger.warning("retrying waits for what is away", extra={"reason": str(error)})
            self._is_away = True
            return self._back_off.next_pause()
        if self._is_away:
            logger.info("retrying goes on")
            self._is_away = False
            self._back_off.reset()
        return 0.0 if count == AT_ONCE else min(LOOK_EVERY, self._schedule.first)

    async def _retry_due(self) -> int:
        entries = await self._ledger.claim_due(
            limit=AT_ONCE, first_delay=self._schedule.first, lease=LEASE
        )
        outcomes: Counter[str] = Counter()
        for number, entry in enumerate(entries):
            try:
                report = await self._retry.retry(entry)
            except _TROUBLE:
                await self._put_back(entry, entries[number + 1 :])
                raise
            outcomes[report.outcome.value] += 1
            if report.failure is not None:
                logger.info(
                    "retry failed",
                    extra={"entry": entry.error_id, "error_type": report.failure.error_type},
                )
        if outcomes:
            logger.info("quarantined records retried", extra=dict(outcomes))
        return len(entries)

    async def _put_back(self, troubled: QuarantineEntry, others: Sequence[QuarantineEntry]) -> None:
        """Give entries back: those that were not tried come first then, lest one keeps all out."""
        try:
            await self._ledger.put_back([troubled], delay=self._schedule.first)
            await self._ledger.put_back(others, delay=0.0)
        except RepositoryError:  # their lease ends by itself
            logger.debug("entries not put back", extra={"entries": 1 + len(others)})
