"""What `/api/v1` answers with about the whole trail: statistics, and its health."""

from collections.abc import Sequence

import msgspec

from application.trail_facts import Accounting, Activity
from application.trail_health import HealthReport
from application.trail_statistics import Statistics
from domain.operation import OperationTypeEnum
from entrypoints.http.api_care_structs import Gap, gap_out
from entrypoints.http.api_missing import Missing, missing_out
from entrypoints.http.api_row_structs import Row, row_out
from entrypoints.http.api_structs import Table, table_out
from entrypoints.http.page_times import iso


class TableCount(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a table by one operation, with the times of the first and the last."""

    table: Table
    operation: OperationTypeEnum
    changes: int
    first: str
    last: str


class HourCount(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one hour by one operation."""

    start: str
    operation: OperationTypeEnum
    changes: int


class RowCount(msgspec.Struct, frozen=True, kw_only=True):
    """A row, and how many changes it had."""

    row: Row
    changes: int


class WriterCount(msgspec.Struct, frozen=True, kw_only=True):
    """Who made changes, and how many; null for changes that do not say."""

    user: str | None
    changes: int


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """A table's last change, and when the trail last stored one."""

    table: Table
    last: str
    last_recorded: str


class StatisticsOut(msgspec.Struct, frozen=True, kw_only=True):
    """What happened from `since` until before `until`."""

    since: str
    until: str
    tables: Sequence[TableCount]
    hours: Sequence[HourCount]
    busiest_rows: Sequence[RowCount]
    writers: Sequence[WriterCount]
    freshness: Sequence[Freshness]
    may_be_incomplete: Missing


class QuarantineTally(msgspec.Struct, frozen=True, kw_only=True):
    """Open records of the quarantine of one topic with one type of error."""

    topic: str
    error_type: str
    records: int
    oldest_id: int
    oldest: str


class OffsetTally(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of the offsets of a stream partition.

    `unaccounted` are those of which nothing is known: 0, or something is wrong.
    """

    topic: str
    stream: int
    partition: int
    first_offset: int
    next_offset: int
    audited: int
    baseline: int
    control: int
    skipped: int
    quarantined: int
    absent: int
    unaccounted: int
    moved_at: str | None


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A table that the trail has met, and its columns."""

    table: Table
    columns: Sequence[str]
    first_seen: str


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A table that has had no change for longer than usual; both in seconds."""

    table: Table
    last: str
    silent_for: float
    usual: float


class TrailHealthOut(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail says of itself. Silence is judged by the last seven days.

    Where `is_silence_known` is false, adding these up took the database too long: `freshness` and
    `silent` are empty then, and say nothing.
    """

    gaps: Sequence[Gap]
    quarantine: Sequence[QuarantineTally]
    accounting: Sequence[OffsetTally]
    unaccounted: int
    coverage: Sequence[Coverage]
    freshness: Sequence[Freshness]
    silent: Sequence[Silence]
    is_silence_known: bool
    may_be_incomplete: Missing


def statistics_out(found: Statistics) -> StatisticsOut:
    """Show statistics."""
    return StatisticsOut(
        since=iso(found.since),
        until=iso(found.until),
        tables=[
            TableCount(
                table=table_out(one.source),
                operation=one.operation,
                changes=one.changes,
                first=iso(one.first),
                last=iso(one.last),
            )
            for one in found.tables
        ],
        hours=[
            HourCount(start=iso(one.start), operation=one.operation, changes=one.changes)
            for one in found.hours
        ],
        busiest_rows=[RowCount(row=row_out(row), changes=n) for row, n in found.busiest_keys],
        writers=[WriterCount(user=user, changes=n) for user, n in found.writers],
        freshness=[_freshness(one) for one in found.freshness],
        may_be_incomplete=missing_out(found.may_be_incomplete),
    )


def health_out(report: HealthReport) -> TrailHealthOut:
    """Show the health of the trail."""
    return TrailHealthOut(
        gaps=[gap_out(gap) for gap in report.gaps],
        quarantine=[
            QuarantineTally(
                topic=one.topic,
                error_type=one.error_type,
                records=one.records,
                oldest_id=one.oldest_id,
                oldest=iso(one.oldest),
            )
            for one in report.quarantine
        ],
        accounting=[_offsets(one) for one in report.accounting],
        unaccounted=report.unaccounted,
        coverage=[
            Coverage(
                table=table_out(one.source), columns=one.columns, first_seen=iso(one.first_seen)
            )
            for one in report.coverage
        ],
        freshness=[_freshness(one) for one in report.activity],
        silent=[
            Silence(
                table=table_out(one.source),
                last=iso(one.last),
                silent_for=one.silent_for / 1_000_000,
                usual=one.usual / 1_000_000,
            )
            for one in report.silent
        ],
        is_silence_known=report.is_silence_known,
        may_be_incomplete=missing_out(report.may_be_incomplete),
    )


def _offsets(one: Accounting) -> OffsetTally:
    return OffsetTally(
        topic=one.topic,
        stream=one.stream_id,
        partition=one.partition,
        first_offset=one.first_offset,
        next_offset=one.next_offset,
        **msgspec.structs.asdict(one.tally),
        unaccounted=one.unaccounted,
        moved_at=_time(one.moved_at),
    )


def _freshness(one: Activity) -> Freshness:
    return Freshness(
        table=table_out(one.source), last=iso(one.last), last_recorded=iso(one.last_recorded)
    )


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else iso(microseconds)
