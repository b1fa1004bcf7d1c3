"""
`cdc-audit verify ...`: whether the trail says of itself what is so.

Exit statuses: 0 everything fits; 1 something does not, and each difference is named; or the trail
or, with --deep, Kafka cannot be read.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Self

import msgspec
import typer

from domain.errors import RepositoryError
from entrypoints.command_parts import AsJson, ConfigFile, checked_settings

if TYPE_CHECKING:
    from adapters.postgres.accounting import PostgresBookkeeping
    from application.verify_accounting import Progress, VerifiedPartition
    from entrypoints.settings import AppConfig

FITS, DIFFERS = 0, 1

app = typer.Typer(help="Verify that the trail says of itself what is so.")


@app.callback()
def verify() -> None:
    """Verify that the trail says of itself what is so."""


@app.command("accounting")
def accounting(
    config: ConfigFile = None,
    *,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read the topics again, too, and compare offset by offset."),
    ] = False,
    topic: Annotated[str | None, typer.Option(metavar="NAME", help="Only this topic.")] = None,
    as_json: AsJson = False,
) -> int:
    """Recount what the counters say of every offset, from rows; 1 if something does not fit."""
    settings = checked_settings(config)
    verified = asyncio.run(_verified(settings, topic, deep=deep, quiet=as_json))
    if topic is not None and not verified:  # or a misspelt topic would fit
        raise RepositoryError(
            f"the trail has no topic {topic!r}. `cdc-audit stream list` shows its topics."
        )
    if as_json:
        _print_json(verified)
    else:
        _print_table(verified)
    return DIFFERS if any(part.differences for part in verified) else FITS


async def _verified(
    settings: "AppConfig", topic: str | None, *, deep: bool, quiet: bool
) -> "Sequence[VerifiedPartition]":
    found: list[VerifiedPartition] = []
    async with _opened(settings, topic, deep=deep) as steps:
        with _Bar(quiet=quiet) as bar:
            async for step in steps:
                bar.show(step)
                if step.verified is not None:
                    found.append(step.verified)
    return found


@asynccontextmanager
async def _opened(
    settings: "AppConfig", topic: str | None, *, deep: bool
) -> "AsyncGenerator[AsyncGenerator[Progress]]":
    from adapters.postgres.accounting import PostgresBookkeeping
    from adapters.postgres.pool import Access, open_pool
    from application.verify_accounting import VerifyAccounting

    database = msgspec.structs.replace(settings.sink_database, pool_size=1)
    async with open_pool(database, access=Access.READ) as pool:
        books = PostgresBookkeeping(pool, database)
        if deep:
            yield await _deep(settings, books, topic)
        else:
            yield VerifyAccounting(books).run(topic)


async def _deep(
    settings: "AppConfig", books: "PostgresBookkeeping", topic: str | None
) -> "AsyncGenerator[Progress]":
    from adapters.kafka.topic_reader import KafkaTopicReader
    from application.deep_verification import VerifyDeeply
    from application.source_types import learn
    from entrypoints.container import Container
    from entrypoints.source_catalog import source_catalog

    decoder = Container(config=settings).decoder()
    catalog = source_catalog(settings.source_database, settings.origins)
    learn(decoder, None if catalog is None else await catalog.types())
    deeply = VerifyDeeply(
        books,
        KafkaTopicReader(settings.kafka),
        decoder,
        max_record_bytes=settings.consumer.max_record_bytes,
    )
    return deeply.run(topic)


class _Bar:
    """Shows how far it is, on a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        console = Console(stderr=True)
        self._progress = RichProgress(
            console=console, transient=True, disable=quiet or not console.is_terminal
        )
        self._task = self._progress.add_task("verifying")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: "Progress") -> None:
        """Show one step."""
        where = f"{step.partition.topic} {step.partition.partition}"
        self._progress.update(
            self._task, description=where, completed=step.done, total=max(1, step.total)
        )


def _print_json(verified: "Sequence[VerifiedPartition]") -> None:
    told = {
        "fits": not any(part.differences for part in verified),
        "partitions": [_told(part) for part in verified],
    }
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _told(part: "VerifiedPartition") -> dict[str, object]:
    account = part.account
    return {
        "topic": account.partition.topic,
        "stream_id": account.partition.stream_id,
        "partition": account.partition.partition,
        "first_offset": account.first_offset,
        "next_offset": account.next_offset,
        "counted": account.tally,
        "unaccounted": account.unaccounted,
        "rows": part.rows,
        "reread": part.reread,
        "remark": part.remark,
        "differences": [
            {"what": found.what, "offsets": found.offsets} for found in part.differences
        ],
    }


def _print_table(verified: "Sequence[VerifiedPartition]") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from domain.disposition import Tally
    from entrypoints.whole_lines import whole_lines

    console = whole_lines()
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    names = Tally.__struct_fields__
    for column in ("topic", "stream", "partition", "offsets", *names, "rows", "verdict"):
        table.add_column(column, no_wrap=True)
    for part in verified:
        account = part.account
        place = account.partition
        cells = (place.topic, place.stream_id, place.partition)
        offsets = f"{account.first_offset} to {account.next_offset}"
        counts = [getattr(account.tally, name) for name in names]
        verdict = f"{len(part.differences)} differences" if part.differences else "fits"
        row = (*cells, offsets, *counts, part.rows, verdict)
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table, crop=False)
    for part in verified:
        place = part.account.partition
        if part.remark:
            sys.stdout.write(f"{place.topic}, partition {place.partition}: {part.remark}\n")
        for difference in part.differences:
            sys.stdout.write(f"DIFFERS {difference.text}\n")
