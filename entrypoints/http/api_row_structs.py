"""What `/api/v1/rows` and `/api/v1/tables` answer with; the manner is that of `api_structs`."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from application.compare_times import RowComparison, TableComparison
from application.known_values import LastKnown
from application.row_at import RowAnswer
from application.row_history import HistoryEntry, RowHistoryPage
from domain.column_notes import Side
from domain.diff import ColumnStatus
from domain.row_identity import RowIdentity
from domain.row_state import Existence, KnownColumn, Origin
from domain.source_table import SourceTable
from entrypoints.http.api_missing import Missing, missing_out
from entrypoints.http.api_parameters import write_place
from entrypoints.http.api_structs import (
    Change,
    Table,
    Value,
    change_out,
    json_text,
    plain_name,
    table_out,
    value_out,
)
from entrypoints.http.page_times import iso


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row by its table and key; `url` is its history."""

    table: Table
    key: msgspec.Raw
    url: str


class FoundRows(msgspec.Struct, frozen=True, kw_only=True):
    """Every row of a name of which the trail has a change; several sources may have one."""

    rows: Sequence[Row]
    may_be_incomplete: Missing


class KnownFrom(msgspec.Struct, frozen=True, kw_only=True):
    """The image of a change that tells a value: `side` is old or new."""

    change: str
    side: Side
    time: str


class KnownValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value, and where it is known from."""

    value: Value
    known_from: KnownFrom


class HistoryColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column before and after; `last_known` is given where the change does not tell it."""

    name: str
    status: ColumnStatus
    old: Value | None
    new: Value | None
    last_known: KnownValue | None


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """
    One change of a row.

    `repeats` are certain redeliveries of it, left out of the history; `may_repeat` is the change
    that it perhaps only repeats. `from_key` and `to_key` are the row's other key, where this is
    one half of a change of the key.
    """

    change: Change
    columns: Sequence[HistoryColumn]
    repeats: Sequence[str]
    may_repeat: str | None
    from_key: msgspec.Raw | None
    to_key: msgspec.Raw | None


class RowHistoryOut(msgspec.Struct, frozen=True, kw_only=True, rename={"entries": "changes"}):
    """
    A page of a row's history, newest first.

    `keys` are all keys that its changes were looked for under. `older` is the `before` of the next
    page, null on the last one.
    """

    row: Row
    keys: Sequence[Row]
    entries: Sequence[RowChange]
    older: str | None
    may_be_incomplete: Missing


class RowColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column at one time; `value` and `known_from` are null where nothing tells them."""

    name: str
    value: Value | None
    known_from: KnownFrom | None


class RowState(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row at one time, under the key that it had then.

    `made_by` is the last change up to then, `followed_by` the first one behind it. `gave_up` says
    that older changes were not looked at, and columns are not known.
    """

    row: Row
    at: str
    existence: Existence
    columns: Sequence[RowColumn]
    made_by: str | None
    followed_by: str | None
    looked_at: int
    gave_up: bool
    may_be_incomplete: Missing


class DiffColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column at both times; null if the row did not have it."""

    name: str
    status: ColumnStatus
    earlier: RowColumn | None
    later: RowColumn | None


class RowDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A row at two times."""

    row: Row
    earlier: RowState
    later: RowState
    columns: Sequence[DiffColumn]
    differs: bool
    may_be_incomplete: Missing


class TableDiff(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a table that were changed between two times, by key."""

    table: Table
    rows: Sequence[RowDiff]
    has_more: bool
    may_be_incomplete: Missing


def row_out(row: RowIdentity) -> Row:
    """Show which row it is."""
    return Row(table=table_out(row.source), key=json_text(row.record_key), url=_url(row))


def history_out(page: RowHistoryPage) -> RowHistoryOut:
    """Show a page of a history."""
    return RowHistoryOut(
        row=row_out(page.row),
        keys=[row_out(row) for row in page.keys],
        entries=[_row_change(entry) for entry in page.entries],
        older=None if page.older is None else write_place(page.older),
        may_be_incomplete=missing_out(page.may_be_incomplete),
    )


def state_out(answer: RowAnswer) -> RowState:
    """Show a row as it was."""
    state = answer.state
    return RowState(
        row=row_out(answer.row),
        at=iso(answer.at),
        existence=state.existence,
        columns=[_column(column) for column in state.columns],
        made_by=state.made_by,
        followed_by=state.followed_by,
        looked_at=answer.looked_at,
        gave_up=answer.gave_up,
        may_be_incomplete=missing_out(answer.may_be_incomplete),
    )


def row_diff_out(diff: RowComparison) -> RowDiff:
    """Show a row at two times."""
    return RowDiff(
        row=row_out(diff.row),
        earlier=state_out(diff.earlier),
        later=state_out(diff.later),
        columns=[
            DiffColumn(
                name=plain_name(column.name),
                status=column.status,
                earlier=None if column.earlier is None else _column(column.earlier),
                later=None if column.later is None else _column(column.later),
            )
            for column in diff.columns
        ],
        differs=diff.differs,
        may_be_incomplete=missing_out(diff.earlier.may_be_incomplete, diff.later.may_be_incomplete),
    )


def table_diff_out(diff: TableComparison) -> TableDiff:
    """Show a table at two times."""
    return TableDiff(
        table=table_out(diff.source),
        rows=[row_diff_out(row) for row in diff.rows],
        has_more=diff.has_more,
        may_be_incomplete=missing_out(diff.may_be_incomplete),
    )


def _row_change(entry: HistoryEntry) -> RowChange:
    return RowChange(
        change=change_out(entry.change),
        columns=[
            HistoryColumn(
                name=plain_name(column.diff.name),
                status=column.diff.status,
                old=value_out(column.diff.old),
                new=value_out(column.diff.new),
                last_known=_last_known(column.last_known),
            )
            for column in entry.columns
        ],
        repeats=entry.repeats,
        may_repeat=entry.may_repeat,
        from_key=None if entry.moved.from_key is None else json_text(entry.moved.from_key),
        to_key=None if entry.moved.to_key is None else json_text(entry.moved.to_key),
    )


def _last_known(known: LastKnown | None) -> KnownValue | None:
    value = None if known is None else value_out(known.value)
    if known is None or value is None:
        return None
    return KnownValue(value=value, known_from=_known_from(known.origin))


def _column(column: KnownColumn) -> RowColumn:
    return RowColumn(
        name=plain_name(column.name),
        value=value_out(column.value),
        known_from=None if column.origin is None else _known_from(column.origin),
    )


def _known_from(origin: Origin) -> KnownFrom:
    return KnownFrom(change=origin.change_id, side=origin.side, time=iso(origin.change_timestamp))


def _url(row: RowIdentity) -> str:
    names = {"table": _full_name(row.source), "key": row.record_key}
    where = {"source": row.source.source_name, "database": row.source.source_database}
    given = {name: value for name, value in {**names, **where}.items() if value}
    return f"/api/v1/rows/history?{urlencode(given, errors='replace')}"


def _full_name(source: SourceTable) -> str:
    """As `table` takes it: in quotes, whatever dots are in its names."""
    names = [name for name in (source.source_schema, source.source_table) if name is not None]
    return ".".join('"' + name.replace('"', '""') + '"' if "." in name else name for name in names)
