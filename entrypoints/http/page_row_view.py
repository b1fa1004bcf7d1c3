"""Turns the history of a row, and the row as it was, into what the templates show."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.known_values import LastKnown
from application.row_at import RowAnswer
from application.row_history import HistoryColumn, HistoryEntry
from domain.diff import ColumnStatus
from domain.row_identity import RowIdentity
from domain.row_state import Existence, KnownColumn, Origin
from entrypoints.http import page_words
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_links import row_url
from entrypoints.http.page_structs import RowView, TimeView
from entrypoints.http.page_values import ValueView, both_values, read_key, value_view, visible
from entrypoints.http.page_view import row_view

_QUIET = frozenset({ColumnStatus.UNCHANGED})
_EXISTENCE = {
    Existence.PRESENT: "The row was there.",
    Existence.ABSENT: "There was no such row.",
    Existence.UNKNOWN: "Nothing in the trail says whether the row was there.",
}


class OriginView(msgspec.Struct, frozen=True):
    """Which change tells a value."""

    url: str
    words: str
    time: TimeView


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One column in one change; `last_known` where the change does not tell its value."""

    name: str
    url: str | None
    word: str
    status: str
    old: ValueView
    new: ValueView
    last_known: ValueView | None
    origin: OriginView | None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One change in the timeline of a row."""

    row: RowView
    steps: Sequence[StepView]
    quiet: int
    as_of_url: str | None
    repeats: Sequence[str]
    may_repeat: str | None
    moved_from: str | None
    moved_to: str | None
    moved_url: str | None


class StateColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the row at a moment."""

    name: str
    url: str | None
    value: ValueView
    origin: OriginView | None


class StateView(msgspec.Struct, frozen=True, kw_only=True):
    """The row at a moment."""

    time: TimeView
    existence: str
    words: str
    columns: Sequence[StateColumnView]
    made_by: str | None
    followed_by: str | None
    gave_up: bool
    other_key: str | None


class Point(msgspec.Struct, frozen=True):
    """A stop of the slider: where the row after a change is shown."""

    url: str
    label: str


class ColumnPoint(msgspec.Struct, frozen=True):
    """A change of one column."""

    row: RowView
    step: StepView


def entry_view(entry: HistoryEntry, row: RowIdentity, now: datetime) -> EntryView:
    """Show one change of a row."""
    moved = entry.moved
    other = moved.to_key or moved.from_key
    steps = [_step(c, row, now) for c in entry.columns if c.diff.status not in _QUIET]
    return EntryView(
        row=row_view(entry.change, now),
        steps=steps,
        quiet=len(entry.columns) - len(steps),
        as_of_url=row_url(row, change=entry.change.id),
        repeats=entry.repeats,
        may_repeat=entry.may_repeat,
        moved_from=None if moved.from_key is None else read_key(moved.from_key),
        moved_to=None if moved.to_key is None else read_key(moved.to_key),
        moved_url=None if other is None else row_url(RowIdentity(row.source, other)),
    )


def points_of(entries: Sequence[HistoryEntry], row: RowIdentity) -> Sequence[Point]:
    """The stops of the slider, oldest first."""
    points: list[Point] = []
    for entry in reversed(entries):
        url = row_url(row, change=entry.change.id)
        record = entry.change.record
        if url is not None and record.record_key is not None:
            sign = page_words.SIGNS[record.operation]
            points.append(Point(url, f"{sign} {record.operation.value}"))
    return points


def column_history(
    entries: Sequence[HistoryEntry], column: str | None, now: datetime
) -> Sequence[ColumnPoint]:
    """The changes that did something to one column."""
    return [
        ColumnPoint(row_view(entry.change, now), _step(c, None, now))
        for entry in entries
        for c in entry.columns
        if c.diff.name == column and c.diff.status not in _QUIET
    ]


def state_view(answer: RowAnswer, row: RowIdentity, now: datetime) -> StateView:
    """Show the row at a moment."""
    state = answer.state
    return StateView(
        time=time_view(answer.at, now),
        existence=state.existence.value,
        words=_EXISTENCE[state.existence],
        columns=[_state_column(column, row, now) for column in state.columns],
        made_by=state.made_by,
        followed_by=state.followed_by,
        gave_up=answer.gave_up,
        other_key=None if answer.row == row else read_key(answer.row.record_key),
    )


def _state_column(column: KnownColumn, row: RowIdentity, now: datetime) -> StateColumnView:
    return StateColumnView(
        name=visible(column.name),
        url=row_url(row, column=column.name),
        value=value_view(column.value),
        origin=None if column.origin is None else origin_view(column.origin, now),
    )


def _step(column: HistoryColumn, row: RowIdentity | None, now: datetime) -> StepView:
    old, new = both_values(column.diff)
    last: LastKnown | None = column.last_known
    return StepView(
        name=visible(column.diff.name),
        url=None if row is None else row_url(row, column=column.diff.name),
        word=page_words.STATUSES[column.diff.status],
        status=column.diff.status.value,
        old=old,
        new=new,
        last_known=None if last is None else value_view(last.value),
        origin=None if last is None else origin_view(last.origin, now),
    )


def origin_view(origin: Origin, now: datetime) -> OriginView:
    """Show which change tells a value."""
    words = "new row of" if origin.side == "new" else "old row of"
    return OriginView(
        f"/changes/{origin.change_id}", words, time_view(origin.change_timestamp, now)
    )
