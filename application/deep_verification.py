"""
Verifies the trail against the topic itself, where it still exists: offset by offset.

    topic, read again ──▶ decode ──┐
    rows of the trail ─────────────┼──▶ same offset, same disposition, same canonical bytes?
    gaps ──▶ not read, absent ─────┘

It decodes with the settings of now: rules or types that were others when a row was stored show as
differences. A record that is in quarantine may be decodable: PostgreSQL refused its row, or what it
lacked came later; it stays quarantined until it is retried.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence

import msgspec

from application.bookkeeping import Bookkeeping, Books, TopicReader
from application.ports import RecordDecoder
from application.transform_records import DEFAULT_MAX_RECORD_BYTES
from application.verify_accounting import (
    OffsetRanges,
    Progress,
    Recount,
    VerifiedPartition,
    recount,
)
from domain.account import Account, Difference, OffsetRange, Trace
from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.consumed import ConsumedRecord, size_of
from domain.control import COUNTED_ONLY, ControlMessage
from domain.disposition import Disposition, Tally
from domain.errors import SchemaRegistryUnavailableError
from domain.gap import LedgerGap
from domain.operation import OperationTypeEnum

ABSENT = "absent"
_PROGRESS_EVERY = 2_000


class Redecoded(msgspec.Struct, frozen=True, gc=False):
    """
    What a record of the topic becomes, decoded again.

    Attributes:
        disposition: What becomes of it.
        record: The row, if it is one of the trail.
        leaves_row: Whether a row is kept of it.
    """

    disposition: Disposition
    record: AuditRecord | None = None
    leaves_row: bool = True


class VerifyDeeply:
    """
    Recounts a trail from its rows and from its topics.

    Args:
        bookkeeping: Opens the books.
        topics: Reads topics again.
        decoder: Decodes as the service does.
        max_record_bytes: Larger records are quarantined by reference.
    """

    def __init__(
        self,
        bookkeeping: Bookkeeping,
        topics: TopicReader,
        decoder: RecordDecoder,
        *,
        max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES,
    ) -> None:
        self._bookkeeping = bookkeeping
        self._topics = topics
        self._decoder = decoder
        self._max_record_bytes = max_record_bytes

    async def run(self, topic: str | None = None) -> AsyncGenerator[Progress]:
        """
        Verify every partition, or those of `topic`, and tell how far it is.

        Raises:
            RepositoryError: The trail cannot be read now.
            SourceUnavailableError: Kafka cannot be read now.
            SchemaRegistryUnavailableError: The registry is away.
        """
        for partition in await self._bookkeeping.partitions():
            if topic in (None, partition.topic):
                async with self._bookkeeping.open(partition) as books:
                    async for progress in self._verify(books):
                        yield progress

    async def _verify(self, books: Books) -> AsyncGenerator[Progress]:
        account = books.account
        extent = await self._topics.extent(account)
        if extent is None:
            async for progress in recount(books):
                yield _with_remark(progress, "its topic is gone: recounted from its rows alone")
            return
        end = min(account.next_offset, extent.next_offset)
        start = min(max(account.first_offset, extent.first_offset), end)
        comparison = Comparison(account, books.gaps, (start, end))
        done = 0
        traces = books.traces(whole=True)
        trace = await anext(traces, None)
        async for record in self._records(account, books.gaps, (start, end)):
            while trace is not None and trace.offset < record.offset:
                comparison.only_row(trace)
                trace = await anext(traces, None)
            redecoded = self._redecode(record, account)
            if trace is not None and trace.offset == record.offset:
                comparison.both(redecoded, trace)
                trace = await anext(traces, None)
            else:
                comparison.only_record(redecoded, record.offset)
            done += 1
            if done % _PROGRESS_EVERY == 0:
                yield Progress(account.partition, record.offset - start, end - start)
        while trace is not None:
            comparison.only_row(trace)
            trace = await anext(traces, None)
        yield Progress(account.partition, end - start, end - start, comparison.verified())

    async def _records(
        self, account: Account, gaps: Sequence[LedgerGap], wanted: OffsetRange
    ) -> AsyncGenerator[ConsumedRecord]:
        """What the topic has outside the gaps: inside, it may be damaged."""
        for start, end in outside(gaps, wanted):
            async for record in self._topics.read(account.partition, start=start, end=end):
                yield record

    def _redecode(self, record: ConsumedRecord, account: Account) -> Redecoded:
        if size_of(record) > self._max_record_bytes:
            return Redecoded(Disposition.QUARANTINED)
        try:
            result = self._decoder.decode(record, account.partition.stream_id)
        except SchemaRegistryUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - as the service: whatever it is, the record is poison
            return Redecoded(Disposition.QUARANTINED)
        if isinstance(result, AuditRecord):
            is_baseline = result.operation is OperationTypeEnum.SNAPSHOT
            return Redecoded(Disposition.BASELINE if is_baseline else Disposition.AUDITED, result)
        if isinstance(result, ControlMessage):
            return Redecoded(Disposition.CONTROL, leaves_row=result.kind not in COUNTED_ONLY)
        return Redecoded(Disposition.SKIPPED, leaves_row=False)


class Comparison:
    """
    Holds the rows of one partition against the records of its topic.

    Args:
        account: The counters.
        gaps: Its gaps, in the order of their offsets.
        reread: Which offsets of the topic are read.
    """

    def __init__(self, account: Account, gaps: Sequence[LedgerGap], reread: OffsetRange) -> None:
        self._account = account
        self._reread = reread
        self._recount = Recount(account, gaps)
        self._counts: Counter[Disposition] = Counter()
        self._found: dict[str, OffsetRanges] = {}
        self._rows = 0
        self._last: int | None = None

    def both(self, redecoded: Redecoded, trace: Trace) -> None:
        """Compare the record and the row of one offset."""
        self._count_row(trace)
        expected, told = redecoded.disposition, trace.disposition
        self._counts[told if told is Disposition.QUARANTINED else expected] += 1
        if told is Disposition.QUARANTINED and expected is not Disposition.SKIPPED:
            return
        if told is not expected:
            self._note(
                f"offsets are {told.value} in the trail, and {expected.value} by the topic",
                trace.offset,
            )
        elif not _is_same(redecoded.record, trace.record):
            self._note("rows differ from what the topic's records become", trace.offset)

    def only_record(self, redecoded: Redecoded, offset: int) -> None:
        """A record of the topic, and no row at its offset."""
        self._counts[redecoded.disposition] += 1
        if redecoded.leaves_row:
            self._note(f"{redecoded.disposition.value} records have no row in the trail", offset)

    def only_row(self, trace: Trace) -> None:
        """A row, and no record of the topic at its offset, or a second row there."""
        is_second = trace.offset == self._last
        self._count_row(trace)
        start, end = self._reread
        if start <= trace.offset < end and not is_second:
            self._note("rows are at offsets where the topic has no record", trace.offset)

    def verified(self) -> VerifiedPartition:
        """The result, once everything was compared."""
        differences = [
            self._recount.difference(f"{ranges.count} {what}", ranges)
            for what, ranges in self._found.items()
        ]
        start, end = self._reread
        is_whole = self._reread == (self._account.first_offset, self._account.next_offset)
        return VerifiedPartition(
            account=self._account,
            rows=self._rows,
            differences=(
                *self._recount.differences(),
                *differences,
                *(self._totals() if is_whole else ()),
            ),
            reread=self._reread,
            remark=None
            if is_whole
            else f"only the offsets from {start} up to before {end} are still in the topic",
        )

    def _totals(self) -> Sequence[Difference]:
        """Compare all six counters, where the topic has every offset."""
        start, end = self._reread
        counts = {name.value: self._counts[name] for name in Disposition}
        counted = Tally(**counts, absent=end - start - sum(counts.values()))
        told = self._account.tally
        return [
            self._recount.difference(
                f"{getattr(told, name)} {name} were counted, and {getattr(counted, name)} are "
                f"{name} by the topic"
            )
            for name in Tally.__struct_fields__
            if getattr(told, name) != getattr(counted, name)
        ]

    def _count_row(self, trace: Trace) -> None:
        self._recount.add(trace)
        self._rows += 1
        self._last = trace.offset

    def _note(self, what: str, offset: int) -> None:
        self._found.setdefault(what, OffsetRanges()).add(offset)


def outside(gaps: Sequence[LedgerGap], wanted: OffsetRange) -> Sequence[OffsetRange]:
    """Which parts of `wanted` are in no gap. Holes of compaction are read: nothing is there."""
    start, end = wanted
    parts: list[OffsetRange] = []
    for gap in gaps:
        if gap.cause == "compacted" or gap.next_offset <= start or gap.first_offset >= end:
            continue
        if gap.first_offset > start:
            parts.append((start, gap.first_offset))
        start = max(start, gap.next_offset)
    if start < end:
        parts.append((start, end))
    return parts


def _is_same(redecoded: AuditRecord | None, stored: AuditRecord | None) -> bool:
    if redecoded is None or stored is None:
        return redecoded is stored
    return canonical_bytes(redecoded) == canonical_bytes(stored)


def _with_remark(progress: Progress, remark: str) -> Progress:
    if progress.verified is None:
        return progress
    verified = msgspec.structs.replace(progress.verified, remark=remark)
    return msgspec.structs.replace(progress, verified=verified)
