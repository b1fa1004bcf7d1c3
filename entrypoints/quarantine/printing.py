"""Entries of the quarantine for people: tables, and one entry with its bytes."""

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from application.retry_quarantined import RetryOutcome, RetryReport
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent
from entrypoints.quarantine.moments import shown
from entrypoints.quarantine.told import state_of, told

MOST_BYTES = 2_000
"""Bytes of a key or value that are shown unless all are asked for."""

_WIDEST = 100_000
_COLUMNS = ("id", "topic", "partition", "offset", "error", "retries", "next retry", "state")


def print_entries(entries: Sequence[QuarantineEntry], *, more: bool) -> None:
    """Print a table of entries."""
    if not entries:
        sys.stdout.write("Nothing in the quarantine matches.\n")
        return
    rows = [
        (
            str(e.error_id),
            e.record.topic,
            str(e.record.kafka_partition),
            str(e.record.kafka_offset),
            e.record.error_type,
            f"{e.retry_count}/{e.max_retries}",
            (shown(e.next_retry_at) if e.is_open else None) or "-",
            state_of(e),
        )
        for e in entries
    ]
    _print_table(_COLUMNS, rows)
    if more:
        sys.stdout.write(f"There may be more: go on with --before {entries[-1].error_id}.\n")


def print_entry(
    entry: QuarantineEntry,
    history: Sequence[QuarantineEvent],
    opened: QuarantinedRecord,
    *,
    is_whole: bool,
) -> None:
    """Print one entry: why it is there, what happened to it, and its bytes."""
    for name, value in told(entry).items():
        if value is not None:
            sys.stdout.write(f"{name.replace('_', ' ')}: {plain(str(value))}\n")
    sys.stdout.write("\nhistory\n")
    for event in history:
        who = f" by database user {plain(event.actor)}" if event.actor else ""
        why = ": ".join(text for text in (event.error_type, event.message) if text)
        sys.stdout.write(f"  {shown(event.happened_at)} {event.kind.value}{who}  {plain(why)}\n")
    if opened.encryption_key_id is not None:
        sys.stdout.write(
            f"\nkey, value and headers are encrypted with the key "
            f"{plain(opened.encryption_key_id)!r}: --raw opens them, where it is given.\n"
        )
        return
    _print_bytes("key", opened.key, opened.key_size, is_whole=is_whole)
    _print_bytes("value", opened.value, opened.value_size, is_whole=is_whole)
    for name, value in opened.headers:
        _print_bytes(f"header {plain(name)}", value, None, is_whole=is_whole)


def print_retries(
    reports: Sequence[RetryReport], others: Sequence[int], *, is_rehearsal: bool
) -> None:
    """Print how retries ended, those that failed one by one, and which were not there."""
    if others:
        sys.stdout.write(f"not there, or not open: {', '.join(map(str, others))}\n")
    if not reports:
        sys.stdout.write("Nothing open in the quarantine matches: there is nothing to retry.\n")
        return
    if is_rehearsal:
        became = [(str(r.entry.error_id), r.entry.record.coordinates, _became(r)) for r in reports]
        _print_table(("id", "record", "would become"), became)
        return
    failed = [r for r in reports if r.outcome is RetryOutcome.FAILED]
    if failed:
        rows = [(str(r.entry.error_id), r.entry.record.coordinates, _became(r)) for r in failed]
        _print_table(("id", "record", "stays in quarantine"), rows)
    counts = {o: sum(r.outcome is o for r in reports) for o in RetryOutcome}
    sys.stdout.write(
        f"{counts[RetryOutcome.PLACED]} in their places now, {counts[RetryOutcome.FAILED]} stay in "
        f"quarantine, {counts[RetryOutcome.GONE]} were no longer open.\n"
    )


def plain(text: str) -> str:
    """Escape what would do something to a terminal: messages may quote a record."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _became(report: RetryReport) -> str:
    if report.failure is not None:
        return f"{report.failure.error_type}: {plain(report.failure.error_message)}"
    if report.disposition is None:
        return "is no longer open, or never had a place"
    return f"{report.disposition.value} {report.what or ''}".rstrip()


def _print_bytes(what: str, data: bytes | None, size: int | None, *, is_whole: bool) -> None:
    if data is None:
        sys.stdout.write(f"\n{what}: {'null' if size is None else f'{size} bytes, not kept'}\n")
        return
    cut = data if is_whole else data[:MOST_BYTES]
    rest = f" (the first {MOST_BYTES}; --raw shows all)" if len(cut) < len(data) else ""
    sys.stdout.write(f"\n{what}: {len(data)} bytes{rest}\n")
    try:
        sys.stdout.write(f"{plain(cut.decode())}\n")
    except UnicodeDecodeError:
        sys.stdout.writelines(f"{line}\n" for line in _hex(cut))


def _hex(data: bytes) -> Iterable[str]:
    for start in range(0, len(data), 16):
        piece = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)  # noqa: PLR2004 - printable ASCII
        yield f"{start:08x}  {piece.hex(' '):<47}  {text}"


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    console = Console()
    if not console.is_terminal:  # one line for each entry, however long
        console = Console(width=_WIDEST)
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)
