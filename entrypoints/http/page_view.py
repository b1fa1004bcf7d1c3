"""What the templates show of a change: plain text and links, ready made."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, column_diff, key_columns, key_values
from domain.operation import BeforeImage, OperationTypeEnum
from entrypoints.http import page_words
from entrypoints.http.api_parameters import Filters, write_place
from entrypoints.http.page_times import ago, clock, day, iso
from entrypoints.http.page_values import (
    ValueView,
    both_values,
    indented,
    read_value,
    short,
    visible,
)

_SUMMARY_COLUMNS = 3
_SUMMARY_CHARACTERS = 28
_KEY_CHARACTERS = 60
_LONGEST_KEY_IN_URL = 2_000


class TimeView(msgspec.Struct, frozen=True):
    """A time: `exact` for machines and titles, the rest for people."""

    exact: str
    clock: str
    day: str
    ago: str


class SummaryPart(msgspec.Struct, frozen=True):
    """A column in a list of changes; `old` is None where only the new value is told."""

    name: str
    old: str | None
    new: str | None


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """A change in a list. `order` sorts as text in the order of the trail."""

    id: str
    url: str
    place: str
    order: str
    time: TimeView
    operation: str
    sign: str
    meaning: str
    table: str
    table_url: str | None
    key: str | None
    key_url: str | None
    user: str | None
    summary: Sequence[SummaryPart]
    more: int
    before_unknown: bool


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """A column of one change."""

    name: str
    is_key: bool
    status: str
    status_word: str
    old: ValueView
    new: ValueView


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is known of a change, `url` for more like it, `remark` in small."""

    name: str
    text: str
    url: str | None = None
    remark: str | None = None
    is_code: bool = False
    time: TimeView | None = None


