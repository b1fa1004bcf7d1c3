"""
Values, rows and tables of answers as text for people.

Nothing of a record is markup or a control character of the terminal: all of it is shown as text.
"""

from collections.abc import Mapping, Sequence

import msgspec
from rich.text import Text

from domain.diff import ColumnDiff, ColumnStatus, ColumnValue
from domain.operation import OperationTypeEnum
from entrypoints.http.api_row_structs import HistoryColumn, KnownFrom, Row
from entrypoints.http.api_structs import Change, Column, Table, Value
from entrypoints.http.page_values import ValueView, both_values, value_view, visible

OPERATIONS: Mapping[OperationTypeEnum, str] = {
    OperationTypeEnum.INSERT: "bold green",
    OperationTypeEnum.UPDATE: "bold yellow",
    OperationTypeEnum.DELETE: "bold red",
    OperationTypeEnum.TRUNCATE: "bold red",
    OperationTypeEnum.RANGE_DELETE: "bold red",
    OperationTypeEnum.UPSERT: "bold yellow",
    OperationTypeEnum.SNAPSHOT: "bold blue",
}
SIGNS: Mapping[ColumnStatus, tuple[str, str]] = {
    ColumnStatus.ADDED: ("+", "green"),
    ColumnStatus.REMOVED: ("-", "red"),
    ColumnStatus.CHANGED: ("~", "yellow"),
    ColumnStatus.UNCHANGED: (" ", "dim"),
    ColumnStatus.UNAVAILABLE: ("?", "magenta"),
    ColumnStatus.UNKNOWN: ("?", "magenta"),
}
"""A sign and a colour, as `cdc-audit decode` has them: nothing is told by colour alone."""

_NO_DATA: Mapping[str, str] = {
    "unsent": "(not sent)",
    "filler": "(not known)",
    "none": "",
    "null": "NULL",
}


def table_name(table: Table) -> str:
    """``schema.table``, or the bare name where the source has no schemas."""
    return visible(".".join(name for name in (table.schema, table.name or "?") if name))


def row_name(row: Row) -> str:
    """The row's table and key."""
    return f"{table_name(row.table)} {raw_text(row.key)}"


def raw_text(raw: msgspec.Raw | None) -> str:
    """JSON on one line; nothing for None."""
    return "" if raw is None else " ".join(visible(bytes(raw).decode()).split())


def operation_text(operation: OperationTypeEnum) -> Text:
    """The operation in its colour."""
    return Text(operation.value, style=OPERATIONS.get(operation, "bold"))


def heading(change: Change) -> Text:
    """A change on one line: when, what, which, who, and in which transaction."""
    text = Text.assemble((change.time, "cyan"), "  ")
    text.append_text(operation_text(change.operation))
    text.append(f"  {table_name(change.table)} {raw_text(change.key)}")
    text.append(f"  {change.id}", style="dim")
    if change.user is not None:
        text.append(f"  by {visible(change.user)}")
    if change.transaction is not None:
        text.append(f"  tx {visible(change.transaction.id)}", style="dim")
    return text


def diff_of(column: Column | HistoryColumn) -> ColumnDiff:
    """The column of an answer as it was compared."""
    return ColumnDiff(column.name, column.status, value_of(column.old), value_of(column.new))


def value_of(value: Value | None) -> ColumnValue | None:
    """The value of an answer as the trail has it."""
    if value is None:
        return None
    raw = value.value
    return ColumnValue(
        text=bytes(raw).decode() if isinstance(raw, msgspec.Raw) else None,
        trusted=value.trusted,
        notes=tuple(value.notes),
        detail=None if value.detail is None else bytes(value.detail).decode(),
    )


def diff_cells(diff: ColumnDiff) -> Sequence[Text]:
    """Sign, name, value before, value after and notes of a column, in the status's colour."""
    is_alone = diff.status is ColumnStatus.UNKNOWN and diff.old is None  # nothing to compare with
    sign, style = ("", "") if is_alone else SIGNS[diff.status]
    old, new = both_values(diff)
    notes = dict.fromkeys(note.word for view in (old, new) for note in view.notes)
    is_dim = diff.status is ColumnStatus.UNCHANGED
    return (
        Text(sign, style=style),
        Text(visible(diff.name), style="dim" if is_dim else "bold"),
        view_text(old, style="dim" if is_dim else "", changed="red"),
        view_text(new, style="dim" if is_dim else "", changed="green"),
        Text(visible(", ".join(notes)), style="magenta"),
    )


def value_text(value: Value | None) -> Text:
    """A value; what there is in place of one, where nothing tells it."""
    known = value_of(value)
    return (
        Text("(not known)", style="italic dim") if known is None else view_text(value_view(known))
    )


def view_text(view: ValueView, *, style: str = "", changed: str = "") -> Text:
    """A value as text; texts that look like what they are not stand in quotes."""
    if view.kind in _NO_DATA:
        return Text(_NO_DATA[view.kind], style="italic dim")
    if view.kind == "text" and (view.text in _NO_DATA.values() or view.text != view.text.strip()):
        return Text(f'"{view.text}"', style=style)
    parts = [(p.text, f"bold {changed}" if p.is_changed else style) for p in view.pieces]
    return Text.assemble(*parts)


def origin_text(known: KnownFrom | None) -> str:
    """Where a value is known from."""
    return "" if known is None else f"{known.side} image of {known.change}, {known.time}"
