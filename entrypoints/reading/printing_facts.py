"""What the trail tells of many changes at once, and of itself, for people."""

from collections.abc import Sequence

from entrypoints.http.api_trail_structs import StatisticsOut, TrailHealthOut
from entrypoints.reading.printing import Printer
from entrypoints.reading.shown_values import row_name, table_name


def print_statistics(found: StatisticsOut, printer: Printer) -> None:
    """Print statistics."""
    printer.line(f"from {found.since} until {found.until}")
    printer.rows(
        "tables",
        ("table", "operation", "changes", "first", "last"),
        [(table_name(o.table), o.operation, o.changes, o.first, o.last) for o in found.tables],
    )
    printer.rows(
        "hours",
        ("hour", "operation", "changes"),
        [(one.start, one.operation, one.changes) for one in found.hours],
    )
    printer.rows(
        "busiest rows",
        ("row", "changes"),
        [(row_name(one.row), one.changes) for one in found.busiest_rows],
    )
    printer.rows(
        "writers",
        ("user", "changes"),
        [("(not known)" if o.user is None else o.user, o.changes) for o in found.writers],
    )
    printer.rows(
        "freshness",
        ("table", "last change", "last stored"),
        [(table_name(one.table), one.last, one.last_recorded) for one in found.freshness],
    )
    if not found.tables:
        printer.line("There is no change in that time.")


def print_health(report: TrailHealthOut, printer: Printer) -> None:
    """Print the health of the trail, what to act on first."""
    printer.rows(
        "gaps",
        ("id", "topic", "partition", "first", "next", "cause", "state"),
        [
            (g.id, g.topic, g.partition, g.first_offset, g.next_offset, g.cause, _state(g.is_open))
            for g in report.gaps
        ],
    )
    printer.rows(
        "quarantine",
        ("topic", "error", "records", "oldest", "since"),
        [(q.topic, q.error_type, q.records, q.oldest_id, q.oldest) for q in report.quarantine],
    )
    printer.rows(
        "silent for longer than usual",
        ("table", "last change"),
        [(table_name(one.table), one.last) for one in report.silent],
    )
    _print_offsets(report, printer)
    printer.rows(
        "tables",
        ("table", "columns", "first seen"),
        [(table_name(o.table), ", ".join(o.columns), o.first_seen) for o in report.coverage],
    )
    for line in verdict(report):
        printer.line(line)


def problems(report: TrailHealthOut) -> Sequence[str]:
    """What somebody must act on; nothing where all is well."""
    open_gaps = sum(gap.is_open for gap in report.gaps)
    quarantined = sum(one.records for one in report.quarantine)
    found = (
        (report.unaccounted, f"{report.unaccounted} offsets are unaccounted for"),
        (open_gaps, f"{open_gaps} gaps are open: cdc-audit gap list --open"),
        (quarantined, f"{quarantined} records are in quarantine: cdc-audit quarantine list --open"),
        (len(report.silent), f"{len(report.silent)} tables are silent for longer than usual"),
    )
    return [text for number, text in found if number]


def verdict(report: TrailHealthOut) -> Sequence[str]:
    """The last word: what to act on, or that nothing is."""
    return problems(report) or ("Nothing needs attention.",)


def _state(is_open: bool) -> str:  # noqa: FBT001 - one state, said in a word
    return "open" if is_open else "acknowledged"


def _print_offsets(report: TrailHealthOut, printer: Printer) -> None:
    names = ("audited", "baseline", "control", "skipped", "quarantined", "absent", "unaccounted")
    printer.rows(
        "offsets",
        ("topic", "partition", "first", "next", *names),
        [
            (
                *(one.topic, one.partition, one.first_offset, one.next_offset),
                *(getattr(one, name) for name in names),
            )
            for one in report.accounting
        ],
    )
