"""What is missing from a trail in memory, and what it says of itself."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from adapters.memory.row_reader import shown
from adapters.memory.trail import MemoryTrail
from application.trail_facts import (
    Accounting,
    Activity,
    QuarantineCount,
    TableCoverage,
)
from domain.missing_part import Incompleteness, MissingKind, MissingPart
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceTable

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR


class MemoryMissingPartsReader:
    """Reads what is missing from a `MemoryTrail`."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def missing(
        self, *, streams: Collection[int] | None, since: int | None, until: int | None, limit: int
    ) -> Incompleteness:
        found = [
            part
            for part, earliest, latest in (*self._gaps(), *self._quarantine())
            if (streams is None or part.stream_id in streams)
            and (since is None or latest is None or latest >= since)
            and (until is None or earliest is None or earliest < until)
        ]
        return Incompleteness(tuple(found[:limit]), len(found) > limit)

    def _gaps(self) -> Iterator[tuple[MissingPart, int | None, int | None]]:
        """Each open gap, with the times of the records around it."""
        for number, gap in enumerate(self._trail.gaps, 1):
            if not gap.loses or number in self._trail.acknowledged:
                continue
            here = [
                r
                for s in self._trail.records.values()
                if (r := s.record).stream_id == gap.stream_id and r.kafka_partition == gap.partition
            ]
            before = [r for r in here if r.kafka_offset < gap.first_offset]
            behind = [r for r in here if r.kafka_offset >= gap.next_offset]
            earliest = max(before, key=lambda r: r.kafka_offset, default=None)
            latest = min(behind, key=lambda r: r.kafka_offset, default=None)
            part = MissingPart(
                kind=MissingKind.GAP,
                id=number,
                topic=self._trail.topic_of(gap.stream_id),
                stream_id=gap.stream_id,
                partition=gap.partition,
                first_offset=gap.first_offset,
                next_offset=gap.next_offset,
                cause=gap.cause.value,
            )
            yield (
                part,
                None if earliest is None else earliest.change_timestamp,
                None if latest is None else latest.change_timestamp,
            )

    def _quarantine(self) -> Iterator[tuple[MissingPart, int | None, int | None]]:
        for number, bad in open_quarantine(self._trail):
            at = None if bad.kafka_timestamp is None else bad.kafka_timestamp * 1000
            part = MissingPart(
                kind=MissingKind.QUARANTINE,
                id=number,
                topic=bad.topic,
                stream_id=bad.stream_id,
                partition=bad.kafka_partition,
                first_offset=bad.kafka_offset,
                next_offset=bad.kafka_offset + 1,
                cause=bad.error_type,
            )
            yield part, None if at is None else at - _DAY, at


class MemoryTrailHealthReader:
    """Reads what a `MemoryTrail` says of itself."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def quarantine(self) -> Sequence[QuarantineCount]:
        found = list(open_quarantine(self._trail))
        counts = Counter((bad.topic, bad.error_type) for _, bad in found)
        oldest: dict[tuple[str, str], int] = {}
        for number, bad in found:
            oldest.setdefault((bad.topic, bad.error_type), number)
        return [
            QuarantineCount(
                topic=topic,
                error_type=error_type,
                records=records,
                oldest_id=oldest[topic, error_type],
                oldest=0,
            )
            for (topic, error_type), records in sorted(
                counts.items(), key=lambda item: (-item[1], item[0])
            )
        ]

    async def accounting(self) -> Sequence[Accounting]:
        return [
            Accounting(
                stream_id=stream_id,
                topic=self._trail.topic_of(stream_id),
                partition=partition,
                first_offset=offset.first_offset,
                next_offset=offset.next_offset,
                tally=offset.tally,
            )
            for (stream_id, partition), offset in sorted(self._trail.offsets.items())
        ]

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        found: dict[SourceTable, Activity] = {}
        for stored in shown(self._trail):
            at = stored.record.change_timestamp
            if not since <= at < until:
                continue
            known = found.get(stored.source, Activity(stored.source, (), at, stored.recorded_at))
            found[stored.source] = Activity(
                stored.source,
                tuple(sorted({*known.hours, at - at % _HOUR})),
                max(known.last, at),
                max(known.last_recorded, stored.recorded_at),
            )
        return sorted(found.values(), key=lambda one: sortable(one.source))

    async def coverage(self) -> Sequence[TableCoverage]:
        return [
            TableCoverage(source, sorted(columns), 0)
            for source, columns in sorted(
                self._trail.sources.items(), key=lambda item: sortable(item[0])
            )
        ]


def open_quarantine(trail: MemoryTrail) -> Iterator[tuple[int, QuarantinedRecord]]:
    """Records of the quarantine that nobody resolved, with their numbers."""
    resolved = {
        (e.record.stream_id, e.record.kafka_partition, e.record.kafka_offset)
        for e in trail.entries.values()
        if not e.is_open
    }
    for number, (place, bad) in enumerate(trail.quarantine.items(), 1):
        if place not in resolved:
            yield number, bad


def sortable(source: SourceTable) -> tuple[str, ...]:
    """For sorting tables: names that are not known first."""
    return tuple(name or "" for name in source)