class RawText(msgspec.Struct, frozen=True):
    """A stored JSON text, to be unfolded."""

    name: str
    text: str


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One change, opened."""

    row: RowView
    columns: Sequence[ColumnView]
    quiet_columns: int
    has_old: bool
    has_new: bool
    before_image: str
    before_is_complete: bool
    remedy: str | None
    facts: Sequence[Fact]
    raw: Sequence[RawText]


def row_view(stored: StoredRecord, now: datetime) -> RowView:
    """Show a change as one line of a list."""
    r, place = stored.record, stored.place
    diffs = column_diff(r)
    parts, more = _summary(r, diffs)
    return RowView(
        id=stored.id,
        url=f"/changes/{stored.id}",
        place=write_place(place),
        order=f"{place.change_timestamp:020}-{place.stream_id:010}-{place.partition:010}"
        f"-{place.offset:019}",
        time=time_view(r.change_timestamp, now),
        operation=r.operation.value,
        sign=page_words.SIGNS[r.operation],
        meaning=page_words.MEANINGS[r.operation],
        table=visible(_table(r) or stored.topic),
        table_url=_link(table=_table(r)) if _table(r) else None,
        key=_key(r),
        key_url=_key_url(r),
        user=None if r.change_user is None else visible(r.change_user),
        summary=parts,
        more=more,
        before_unknown=r.operation is OperationTypeEnum.UPDATE
        and r.before_image is BeforeImage.ABSENT,
    )


def change_view(stored: StoredRecord, now: datetime) -> ChangeView:
    """Show one change with everything that is known of it."""
    r = stored.record
    keys = key_columns(r)
    columns = [_column(diff, is_key=diff.name in keys) for diff in column_diff(r)]
    table = _table(r) or stored.topic
    return ChangeView(
        row=row_view(stored, now),
        columns=columns,
        quiet_columns=sum(column.status == ColumnStatus.UNCHANGED for column in columns),
        has_old=r.old_data is not None,
        has_new=r.new_data is not None,
        before_image=page_words.before_image(r),
        before_is_complete=r.before_image is BeforeImage.COMPLETE
        or r.operation in (OperationTypeEnum.INSERT, OperationTypeEnum.SNAPSHOT),
        remedy=page_words.remedy(r, visible(table)),
        facts=_facts(stored, now),
        raw=_raw(r),
    )


def time_view(microseconds: int, now: datetime) -> TimeView:
    """Show a time of the trail."""
    return TimeView(
        exact=iso(microseconds),
        clock=clock(microseconds),
        day=day(microseconds),
        ago=ago(microseconds, now),
    )


def _column(diff: ColumnDiff, *, is_key: bool) -> ColumnView:
    old, new = both_values(diff)
    return ColumnView(
        name=visible(diff.name),
        is_key=is_key,
        status=diff.status.value,
        status_word=page_words.STATUSES[diff.status],
        old=old,
        new=new,
    )


def _summary(r: AuditRecord, diffs: Sequence[ColumnDiff]) -> tuple[Sequence[SummaryPart], int]:
    """The columns that a line has room for, and how many more there are."""
    keys = key_columns(r)
    if r.operation is OperationTypeEnum.UPDATE and r.before_image is not BeforeImage.ABSENT:
        told = [diff for diff in diffs if diff.status is ColumnStatus.CHANGED]
        parts = [_part(diff, is_compared=True) for diff in told[:_SUMMARY_COLUMNS]]
    else:
        told = [diff for diff in diffs if diff.name not in keys and _is_told(diff)]
        parts = [_part(diff, is_compared=False) for diff in told[:_SUMMARY_COLUMNS]]
    return parts, len(told) - len(parts)


def _is_told(diff: ColumnDiff) -> bool:
    value = diff.new or diff.old
    return value is not None and value.trusted and value.text not in (None, "null")


def _part(diff: ColumnDiff, *, is_compared: bool) -> SummaryPart:
    name = visible(diff.name)
    if is_compared:
        old, new = (short(value, _SUMMARY_CHARACTERS) for value in (diff.old, diff.new))
        return SummaryPart(name, old, new)
    return SummaryPart(name, None, short(diff.new or diff.old, _SUMMARY_CHARACTERS))


def _facts(stored: StoredRecord, now: datetime) -> Sequence[Fact]:
    r = stored.record
    times = (
        ("Changed", r.change_timestamp, page_words.CLOCKS[r.timestamp_source]),
        ("Captured", r.captured_at, "by the connector's clock"),
        ("In Kafka", r.kafka_timestamp, "by the broker's or producer's clock"),
        ("Recorded", stored.recorded_at, "by the trail's clock"),
    )
    facts = [
        Fact(
            name=name,
            text=iso(time),
            remark=remark,
            time=time_view(time, now),
        )
        for name, time, remark in times
        if time is not None
    ]
    return [*_who(r), *facts, *_where(stored)]


def _who(r: AuditRecord) -> Sequence[Fact]:
    user = "not known from this record" if r.change_user is None else visible(r.change_user)
    facts = [Fact(name="User", text=user)]
    if r.transaction_id is not None:
        order = None if r.transaction_order is None else f"change {r.transaction_order} of it"
        facts.append(
            Fact(
                name="Transaction",
                text=visible(r.transaction_id),
                url=_link(transaction=r.transaction_id),
                remark=order,
                is_code=True,
            )
        )
    return facts


def _where(stored: StoredRecord) -> Sequence[Fact]:
    r = stored.record
    source = [r.connector, r.source_name, r.source_database]
    position = r.lsn or r.source_position
    facts = [
        Fact(
            name="Source",
            text=visible(" / ".join(part for part in source if part) or "not known"),
        ),
        Fact(
            name="Kafka",
            text=visible(stored.topic),
            remark=f"partition {r.kafka_partition}, offset {r.kafka_offset}, stream {r.stream_id}",
            is_code=True,
        ),
    ]
    if position is not None:
        facts.insert(1, Fact(name="Source position", text=visible(position), is_code=True))
    return facts


def _raw(r: AuditRecord) -> Sequence[RawText]:
    texts = (
        ("Source block", r.source_metadata),
        ("Record headers", r.headers),
        ("Notes on values", r.value_notes),
        ("Old row as stored", r.old_data),
        ("New row as stored", r.new_data),
    )
    return [
        RawText(name, visible_lines(indented(text))) for name, text in texts if text is not None
    ]


def visible_lines(text: str) -> str:
    """As `visible`, for text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def _table(r: AuditRecord) -> str | None:
    if r.source_table is None:
        return None
    return r.source_table if r.source_schema is None else f"{r.source_schema}.{r.source_table}"


def _key(r: AuditRecord) -> str | None:
    if r.record_key is None:
        return None
    values = [(visible(name), read_value(text)[1]) for name, text in key_values(r).items()]
    named = " ".join(f"{name}={text}" if len(values) > 1 else text for name, text in values)
    return named if len(named) <= _KEY_CHARACTERS else named[: _KEY_CHARACTERS - 1] + "…"


def _key_url(r: AuditRecord) -> str | None:
    """All changes of the same row; None without a key, or with one too long for an address."""
    table = _table(r)
    if table is None or r.record_key is None or len(r.record_key) > _LONGEST_KEY_IN_URL:
        return None
    return _link(table=table, key=r.record_key)


def _link(*, table: str | None = None, key: str = "", transaction: str = "") -> str:
    filters = Filters(table=table or "", key=key, transaction=transaction)
    return f"/?{urlencode(filters.used())}"
