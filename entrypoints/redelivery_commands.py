"""`cdc-audit verify redeliveries`: whether the marks of redeliveries are what they should be."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrypoints.command_parts import AsJson, ConfigFile, checked_settings

if TYPE_CHECKING:
    from application.mark_redeliveries import VerifiedRun
    from entrypoints.settings import AppConfig

FITS, DIFFERS = 0, 1
_MOST_TOLD = 100


def redeliveries(
    config: ConfigFile = None,
    *,
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute", help="Set right what differs. It takes the rights of the tables' owner."
        ),
    ] = False,
    topic: Annotated[str | None, typer.Option(metavar="NAME", help="Only this topic.")] = None,
    as_json: AsJson = False,
) -> int:
    """Compare the marks of what connectors sent again with the rows; 1 if one is not right."""
    settings = checked_settings(config)
    runs = asyncio.run(_verified(settings, topic, recompute=recompute))
    if as_json:
        _print_json(runs, recompute=recompute)
    else:
        _print_text(runs, recompute=recompute)
    differs = any(run.differences for run in runs)
    return DIFFERS if differs and not recompute else FITS


async def _verified(
    settings: "AppConfig", topic: str | None, *, recompute: bool
) -> "Sequence[VerifiedRun]":
    from adapters.postgres.pool import Access, open_pool
    from adapters.postgres.redelivery_books import PostgresRedeliveryBooks
    from application.mark_redeliveries import MarkRedeliveries

    database = msgspec.structs.replace(settings.sink_database, pool_size=1)
    access = Access.OWN if recompute else Access.READ
    async with open_pool(database, access=access) as pool:
        marking = MarkRedeliveries(PostgresRedeliveryBooks(pool, database))
        return [run async for run in marking.verify(topic, recompute=recompute)]


def _print_json(runs: "Sequence[VerifiedRun]", *, recompute: bool) -> None:
    told = {
        "fits": not any(run.differences for run in runs),
        "recomputed": recompute,
        "runs": [
            {
                **msgspec.structs.asdict(run.interval),
                "marked": run.marked,
                "differences": [difference.text for difference in run.differences],
            }
            for run in runs
        ],
    }
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _print_text(runs: "Sequence[VerifiedRun]", *, recompute: bool) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from entrypoints.whole_lines import whole_lines

    console = whole_lines()
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    for column in ("topic", "stream", "partition", "run", "offsets", "marked", "verdict"):
        table.add_column(column, no_wrap=True)
    for run in runs:
        i = run.interval
        offsets = f"{i.first_offset} to {i.next_offset}"
        count = len(run.differences)
        verdict = f"{count} {'set right' if recompute else 'differ'}" if count else "fits"
        cells = (i.topic, i.stream_id, i.partition, i.run or "-", offsets, run.marked, verdict)
        table.add_row(*(Text(str(cell)) for cell in cells))
    console.print(table, crop=False)
    differences = [difference for run in runs for difference in run.differences]
    word = "SET RIGHT" if recompute else "DIFFERS"
    for difference in differences[:_MOST_TOLD]:
        sys.stdout.write(f"{word} {difference.text}\n")
    if len(differences) > _MOST_TOLD:
        sys.stdout.write(f"... and {len(differences) - _MOST_TOLD} more: --json has them all\n")
