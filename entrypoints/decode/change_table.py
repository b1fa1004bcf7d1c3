"""
Outcomes for people: on a terminal, each change as a table with both rows, and what differs.

Nothing of a record is markup or a control character of the terminal: all of it is shown as text.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.audit_record import AuditRecord
from domain.control import ControlMessage
from domain.diff import ColumnDiff, ColumnStatus, column_diff
from entrypoints.decode.control_words import MESSAGES, message_content
from entrypoints.decode.exact_text import line_of
from entrypoints.decode.json_lines import words_of
from entrypoints.decode.outcome import Failure, Outcome
from entrypoints.http.page_values import ValueView, both_values, visible
from entrypoints.http.page_words import STATUSES, before_image

SIGNS: Mapping[ColumnStatus, tuple[str, str]] = {
    ColumnStatus.ADDED: ("+", "green"),
    ColumnStatus.REMOVED: ("-", "red"),
    ColumnStatus.CHANGED: ("~", "yellow"),
    ColumnStatus.UNCHANGED: (" ", "dim"),
    ColumnStatus.UNAVAILABLE: ("?", "magenta"),
    ColumnStatus.UNKNOWN: ("?", "magenta"),
}
"""A sign and a colour: nothing is told by colour alone."""

_NO_DATA: Mapping[str, str] = {
    "unsent": "(not sent)",
    "filler": "(not known)",
    "none": "",
    "null": "NULL",
}
_KIND_STYLES: Mapping[str, str] = {"change": "bold", "skip": "dim", "error": "bold red"}
_FACTS = ("key", "change_timestamp", "transaction_id", "position", "user", "key_change", "query")


class ChangeTables:
    """
    Prints outcomes as they come.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._kinds: Counter[str] = Counter()

    def show(self, outcome: Outcome) -> None:
        """Print one outcome."""
        words = words_of(outcome)
        self._kinds[str(words["kind"])] += 1
        self._print(_title(outcome, words))
        if words["kind"] == "change":
            self._facts(words)
        if isinstance(outcome.result, AuditRecord):
            self._change(outcome.result, words)
        elif isinstance(outcome.result, ControlMessage) and outcome.result.kind in MESSAGES:
            self._print(Text(f"  {_json(message_content(outcome.result))}"))
        elif isinstance(outcome.result, Failure):
            self._print(Text(f"  {visible(outcome.result.detail)}", style="red"))

    def finish(self) -> None:
        """Print how many there were of each kind."""
        told = ", ".join(f"{n} {kind}" for kind, n in sorted(self._kinds.items()))
        number = self._kinds.total()
        records = "record" if number == 1 else "records"
        self._print(Text(f"{number} {records}: {told or 'nothing to read'}"))

    def _facts(self, words: Mapping[str, object]) -> None:
        told = [f"{name} {_json(words[name])}" for name in _FACTS if words.get(name) is not None]
        if told:
            self._print(Text(f"  {'  '.join(told)}", style="dim"))

    def _change(self, record: AuditRecord, words: Mapping[str, object]) -> None:
        if words.get("old_available") is False or "old_reliable_fields" in words:
            self._print(Text(f"  {before_image(record)}", style="dim"))
        diffs = column_diff(record)
        if not diffs:
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in ("", "column", "before", "after", "notes"):
            table.add_column(column, overflow="fold")
        for diff in diffs:
            table.add_row(*_row(diff))
        self._console.print(table)
        self._print(Text())

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _title(outcome: Outcome, words: Mapping[str, object]) -> Text:
    kind = str(words["kind"])
    title = Text.assemble((visible(outcome.name), "bold cyan"), "  ", (kind, _KIND_STYLES[kind]))
    if kind != "change":
        return title.append(f"  {visible(str(words['reason']))}")
    title.append(f"  {words['operation']}", style="bold")
    record = outcome.result
    if isinstance(record, AuditRecord):
        names = (record.source_database, record.source_schema, record.source_table)
        title.append(f"  {visible('.'.join(name for name in names if name))}")
        title.append(f"  {visible(record.connector or '')}", style="dim")
    return title


def _row(diff: ColumnDiff) -> Iterator[Text]:
    sign, style = ("", "") if _is_alone(diff) else SIGNS[diff.status]
    old, new = both_values(diff)
    yield Text(sign, style=style)
    yield Text(visible(diff.name), style=style if style == "dim" else "bold")
    yield _value(old, style, "red")
    yield _value(new, style, "green")
    words = dict.fromkeys(note.word for view in (old, new) for note in view.notes)
    if diff.status is ColumnStatus.UNKNOWN and not _is_alone(diff):
        words = {STATUSES[diff.status]: None, **words}
    yield Text(visible(", ".join(words)), style="magenta")


def _is_alone(diff: ColumnDiff) -> bool:
    """Whether there is a value, and no row before to compare it with: nothing to point at."""
    return diff.status is ColumnStatus.UNKNOWN and diff.old is None


def _value(view: ValueView, style: str, changed: str) -> Text:
    if view.kind in _NO_DATA:
        return Text(_NO_DATA[view.kind], style="italic dim")
    own = {"yellow": "", "magenta": ""}.get(style, style)
    if view.kind == "text" and (view.text in _NO_DATA.values() or view.text != view.text.strip()):
        return Text(f'"{view.text}"', style=own)  # else it would look like what it is not
    parts = [(piece.text, f"bold {changed}" if piece.is_changed else own) for piece in view.pieces]
    return Text.assemble(*parts)


def _json(value: object) -> str:
    """A value of JSON on one line; a text as it is."""
    return visible(value if isinstance(value, str) else line_of({"": value}).decode()[4:-2])
