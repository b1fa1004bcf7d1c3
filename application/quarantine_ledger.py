"""
The quarantine's ports: for people who look after it, and for what retries by itself.

    QuarantineLedger: search, find, history, resolve     ◀── commands, HTTP API, page
    RetryLedger:      claim_due ──▶ place | fail | put_back
    RecordFinder:     find      ◀── records whose bytes were not kept
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.consumed import ConsumedRecord
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent, RetryFailure
from domain.transformed import TransformedBatch


class QuarantineQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which entries, and which page of them.

    Attributes:
        topic: Only of this topic.
        error_type: Only with this class of error.
        since: Only those quarantined at this time or later; microseconds since 1970, UTC.
        until: Only those quarantined before this time.
        is_open: Only open ones, or only resolved ones; None for both.
        error_ids: Only those with these numbers; None for all.
        oldest_first: The order; newest first otherwise.
        behind: The number of the last entry of the page before; None for the first page.
        limit: Most entries of the page.
    """

    topic: str | None = None
    error_type: str | None = None
    since: int | None = None
    until: int | None = None
    is_open: bool | None = None
    error_ids: Sequence[int] | None = None
    oldest_first: bool = False
    behind: int | None = None
    limit: int = 100


class QuarantineLedger(Protocol):
    """The quarantine, for people. Every method raises `ConnectionError` without its database."""

    async def search(self, query: QuarantineQuery) -> Sequence[QuarantineEntry]:
        """A page of entries, in the order of their numbers: at most `query.limit`."""
        ...

    async def find(self, error_id: int) -> QuarantineEntry | None:
        """The entry with this number."""
        ...

    async def history(self, error_id: int) -> Sequence[QuarantineEvent]:
        """What happened to the entry, oldest first, beginning with how it got there."""
        ...

    async def resolve(self, error_ids: Sequence[int], *, reason: str) -> Sequence[int]:
        """
        Resolve open entries without a row in the trail: they stay counted as quarantined.

        Returns:
            The numbers of those that were open, and are resolved now; sorted.
        """
        ...


class RetryLedger(Protocol):
    """The quarantine, for retrying. Every method raises `ConnectionError` without its database."""

    async def claim_due(
        self, *, limit: int, first_delay: float, lease: float
    ) -> Sequence[QuarantineEntry]:
        """
        Take entries whose time has come, so that nobody else takes them for `lease` seconds.

        They are open, accounted, have retries left, are of partitions that this writer has or
        that no running writer has, and ended no worker's process.

        Args:
            limit: Most entries to take.
            first_delay: Seconds from the quarantine to the first retry.
            lease: Seconds after which they are due again, should this process end.
        """
        ...

    async def place(
        self, entry: QuarantineEntry, batch: TransformedBatch, *, rehearse: bool = False
    ) -> RetryFailure | None:
        """
        Store what became of the record in its place, and resolve the entry: all of it, or none.

        The row has the record's own offset and time; one count moves from quarantined to what it
        became. Offsets do not move.

        Args:
            entry: The entry.
            batch: The record alone, transformed.
            rehearse: Do it, and take all of it back.

        Returns:
            Why the database refused the row; None if it is in its place now.

        Raises:
            AlreadyResolvedError: Somebody was faster.
        """
        ...

    async def fail(self, entry: QuarantineEntry, failure: RetryFailure, *, delay: float) -> None:
        """Count a retry that failed; the next one is due in `delay` seconds."""
        ...

    async def put_back(self, entries: Sequence[QuarantineEntry], *, delay: float) -> None:
        """Let entries be due again in `delay` seconds, and count nothing."""
        ...


class RecordFinder(Protocol):
    """Reads single records again where they came from."""

    async def find(self, entry: QuarantineEntry) -> ConsumedRecord | None:
        """
        The record that is at the entry's place in the same life of its topic; None if it is gone.

        Raises:
            SourceUnavailableError: It cannot be asked now.
        """
        ...
