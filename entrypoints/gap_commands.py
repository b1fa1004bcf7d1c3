"""
`cdc-audit gap ...`: what is known not to be in the trail, and taking note of it.

Exit statuses: 0 done; 1 there is no such gap, it was acknowledged before, or the trail cannot be
reached.
"""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from entrypoints.command_parts import AsJson, ConfigFile, checked_settings, print_json

if TYPE_CHECKING:
    from adapters.postgres.gap_ledger import PostgresGapLedger
    from domain.gap import LedgerGap

T = TypeVar("T")

app = typer.Typer(help="Look at what is known to be missing, and take note of it.")

GapId = Annotated[int, typer.Argument(metavar="ID", help="Number of the gap.")]


@app.command("list")
def list_them(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only those that degrade health.")
    ] = False,
    topic: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this topic.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    before: Annotated[
        int | None, typer.Option(metavar="ID", help="Go on behind this one, with older ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List gaps, the newest first."""
    from application.gap_ledger import GapQuery

    query = GapQuery(only_open=only_open, topic=topic, before=before, limit=limit)
    found = _with_ledger(config, lambda ledger: ledger.gaps(query))
    if as_json:
        print_json({"gaps": [_told(gap) for gap in found]})
    else:
        _print_table(found)


@app.command("show")
def show(gap_id: GapId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Show one gap: its interval, cause and evidence, and who took note of it."""
    from domain.gap import GapOrderError

    gap = _with_ledger(config, lambda ledger: ledger.find(gap_id))
    if gap is None:
        raise GapOrderError(
            f"there is no gap {gap_id}. `cdc-audit gap list` shows which there are."
        )
    if as_json:
        print_json(_told(gap))
    else:
        for name, value in _told(gap).items():
            sys.stdout.write(f"{name.replace('_', ' ')}: {'-' if value is None else value}\n")


@app.command("acknowledge")
def acknowledge(
    gap_id: GapId,
    config: ConfigFile = None,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is acceptable.")],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who. Default: the user of this system.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take note of a gap, for good: it no longer makes /health degraded."""
    from adapters.postgres.pool import Access
    from application.acknowledge_gap import AcknowledgeGap

    name = _user() if by is None else by
    gap = _with_ledger(
        config,
        lambda ledger: AcknowledgeGap(ledger).acknowledge(gap_id, by=name, reason=reason),
        access=Access.WRITE,
    )
    if as_json:
        print_json(_told(gap))
    else:
        sys.stdout.write(f"{gap.title} is acknowledged by {name}.\n")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number that has no name
        return f"uid {os.getuid()}"


def _with_ledger(
    file: Path | None,
    ask: "Callable[[PostgresGapLedger], Awaitable[T]]",
    *,
    access: object = None,
) -> T:
    """Ask the ledger over a pool of its own, with the reader's rights unless told otherwise."""
    from adapters.postgres.gap_ledger import PostgresGapLedger
    from adapters.postgres.pool import Access, open_pool

    settings = checked_settings(file)
    database = msgspec.structs.replace(settings.sink_database, pool_size=1)

    async def asked() -> T:
        wanted = access if isinstance(access, Access) else Access.READ
        async with open_pool(database, access=wanted) as pool:
            return await ask(PostgresGapLedger(pool, database))

    return asyncio.run(asked())


def _told(gap: "LedgerGap") -> dict[str, object]:
    from entrypoints.http.page_times import iso

    acknowledged = gap.acknowledged
    return {
        "id": gap.id,
        "open": gap.is_open,
        "kind": gap.kind,
        "topic": gap.topic,
        "incarnation": gap.incarnation,
        "stream_id": gap.stream_id,
        "partition": gap.partition,
        "first_offset": gap.first_offset,
        "next_offset": gap.next_offset,
        "cause": gap.cause,
        "evidence": gap.evidence,
        "first_seen": iso(gap.first_seen),
        "acknowledged_at": acknowledged and iso(acknowledged.at),
        "acknowledged_by": acknowledged and acknowledged.by,
        "acknowledged_reason": acknowledged and acknowledged.reason,
    }


def _print_table(gaps: "Sequence[LedgerGap]") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from entrypoints.whole_lines import whole_lines

    console = whole_lines()
    if not gaps:
        console.print("no gaps")
        return
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    for column in ("gap", "topic", "life", "partition", "missing", "cause", "first seen", "state"):
        table.add_column(column, no_wrap=True)
    for gap in gaps:
        state = "open" if gap.is_open else "acknowledged" if gap.acknowledged else "shown only"
        seen = str(_told(gap)["first_seen"])[:19]
        cells = (gap.id, gap.topic, gap.incarnation, gap.partition, gap.offsets, gap.cause)
        table.add_row(*(Text(str(cell)) for cell in (*cells, seen, state)))
    console.print(table, crop=False)
