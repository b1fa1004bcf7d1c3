"""`cdc-audit verify completeness`: whether transactions of the source arrived whole."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrypoints.command_parts import AsJson, ConfigFile, checked_settings

if TYPE_CHECKING:
    from application.check_completeness import CheckCompleteness, EndsQuery, LogEnds
    from domain.completeness import JudgedTransaction
    from entrypoints.settings import AppConfig

WHOLE, LACKS = 0, 1
_MOST_TOLD = 100
_HOUR = 3_600_000_000
_DAY_HOURS = 24.0
_WIDE = 10_000


class Checked(msgspec.Struct):
    """
    What was found.

    Attributes:
        counts: How many transactions are in each state.
        told: Those that are not complete, the first to end first.
        recorded: How many of them were recorded as new gaps.
    """

    counts: Counter[str] = msgspec.field(default_factory=Counter[str])
    told: list["JudgedTransaction"] = msgspec.field(default_factory=list["JudgedTransaction"])
    recorded: int = 0


def completeness(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    hours: Annotated[
        float, typer.Option(min=0, help="Transactions whose END came within so many hours.")
    ] = _DAY_HOURS,
    transaction: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this one, whenever it ended.")
    ] = None,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Do not ask Kafka how far its logs go: more stay pending."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Record no gap for what is missing.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Compare transactions with their END records, and record gaps; 1 if changes are missing."""
    from application.check_completeness import EndsQuery, now

    settings = checked_settings(config)
    until = now() + _HOUR
    since = 0 if transaction is not None else now() - int(hours * _HOUR)
    query = EndsQuery(since=since, until=until, transaction_id=transaction)
    checked = asyncio.run(_checked(settings, query, offline=offline, dry_run=dry_run))
    if as_json:
        _print_json(checked)
    else:
        _print_text(checked)
    return LACKS if checked.counts["missing"] else WHOLE


async def _checked(
    settings: "AppConfig", query: "EndsQuery", *, offline: bool, dry_run: bool
) -> Checked:
    from adapters.postgres.completeness import PostgresEndedTransactions
    from adapters.postgres.pool import Access, open_pool
    from application.check_completeness import CheckCompleteness

    database = msgspec.structs.replace(settings.sink_database, pool_size=1)
    access = Access.READ if dry_run else Access.WRITE
    async with open_pool(database, access=access) as pool:
        transactions = PostgresEndedTransactions(pool, database)
        check = CheckCompleteness(transactions, None if offline else _ends(settings))
        return await _all_of(check, query, dry_run=dry_run)


async def _all_of(check: "CheckCompleteness", query: "EndsQuery", *, dry_run: bool) -> Checked:
    checked = Checked()
    async for page in check.run(query):
        checked.counts.update(one.state.value for one in page)
        checked.told += [one for one in page if one.state != "complete"]
        if not dry_run:
            checked.recorded += await check.record(page)
    return checked


def _ends(settings: "AppConfig") -> "LogEnds":
    from adapters.kafka.change_source import KafkaChangeSource
    from domain.errors import ConfigurationError
    from entrypoints.background_checks import log_ends

    try:
        return log_ends(KafkaChangeSource(settings.kafka))
    except ConfigurationError as error:
        alternative = f"{error.problem} Or leave Kafka out of it: --offline."
        raise ConfigurationError(error.field, alternative, source=error.source) from None


def _print_json(checked: Checked) -> None:
    told = {
        "counts": dict(checked.counts),
        "recorded": checked.recorded,
        "transactions": [_told(one) for one in checked.told],
    }
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _told(judged: "JudgedTransaction") -> dict[str, object]:
    from entrypoints.http.page_times import iso

    found = judged.transaction
    return {
        "transaction_id": found.transaction_id,
        "source_name": found.source_name,
        "state": judged.state.value,
        "reason": judged.reason,
        "ended_at": iso(found.ended_at),
        "end": "-".join(map(str, found.end)),
        "topic": found.topic,
        "tables": [
            {"name": t.name, "expected": t.expected, "found": t.orders} for t in found.tables
        ],
    }


def _print_text(checked: Checked) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = _WIDE  # for a program nothing is cut
    told: Sequence[JudgedTransaction] = checked.told[:_MOST_TOLD]
    if told:
        table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
        for column in ("transaction", "source", "ended", "state"):
            table.add_column(column, no_wrap=True)
        table.add_column("why", overflow="fold")
        for one in told:
            cells = _told(one)
            names = ("transaction_id", "source_name", "ended_at", "state", "reason")
            table.add_row(*(Text(str(cells[name] or "-")) for name in names))
        console.print(table, crop=False)
    if len(checked.told) > _MOST_TOLD:
        sys.stdout.write(f"... and {len(checked.told) - _MOST_TOLD} more: --json has them all\n")
    states = ("complete", "pending", "missing", "unknown")
    sys.stdout.write(", ".join(f"{checked.counts[s]} {s}" for s in states) + "\n")
    if checked.recorded:
        sys.stdout.write(
            f"{checked.recorded} gaps recorded: `cdc-audit gap list --open` shows them\n"
        )
