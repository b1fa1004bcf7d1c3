"""Turns a row, or the rows of a table, at two times into what the template shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from application.compare_times import RowComparison
from application.row_at import RowAnswer
from domain.diff import ColumnDiff, ColumnStatus
from domain.row_state import Existence, KnownColumn
from domain.state_diff import StateColumn
from entrypoints.http import page_words
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_links import diff_url, row_fields, row_url
from entrypoints.http.page_row_name import named
from entrypoints.http.page_row_view import OriginView, origin_view
from entrypoints.http.page_structs import Nothing, TimeView
from entrypoints.http.page_times import iso
from entrypoints.http.page_values import ValueView, both_values, read_key, visible

_NO_ROW = "There was no such row then."
_NO_COLUMN = "The row did not have the column then."
_NOT_KNOWN = "No change in the trail tells it."
_CHANCES = {
    (Existence.PRESENT, Existence.ABSENT): ("gone", "gone: there is no such row any more"),
    (Existence.ABSENT, Existence.PRESENT): ("new", "new: there was no such row before"),
    (Existence.ABSENT, Existence.ABSENT): ("never", "there was no such row at either time"),
}


class SideView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two moments of a row; `key` where it had another one then."""

    time: TimeView
    url: str | None
    key: str | None
    gave_up: bool


class ComparedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column at both times."""

    name: str
    status: str
    status_word: str
    old: ValueView
    new: ValueView
    no_old: Nothing
    no_new: Nothing
    old_from: OriginView | None
    new_from: OriginView | None


class ComparedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row at both times; `verdict` in one word for the style, `words` for people."""

    name: Mapping[str, str | None]
    url: str | None
    verdict: str
    words: str
    columns: Sequence[ComparedColumn]
    quiet: int
    earlier: SideView
    later: SideView


def compared_row(found: RowComparison, now: datetime) -> ComparedRow:
    """Show a row at two times."""
    verdict, words = _verdict(found)
    fields = row_fields(found.row)
    times = {"earlier": iso(found.earlier.at), "later": iso(found.later.at)}
    return ComparedRow(
        name=named(found.row),
        url=diff_url(fields, **times),
        verdict=verdict,
        words=words,
        columns=[_column(column, found, now) for column in found.columns],
        quiet=sum(column.status is ColumnStatus.UNCHANGED for column in found.columns),
        earlier=_side(found.earlier, found, now),
        later=_side(found.later, found, now),
    )


def _verdict(found: RowComparison) -> tuple[str, str]:
    existences = (found.earlier.state.existence, found.later.state.existence)
    if existences in _CHANCES:
        return _CHANCES[existences]
    if Existence.UNKNOWN in existences:
        when = "at either time"
        if existences.count(Existence.UNKNOWN) == 1:
            when = f"at the {'earlier' if existences[0] is Existence.UNKNOWN else 'later'} time"
        return "unknown", f"the trail does not know the row {when}"
    statuses = [column.status for column in found.columns]
    unknown = statuses.count(ColumnStatus.UNKNOWN)
    differ = len(statuses) - unknown - statuses.count(ColumnStatus.UNCHANGED)
    parts = [f"{differ} {'column differs' if differ == 1 else 'columns differ'}"] if differ else []
    if unknown:
        parts.append(f"{unknown} cannot be compared")
    return ("differs", ", ".join(parts)) if parts else ("same", "the same at both times")


def _side(answer: RowAnswer, found: RowComparison, now: datetime) -> SideView:
    return SideView(
        time=time_view(answer.at, now),
        url=row_url(found.row, at=iso(answer.at)),
        key=None if answer.row == found.row else read_key(answer.row.record_key),
        gave_up=answer.gave_up,
    )


def _column(column: StateColumn, found: RowComparison, now: datetime) -> ComparedColumn:
    earlier, later = column.earlier, column.later
    values = [None if known is None else known.value for known in (earlier, later)]
    old, new = both_values(ColumnDiff(column.name, column.status, *values))
    return ComparedColumn(
        name=visible(column.name),
        status=column.status.value,
        status_word=page_words.STATUSES[column.status],
        old=old,
        new=new,
        no_old=_nothing(earlier, found.earlier),
        no_new=_nothing(later, found.later),
        old_from=_from(earlier, now),
        new_from=_from(later, now),
    )


def _nothing(column: KnownColumn | None, answer: RowAnswer) -> Nothing:
    """What it means that there is no value to show."""
    existence = answer.state.existence
    if column is not None or existence is Existence.UNKNOWN:
        return Nothing(_NOT_KNOWN, is_known=False)
    return Nothing(_NO_ROW if existence is Existence.ABSENT else _NO_COLUMN)


def _from(column: KnownColumn | None, now: datetime) -> OriginView | None:
    return None if column is None or column.origin is None else origin_view(column.origin, now)
