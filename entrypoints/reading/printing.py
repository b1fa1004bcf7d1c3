"""Answers about changes and rows for people: tables and colours on a terminal, else plain text."""

import sys
from collections.abc import Sequence

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.diff import ColumnDiff, ColumnStatus
from domain.row_state import Existence
from entrypoints.http.api_missing import Missing
from entrypoints.http.api_row_structs import (
    DiffColumn,
    RowChange,
    RowDiff,
    RowHistoryOut,
    RowState,
    TableDiff,
)
from entrypoints.http.api_structs import Change, ChangeDetail, ChangePage
from entrypoints.http.api_transaction_structs import Revert, WholeTransaction
from entrypoints.http.page_values import short, visible
from entrypoints.reading.shown_values import (
    diff_cells,
    diff_of,
    heading,
    operation_text,
    origin_text,
    raw_text,
    row_name,
    table_name,
    value_of,
    value_text,
)

_WIDEST = 100_000
_BRIEF = 24
_COMMANDS = {"gap": "cdc-audit gap show", "quarantine": "cdc-audit quarantine show"}


class Printer:
    """
    Prints answers.

    Args:
        console: Where to; None for standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console()
        if not console.is_terminal:  # one line for each thing, however long
            console = Console(file=console.file, width=_WIDEST)
        self._console = console

    def history(self, page: RowHistoryOut) -> None:
        """Print a page of a history."""
        for entry in page.entries:
            self._entry(entry)
        if page.older is not None:
            self.line(f"Older changes: --before {page.older}")

    def detail(self, found: ChangeDetail) -> None:
        """Print one change with everything that is known of it."""
        change = found.change
        self.line(heading(change))
        at = change.kafka
        facts = {
            "topic": f"{at.topic}, partition {at.partition}, offset {at.offset}",
            "source": ", ".join(
                part
                for part in (change.table.connector, change.table.source, change.table.database)
                if part
            ),
            "time is": change.time_source.value,
            "recorded": change.recorded_at,
            "position": change.source_position or change.lsn,
            "image before": change.before_image.value,
        }
        for name, value in facts.items():
            if value:
                self.line(Text(f"  {name}: {visible(value)}", style="dim"))
        self._columns([diff_of(column) for column in found.columns])

    def page(self, page: ChangePage) -> None:
        """Print a page of a search."""
        self.changes(page.changes)
        if page.count is not None:
            at_least = "" if page.count.is_exact else "at least "
            self.line(f"{at_least}{page.count.number} changes match.")
        if page.older is not None:
            self.line(f"Older changes: --before {page.older}")

    def changes(self, changes: Sequence[Change]) -> None:
        """Print a table of changes."""
        table = self._table("time", "id", "operation", "table", "key", "user", "changed")
        for change in changes:
            table.add_row(
                change.time,
                change.id,
                operation_text(change.operation),
                table_name(change.table),
                Text(raw_text(change.key)),
                Text(visible(change.user or "")),
                Text(visible(", ".join(change.changed_columns or ()))),
            )
        if changes:
            self._console.print(table)

    def change_line(self, change: Change) -> None:
        """Print a change on one line, as it comes."""
        line = heading(change)
        if change.changed_columns:
            line.append(f"  {visible(', '.join(change.changed_columns))}", style="yellow")
        self.line(line)

    def state(self, state: RowState) -> None:
        """Print a row as it was."""
        words = {
            Existence.PRESENT: "was there",
            Existence.ABSENT: "was not there",
            Existence.UNKNOWN: "is not known",
        }
        self.line(Text(f"{row_name(state.row)} {words[state.existence]} at {state.at}", "bold"))
        table = self._table("column", "value", "known from")
        for column in state.columns:
            table.add_row(
                Text(visible(column.name), style="bold"),
                value_text(column.value),
                Text(origin_text(column.known_from), style="dim"),
            )
        if state.columns:
            self._console.print(table)
        if state.made_by is not None:
            self.line(f"Made by {state.made_by}: cdc-audit show {state.made_by}")
        if state.gave_up:
            self.line("Older changes were not looked at: they may tell what is not known here.")

    def row_diff(self, diff: RowDiff) -> None:
        """Print a row at two times."""
        self.line(Text(row_name(diff.row), style="bold"))
        for name, state in (("earlier", diff.earlier), ("later", diff.later)):
            self.line(Text(f"  {name}: {state.existence.value} at {state.at}", style="dim"))
        if not diff.differs:
            self.line("  Nothing differs.")
            return
        self._columns([_state_diff(column) for column in diff.columns])

    def table_diff(self, diff: TableDiff) -> None:
        """Print a table at two times."""
        differing = [row for row in diff.rows if row.differs]
        for row in differing:
            self.row_diff(row)
        self.line(
            f"{table_name(diff.table)}: {len(differing)} rows differ, "
            f"{len(diff.rows) - len(differing)} were changed and are as they were."
        )
        if diff.has_more:
            self.line("More rows were changed than are compared here: take a shorter interval.")

    def transaction(self, found: WholeTransaction) -> None:
        """Print a transaction."""
        source = " ".join(visible(name) for name in (found.source, found.database) if name)
        expected = "" if found.expected is None else f" of {found.expected}"
        self.line(Text(f"transaction {visible(found.id)} of {source}", style="bold"))
        self.line(f"  {found.completeness.value}: {found.found}{expected} changes are in the trail")
        for tally in found.tables:
            self.line(f"  {visible(tally.name)}: {tally.found} of {tally.expected}")
        self.changes(found.changes)
        if found.has_more:
            self.line("It has more changes than are shown here.")

    def revert(self, found: Revert) -> None:
        """Print the script, or on standard error why there is none."""
        if found.script is not None:
            for line in missing_lines(found.may_be_incomplete):
                sys.stdout.write(f"-- {line}\n")
            sys.stdout.write(found.script)
        for refusal in found.refused:
            why = visible("; ".join(refusal.reasons))
            sys.stderr.write(f"cdc-audit: {refusal.change} cannot be put back: {why}\n")
        if found.has_more:
            sys.stderr.write("cdc-audit: more changes are concerned than are looked at.\n")
        if found.script is None and not found.refused and not found.has_more:
            sys.stderr.write("cdc-audit: there is nothing to put back.\n")

    def line(self, text: str | Text) -> None:
        """Print a line."""
        self._console.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)

    def rows(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table with a title; nothing for no rows."""
        if not rows:
            return
        self.line(Text(title, style="bold"))
        table = self._table(*columns)
        for row in rows:
            table.add_row(*(Text(visible(str(cell))) for cell in row))
        self._console.print(table)

    def _entry(self, entry: RowChange) -> None:
        self.line(heading(entry.change))
        if entry.from_key is not None:
            self.line(f"  the key was {raw_text(entry.from_key)} before")
        if entry.to_key is not None:
            self.line(f"  the key is {raw_text(entry.to_key)} from then on")
        if entry.repeats:
            self.line(f"  delivered again as {', '.join(entry.repeats)}")
        if entry.may_repeat is not None:
            self.line(f"  perhaps only repeats {entry.may_repeat}")
        told = [column for column in entry.columns if column.status is not ColumnStatus.UNCHANGED]
        self._columns([diff_of(column) for column in told])
        for column in told:
            if column.last_known is not None:
                value = short(value_of(column.last_known.value), _BRIEF * 4).text
                where = origin_text(column.last_known.known_from)
                self.line(f"  {visible(column.name)} was last known as {value} ({where})")

    def _columns(self, diffs: Sequence[ColumnDiff]) -> None:
        if not diffs:
            return
        table = Table(box=None, pad_edge=True, show_header=False)
        for _ in range(4):
            table.add_column(overflow="fold")
        for diff in diffs:
            sign, name, old, new, notes = diff_cells(diff)
            both = Text.assemble(old, " -> ", new)
            is_one = diff.status is ColumnStatus.UNCHANGED or diff.old is None
            table.add_row(sign, name, new if is_one else old if diff.new is None else both, notes)
        self._console.print(table)

    def _table(self, *columns: str) -> Table:
        is_terminal = self._console.is_terminal
        table = Table(box=box.SIMPLE if is_terminal else None, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        return table


def print_json(found: msgspec.Struct) -> None:
    """Print an answer for programs, as `/api/v1` gives it."""
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


def missing_lines(missing: Missing) -> Sequence[str]:
    """What the answer may lack, each with the command that shows it; nothing for nothing."""
    if not missing.parts:
        return ()
    lines = ["This answer may be incomplete:"]
    for part in missing.parts:
        last = max(part.next_offset - 1, part.first_offset)
        offsets = f"{part.first_offset}" + (f" to {last}" if last > part.first_offset else "")
        where = f"{visible(part.topic)}, partition {part.partition}, offset {offsets}"
        command = f"{_COMMANDS[part.kind.value]} {part.id}"
        lines.append(f"  {part.kind.value} {part.id} ({where}: {visible(part.cause)}): {command}")
    if missing.has_more:
        lines.append("  and more: cdc-audit gap list --open; cdc-audit quarantine list --open")
    return lines


def warn(missing: Missing | None) -> None:
    """Say on standard error what the answer may lack."""
    for line in missing_lines(missing) if missing is not None else ():
        sys.stderr.write(f"cdc-audit: {line}\n")


def _state_diff(column: DiffColumn) -> ColumnDiff:
    before, after = column.earlier, column.later
    return ColumnDiff(
        column.name,
        column.status,
        None if before is None else value_of(before.value),
        None if after is None else value_of(after.value),
    )
