"""Prints what `cdc-audit demo --check` found: tables for people, JSON for programs."""

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from entrypoints.demo.check import CheckReport

MOST_SHOWN = 20  # differences; the rest is counted


def print_report(report: CheckReport, console: Console) -> None:
    """Print the report for people."""
    style = box.SIMPLE if console.is_terminal else None
    counts = Table("table", "operation", box=style, pad_edge=False)
    for column in ("in the source", "in the trail", "wrong"):
        counts.add_column(column, justify="right")
    for count in report.counts:
        wrong = f"[red]{count.wrong}[/]" if count.wrong else "0"
        counts.add_row(count.table, count.operation, str(count.made), str(count.told), wrong)
    console.print(counts)
    console.print(_accounting(report, style))
    if report.quarantined is not None:
        _say(console, f"malformed record: in quarantine with its bytes ({report.quarantined})")
    for difference in report.differences[:MOST_SHOWN]:
        _say(
            console,
            f"{difference.fault.value}: {difference.table} {difference.operation}, "
            f"{difference.what}",
        )
    if len(report.differences) > MOST_SHOWN:
        _say(console, f"... and {len(report.differences) - MOST_SHOWN} differences more")
    for problem in report.problems:
        _say(console, f"problem: {problem}")
    _say(console, _verdict(report))


def report_as_json(report: CheckReport) -> str:
    """Give the report as one JSON object."""
    whole = {"ok": report.ok, **msgspec.to_builtins(report)}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def _accounting(report: CheckReport, style: box.Box | None) -> Table:
    table = Table("topic", box=style, pad_edge=False)
    kinds = ("audited", "baseline", "control", "skipped", "quarantined", "absent")
    for column in ("offsets", *kinds, "unaccounted"):
        table.add_column(column, justify="right")
    for account in report.accounting:
        offsets = account.next_offset - account.first_offset
        values = [offsets, *(getattr(account, kind) for kind in kinds), account.unaccounted]
        table.add_row(account.topic, *(str(value) for value in values))
    return table


def _verdict(report: CheckReport) -> str:
    made = sum(count.made for count in report.counts)
    if report.ok:
        return (
            f"All {made} changes of the source are in the trail, each once and right "
            f"({report.seconds:.1f} s)."
        )
    wrong = len(report.differences) + len(report.problems)
    return f"{wrong} things are wrong, in {made} changes of the source ({report.seconds:.1f} s)."


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
