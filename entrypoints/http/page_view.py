"""Turns what the trail has into what the templates show: one line of a list, or one change."""

from collections.abc import Sequence
from datetime import datetime

from application.trail_query import Place, StoredRecord
from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, column_diff, key_columns
from domain.operation import BeforeImage, OperationTypeEnum
from entrypoints.http import page_words
from entrypoints.http.api_parameters import write_place
from entrypoints.http.page_facts import facts_of, stored_texts, time_view
from entrypoints.http.page_links import key_url, table_name, table_url
from entrypoints.http.page_structs import ChangeView, ColumnView, Nothing, RowView, SummaryPart
from entrypoints.http.page_values import both_short, both_values, read_key, short, visible

_SUMMARY_COLUMNS = 3
_SUMMARY_CHARACTERS = 28
_KEY_CHARACTERS = 60
_NO_TIME_IS_SO_EARLY = 10**17  # microseconds: a negative number would not sort as text


def row_view(stored: StoredRecord, now: datetime) -> RowView:
    """Show a change as one line of a list."""
    r = stored.record
    diffs = column_diff(r)
    parts, more = _summary(r, diffs)
    return RowView(
        id=stored.id,
        url=f"/changes/{stored.id}",
        place=write_place(stored.place),
        order=_order(stored.place),
        time=time_view(r.change_timestamp, now),
        operation=r.operation.value,
        sign=page_words.SIGNS[r.operation],
        meaning=page_words.MEANINGS[r.operation],
        table=visible(table_name(r) or stored.topic),
        schema=None
        if r.source_table is None or r.source_schema is None
        else visible(r.source_schema),
        bare_table=visible(r.source_table or stored.topic),
        table_url=table_url(r),
        key=_key(r),
        key_url=key_url(r),
        user=None if r.change_user is None else visible(r.change_user),
        summary=parts,
        more=more,
        is_same=r.operation is OperationTypeEnum.UPDATE
        and bool(diffs)
        and all(diff.status is ColumnStatus.UNCHANGED for diff in diffs),
        before_unknown=r.operation in (OperationTypeEnum.UPDATE, OperationTypeEnum.DELETE)
        and r.before_image is not BeforeImage.COMPLETE,
    )


def change_view(stored: StoredRecord, now: datetime) -> ChangeView:
    """Show one change with everything that is known of it."""
    r = stored.record
    keys = key_columns(r)
    columns = [_column(diff, is_key=diff.name in keys) for diff in column_diff(r)]
    return ChangeView(
        row=row_view(stored, now),
        columns=columns,
        quiet_columns=sum(column.status == ColumnStatus.UNCHANGED for column in columns),
        no_old=_no_old(r),
        no_new=_no_new(r),
        before_image=page_words.before_image(r),
        before_is_complete=r.before_image is BeforeImage.COMPLETE
        or r.operation in (OperationTypeEnum.INSERT, OperationTypeEnum.SNAPSHOT),
        remedy=page_words.remedy(r),
        facts=facts_of(stored, now),
        raw=stored_texts(r),
    )


def _order(place: Place) -> str:
    time = place.change_timestamp + _NO_TIME_IS_SO_EARLY
    return f"{time:019}-{place.stream_id:010}-{place.partition:010}-{place.offset:019}"


def _no_old(r: AuditRecord) -> Nothing:
    """What it means that the old image has no value of a column."""
    if r.operation in (OperationTypeEnum.INSERT, OperationTypeEnum.SNAPSHOT):
        return Nothing(page_words.NO_ROW_BEFORE)
    if r.before_image is not BeforeImage.COMPLETE:
        return Nothing(page_words.NOT_KNOWN_BEFORE, is_known=False)
    return Nothing(page_words.NO_COLUMN)


def _no_new(r: AuditRecord) -> Nothing:
    """What it means that the new image has no value of a column."""
    return Nothing(page_words.NO_ROW_AFTER if r.new_data is None else page_words.NO_COLUMN)


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
        return SummaryPart(name, *both_short(diff, _SUMMARY_CHARACTERS))
    return SummaryPart(name, None, short(diff.new or diff.old, _SUMMARY_CHARACTERS))


def _key(r: AuditRecord) -> str | None:
    if r.record_key is None:
        return None
    named = read_key(r.record_key)
    return named if len(named) <= _KEY_CHARACTERS else named[: _KEY_CHARACTERS - 1] + "…"
