"""
Verifies the accounting identity: recounts what the trail's counters say from its rows.

    Books ──▶ recount: audited, baseline, control, quarantined, gaps ──▶ differences, by partition
    Books + topic, read again ──▶ all six, and each row's bytes ──▶ differences, offset by offset

Of control messages, heartbeats and tombstones are only counted, and what a rule skipped or a log
never had leaves no row: these are recounted from the topic alone (`deep_verification.py`).
"""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence

import msgspec

from application.bookkeeping import Bookkeeping, Books
from domain.account import Account, Difference, OffsetRange, Trace
from domain.disposition import Disposition
from domain.gap import LedgerGap
from domain.stream import StreamPartition

MOST_RANGES = 20
"""Ranges of offsets that one difference names."""

_PROGRESS_EVERY = 10_000


class VerifiedPartition(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was found in one partition.

    Attributes:
        account: What its counters say.
        rows: Rows that were counted.
        differences: What does not fit; none is right.
        reread: Which offsets were read again from the topic; None for none.
        remark: Why not all of it could be verified, in words; None if it could.
    """

    account: Account
    rows: int
    differences: Sequence[Difference] = ()
    reread: OffsetRange | None = None
    remark: str | None = None


class Progress(msgspec.Struct, frozen=True):
    """
    How far one partition is verified.

    Attributes:
        partition: The partition.
        done: Rows or records that were looked at.
        total: How many there may be.
        verified: The result, once it is there.
    """

    partition: StreamPartition
    done: int
    total: int
    verified: VerifiedPartition | None = None


class OffsetRanges:
    """Collects offsets that come in order into ranges, and keeps the first of these."""

    def __init__(self) -> None:
        self.found: list[OffsetRange] = []
        self.count = 0

    def add(self, first: int, following: int | None = None) -> None:
        """Add an offset, or those from `first` up to before `following`."""
        following = first + 1 if following is None else following
        self.count += following - first
        if self.found and self.found[-1][1] == first:
            self.found[-1] = (self.found[-1][0], following)
        elif len(self.found) < MOST_RANGES:
            self.found.append((first, following))


class VerifyAccounting:
    """
    Recounts a trail.

    Args:
        bookkeeping: Opens its books.
    """

    def __init__(self, bookkeeping: Bookkeeping) -> None:
        self._bookkeeping = bookkeeping

    async def run(self, topic: str | None = None) -> AsyncGenerator[Progress]:
        """
        Verify every partition, or those of `topic`, and tell how far it is.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        for partition in await self._bookkeeping.partitions():
            if topic in (None, partition.topic):
                async with self._bookkeeping.open(partition) as books:
                    async for progress in recount(books):
                        yield progress


async def recount(books: Books) -> AsyncGenerator[Progress]:
    """Recount one partition from its rows."""
    count = Recount(books.account, books.gaps)
    rows, total = 0, books.account.tally.total
    async for trace in books.traces():
        count.add(trace)
        rows += 1
        if rows % _PROGRESS_EVERY == 0:
            yield Progress(books.account.partition, rows, total)
    verified = VerifiedPartition(
        account=books.account, rows=rows, differences=tuple(count.differences())
    )
    yield Progress(books.account.partition, total, total, verified)


class Recount:
    """
    Compares the rows of one partition with its counters.

    Args:
        account: The counters.
        gaps: Its gaps, in the order of their offsets.
    """

    def __init__(self, account: Account, gaps: Sequence[LedgerGap]) -> None:
        self._account = account
        self._gaps = gaps
        self._counts: Counter[Disposition] = Counter()
        self._following = account.first_offset
        self._last: int | None = None
        self._twice = OffsetRanges()
        self._outside = OffsetRanges()
        self._without = OffsetRanges()

    def add(self, trace: Trace) -> None:
        """Count a row. They come in the order of their offsets."""
        offset = trace.offset
        if not self._account.first_offset <= offset < self._account.next_offset:
            self._outside.add(offset)
            return
        self._counts[trace.disposition] += 1
        if offset == self._last:
            self._twice.add(offset)
            return
        if offset > self._following:
            self._without.add(self._following, offset)
        self._last, self._following = offset, offset + 1

    def differences(self) -> Sequence[Difference]:
        """What does not fit, once all rows were counted."""
        if self._following < self._account.next_offset:
            self._without.add(self._following, self._account.next_offset)
            self._following = self._account.next_offset
        return [*self._identity(), *self._rows(), *self._traceless(), *self._absent()]

    def difference(self, what: str, ranges: OffsetRanges | None = None) -> Difference:
        """Make a difference of this partition."""
        partition = self._account.partition
        return Difference(
            topic=partition.topic,
            stream_id=partition.stream_id,
            partition=partition.partition,
            what=what,
            offsets=tuple(ranges.found) if ranges else (),
        )

    def _identity(self) -> Sequence[Difference]:
        account = self._account
        if not account.unaccounted:
            return ()
        return [
            self.difference(
                f"{account.next_offset - account.first_offset} offsets lie behind the trail, and "
                f"its counters tell of {account.tally.total}"
            )
        ]

    def _rows(self) -> Sequence[Difference]:
        tally = self._account.tally
        found = [
            self.difference(
                f"{told} {disposition.value} were counted, and {self._counts[disposition]} rows "
                f"are there",
                self._without if self._counts[disposition] < told else None,
            )
            for disposition, told in (
                (Disposition.AUDITED, tally.audited),
                (Disposition.BASELINE, tally.baseline),
                (Disposition.QUARANTINED, tally.quarantined),
            )
            if self._counts[disposition] != told
        ]
        if self._counts[Disposition.CONTROL] > tally.control:
            found.append(
                self.difference(
                    f"{tally.control} control messages were counted, and "
                    f"{self._counts[Disposition.CONTROL]} rows are there"
                )
            )
        for ranges, what in (
            (self._twice, "offsets have more than one row"),
            (self._outside, "rows are outside the offsets that the trail answers for"),
        ):
            if ranges.count:
                found.append(self.difference(f"{ranges.count} {what}", ranges))
        return found

    def _traceless(self) -> Sequence[Difference]:
        """Offsets without a row must all be absent, skipped, or counted-only control messages."""
        tally = self._account.tally
        counted_only = max(0, tally.control - self._counts[Disposition.CONTROL])
        allowed = tally.absent + tally.skipped + counted_only
        if self._without.count == allowed:
            return ()
        return [
            self.difference(
                f"{self._without.count} offsets have no row, and {allowed} may have none: "
                f"{tally.absent} absent, {tally.skipped} skipped, {counted_only} control messages "
                f"that are only counted",
                self._without,
            )
        ]

    def _absent(self) -> Sequence[Difference]:
        account, missing = self._account, 0
        reached = account.first_offset
        for gap in self._gaps:
            first = max(gap.first_offset, reached)
            reached = max(reached, min(gap.next_offset, account.next_offset))
            missing += max(0, reached - first)
        if missing <= account.tally.absent:
            return ()
        return [
            self.difference(
                f"its gaps span {missing} offsets, and {account.tally.absent} were counted absent"
            )
        ]
