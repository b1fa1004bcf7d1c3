"""
`cdc-audit quarantine ...`: look after records that could not be audited.

Exit statuses: 0 done; 1 some stay in quarantine or were left out, or something is away.
"""

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrypoints.command_parts import AsJson, ConfigFile, checked_settings, print_json

if TYPE_CHECKING:
    from application.quarantine_ledger import QuarantineQuery
    from domain.quarantine_entry import QuarantineEntry, QuarantineEvent
    from entrypoints.settings import AppConfig

DONE, FAILED = 0, 1

app = typer.Typer(help="Look after records that could not be audited.")

Topic = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this topic.")]
ErrorType = Annotated[
    str | None, typer.Option(metavar="CLASS", help="Only with this error: SchemaNotFoundError, ...")
]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only those quarantined since: ISO 8601, or 2h, 1d ago."),
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only those quarantined before: likewise.")
]
Ids = Annotated[list[int] | None, typer.Option("--id", metavar="ID", help="Only these numbers.")]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Their numbers.")]
IsOpen = Annotated[
    bool | None, typer.Option("--open/--resolved", help="Only open, or only resolved ones.")
]
Raw = Annotated[bool, typer.Option("--raw", help="Open what is encrypted, and show all bytes.")]


@app.callback(invoke_without_command=True)
def orders(  # noqa: PLR0913 - each is an option of the command line
    context: typer.Context,
    *,
    all_of: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC", help="Order: quarantine whatever fails of it; never hold it."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="With --all-of: when the order ends. ISO 8601, or 2h."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --all-of: why it is ordered.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="With --all-of: end the order.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Look after records that could not be audited, or order what is to become of a topic."""
    from entrypoints.quarantine.moments import moment
    from entrypoints.quarantine.ordering import end_order, give_order

    if context.invoked_subcommand is not None:
        if all_of is not None or clear:
            raise typer.BadParameter("--all-of is an order of its own: give no command with it.")
        return DONE
    if all_of is None:
        raise typer.BadParameter("give a command, or --all-of TOPIC. --help lists the commands.")
    if clear:
        return asyncio.run(end_order(checked_settings(config), all_of, as_json=as_json))
    at = moment("--until", until, now=time.time(), ahead=True)
    order = give_order(checked_settings(config), all_of, until=at, reason=reason, as_json=as_json)
    return asyncio.run(order)


@app.command("list")
def list_them(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    topic: Topic = None,
    error_type: ErrorType = None,
    since: Since = None,
    until: Until = None,
    ids: Ids = None,
    is_open: IsOpen = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    before: Annotated[
        int | None, typer.Option(metavar="ID", help="Go on behind this one, with older ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what is in quarantine, the newest first."""
    from entrypoints.quarantine.printing import print_entries
    from entrypoints.quarantine.told import told

    query = _query(topic, error_type, since, until, ids)
    page = msgspec.structs.replace(query, is_open=is_open, limit=limit, behind=before)
    found = asyncio.run(_search(checked_settings(config), page))
    if as_json:
        print_json({"entries": [told(entry) for entry in found]})
    else:
        print_entries(found, more=len(found) == limit)


@app.command()
def show(
    error_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the entry.")],
    config: ConfigFile = None,
    *,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show one record: why it is there, what happened to it, its bytes."""
    from domain.errors import CdcAuditError
    from entrypoints.quarantine.opened import open_rebuild
    from entrypoints.quarantine.printing import print_entry
    from entrypoints.quarantine.told import told, told_bytes, told_event

    settings = checked_settings(config)
    entry, history = asyncio.run(_find(settings, error_id))
    if entry is None:
        raise CdcAuditError(
            f"there is no entry {error_id}. `cdc-audit quarantine list` shows which there are."
        )
    opened = open_rebuild(settings).revealed(entry.record) if raw else entry.record
    if as_json:
        events = [told_event(event) for event in history]
        print_json({**told(entry), **told_bytes(opened), "history": events})
    else:
        print_entry(entry, history, opened, is_whole=raw)


@app.command()
def retry(  # noqa: PLR0913 - each is an option of the command line
    numbers: Numbers = None,
    config: ConfigFile = None,
    *,
    topic: Topic = None,
    error_type: ErrorType = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open one.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would become of them; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Retry open records now: they get their own places in the trail, or stay, and say why."""
    from entrypoints.quarantine.work import retry_and_tell

    if not everything and not any((numbers, topic, error_type, since, until)):
        raise typer.BadParameter("give numbers, --topic, --error-type, --since, --until or --all.")
    query = msgspec.structs.replace(_query(topic, error_type, since, until, numbers), is_open=True)
    work = retry_and_tell(checked_settings(config), query, is_rehearsal=dry_run, as_json=as_json)
    return DONE if asyncio.run(work) else FAILED


@app.command()
def resolve(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...", help="Their numbers.")],
    config: ConfigFile = None,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.")],
    as_json: AsJson = False,
) -> int:
    """Resolve records without a row in the trail: they stay counted as quarantined."""
    if not reason.strip():
        raise typer.BadParameter("--reason is empty. Say why.")
    wanted = sorted(set(numbers))
    resolved = asyncio.run(_resolve(checked_settings(config), wanted, reason))
    others = [number for number in wanted if number not in resolved]
    if as_json:
        print_json({"resolved": resolved, "not_open": others})
    else:
        sys.stdout.write(f"resolved: {_listed(resolved)}\n")
        if others:
            sys.stdout.write(f"not there, or not open: {_listed(others)}\n")
    return FAILED if others else DONE


@app.command()
def export(  # noqa: PLR0913 - each is an option of the command line
    numbers: Numbers = None,
    config: ConfigFile = None,
    *,
    topic: Topic = None,
    error_type: ErrorType = None,
    since: Since = None,
    until: Until = None,
    is_open: IsOpen = None,
    raw: Annotated[bool, typer.Option("--raw", help="Open what is encrypted.")] = False,
) -> int:
    """Write records as lines of JSON, as `cdc-audit decode` reads them."""
    from entrypoints.quarantine.work import export_matching

    query = msgspec.structs.replace(
        _query(topic, error_type, since, until, numbers), is_open=is_open
    )
    count, left_out = asyncio.run(export_matching(checked_settings(config), query, decrypt=raw))
    for problem in left_out:
        sys.stderr.write(f"cdc-audit: left out: {problem}\n")
    if not count and not left_out:
        sys.stderr.write("cdc-audit: nothing in the quarantine matches.\n")
    return FAILED if left_out else DONE


def _query(
    topic: str | None,
    error_type: str | None,
    since: str | None,
    until: str | None,
    ids: list[int] | None,
) -> "QuarantineQuery":
    from application.quarantine_ledger import QuarantineQuery
    from entrypoints.quarantine.moments import moment

    now = time.time()
    return QuarantineQuery(
        topic=topic,
        error_type=error_type,
        since=moment("--since", since, now=now),
        until=moment("--until", until, now=now),
        error_ids=ids or None,
    )


async def _search(settings: "AppConfig", query: "QuarantineQuery") -> "list[QuarantineEntry]":
    from entrypoints.quarantine.opened import open_ledger

    async with open_ledger(settings, is_writing=False) as ledger:
        return list(await ledger.search(query))


async def _find(
    settings: "AppConfig", error_id: int
) -> "tuple[QuarantineEntry | None, list[QuarantineEvent]]":
    from entrypoints.quarantine.opened import open_ledger

    async with open_ledger(settings, is_writing=False) as ledger:
        return await ledger.find(error_id), list(await ledger.history(error_id))


async def _resolve(settings: "AppConfig", numbers: list[int], reason: str) -> list[int]:
    from entrypoints.quarantine.opened import open_ledger

    async with open_ledger(settings, is_writing=True) as ledger:
        return list(await ledger.resolve(numbers, reason=reason))


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
