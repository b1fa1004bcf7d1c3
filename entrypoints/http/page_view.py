"""Turns what the trail has into what the templates show: one line of a list, or one change."""

from collections.abc import Sequence
from datetime import datetime

from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, column_diff, key_columns, key_values
from domain.operation import BeforeImage, OperationTypeEnum
from entrypoints.http import page_words
from entrypoints.http.api_parameters import write_place
from entrypoints.http.page_facts import facts_of, stored_texts, time_view
from entrypoints.http.page_links import key_url, table_name, table_url
from entrypoints.http.page_structs import ChangeView, ColumnView, RowView, SummaryPart
from entrypoints.http.page_values import both_values, read_value, short, visible

_SUMMARY_COLUMNS = 3
_SUMMARY_CHARACTERS = 28
_KEY_CHARACTERS = 60


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
        table=visible(table_name(r) or stored.topic),
        table_url=table_url(r),
        key=_key(r),
        key_url=key_url(r),
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
    table = table_name(r) or stored.topic
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
        facts=facts_of(stored, now),
        raw=stored_texts(r),
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


def _key(r: AuditRecord) -> str | None:
    if r.record_key is None:
        return None
    values = [(visible(name), read_value(text)[1]) for name, text in key_values(r).items()]
    named = " ".join(f"{name}={text}" if len(values) > 1 else text for name, text in values)
    return named if len(named) <= _KEY_CHARACTERS else named[: _KEY_CHARACTERS - 1] + "…"
