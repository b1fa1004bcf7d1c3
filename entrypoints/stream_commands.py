"""`cdc-audit stream ...`: what an operator orders about streams, where the service must not."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from domain.errors import RepositoryError
from entrypoints.command_parts import AsJson, ConfigFile, checked_settings, print_json

if TYPE_CHECKING:
    from adapters.postgres.stream_orders import StreamStanding
    from adapters.postgres.stream_skips import Skip, Skipped
    from entrypoints.settings import AppConfig

app = typer.Typer(help="Look at the streams of the trail, and decide about them.")

Topic = Annotated[str, typer.Argument(help="Name of the topic.")]
LONGEST_CLAIM, LOOK_AGAIN = 8.0, 0.25  # seconds
SkipCause = Literal["operator_skip", "corrupt"]


@app.command("list")
def list_them(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List every stream partition: where the trail stands, and which group writes it."""
    from adapters.postgres.stream_orders import list_streams

    found = list_streams(checked_settings(config).sink_database)
    if as_json:
        print_json({"streams": found})
    else:
        _print_table(found)


@app.command("new-incarnation")
def new_incarnation(
    topic: Topic,
    config: ConfigFile = None,
    *,
    cluster: Annotated[str | None, typer.Option(help="Id of the Kafka cluster.")] = None,
    as_json: AsJson = False,
) -> None:
    """End a topic's stream, as a gap, and begin a new one from the log's beginning."""
    from adapters.postgres.stream_orders import begin_incarnation

    number = begin_incarnation(checked_settings(config).sink_database, topic, cluster_id=cluster)
    if as_json:
        print_json({"topic": topic, "stream_id": number})
    else:
        sys.stdout.write(
            f"{topic}: stream {number} begins. The old one ends in a gap, which keeps /health "
            f"degraded until it is acknowledged.\n"
        )


@app.command("take-over")
def take_over(
    from_group: Annotated[str, typer.Argument(help="The group that writes the trail now.")],
    to_group: Annotated[str, typer.Argument(help="The group that is to write it.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give every partition of one consumer group to another. Stop the first group's service."""
    from adapters.postgres import stream_orders

    taken = stream_orders.take_over(checked_settings(config).sink_database, from_group, to_group)
    if as_json:
        print_json({"from_group": from_group, "to_group": to_group, "partitions": taken})
    else:
        sys.stdout.write(f"{taken} partitions of {from_group!r} belong to {to_group!r} now.\n")


@app.command("skip")
def skip(  # noqa: PLR0913 - each is an option of the command line
    topic: Topic,
    partition: Annotated[int, typer.Argument(min=0, help="Partition of the topic.")],
    config: ConfigFile = None,
    *,
    to: Annotated[int, typer.Option("--to", metavar="OFFSET", min=1, help="Where to read on.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept with the gap.")],
    at: Annotated[
        int | None,
        typer.Option("--from", metavar="OFFSET", help="Refuse if the trail stands elsewhere."),
    ] = None,
    cause: Annotated[
        SkipCause, typer.Option(help="corrupt: the log is damaged there.")
    ] = "operator_skip",
    cluster: Annotated[str | None, typer.Option(help="Id of the Kafka cluster.")] = None,
    as_json: AsJson = False,
) -> None:
    """Move a partition forward over offsets that will not be in the trail: a gap, for good."""
    from adapters.postgres.stream_skips import Skip
    from domain.gap import GapCause

    settings = checked_settings(config)
    _refuse_beyond_the_log(settings, topic, partition, to)
    order = Skip(
        topic=topic,
        partition=partition,
        to_offset=to,
        reason=reason,
        from_offset=at,
        cause=GapCause(cause),
        cluster_id=cluster,
    )
    skipped = _skipped(settings, order)
    if as_json:
        print_json({"topic": topic, "partition": partition, "skipped": skipped})
    else:
        sys.stdout.write(
            f"{topic}, partition {partition}: the offsets {skipped.first_offset} to "
            f"{skipped.next_offset - 1} will not be in the trail: gap {skipped.gap_id}, which "
            f"keeps /health degraded until it is acknowledged.\n"
        )


def _skipped(settings: "AppConfig", order: "Skip") -> "Skipped":
    """A service that has stopped at damage claims the partition now and then, for a moment."""
    from adapters.postgres.stream_skips import RunningWriterError, skip_offsets

    patience = time.monotonic() + (LONGEST_CLAIM if order.cause == "corrupt" else 0.0)
    while True:
        try:
            return skip_offsets(settings.sink_database, order)
        except RunningWriterError:
            if time.monotonic() >= patience:
                raise
            time.sleep(LOOK_AGAIN)


def _refuse_beyond_the_log(settings: "AppConfig", topic: str, partition: int, to: int) -> None:
    """A trail that stands beyond its log is refused by the service: no skip may make it so."""
    import asyncio

    from adapters.kafka.admin import KafkaAdmin

    async def log_end() -> int:
        return (await KafkaAdmin(settings.kafka).ends([(topic, partition)]))[topic, partition]

    end = asyncio.run(log_end())
    if to > end:
        raise RepositoryError(
            f"topic {topic}, partition {partition} ends at offset {end}: nothing can be read on at "
            f"{to}. Skip to {end} at most."
        )


def _print_table(streams: Sequence["StreamStanding"]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from entrypoints.whole_lines import whole_lines

    console = whole_lines()
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    for column in ("stream", "topic", "life", "partition", "from", "to", "group", "now"):
        table.add_column(column, no_wrap=True)
    for s in streams:
        offsets = (str(s.first_offset), str(s.next_offset))
        now = "connected" if s.is_running else "-"
        cells = (
            s.stream_id,
            s.topic,
            s.incarnation,
            s.partition,
            *offsets,
            s.consumer_group or "-",
        )
        table.add_row(*(Text(str(cell)) for cell in (*cells, now)))
    console.print(table, crop=False)
