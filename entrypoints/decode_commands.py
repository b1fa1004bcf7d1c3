"""`cdc-audit decode`: what would this record become? Nothing is stored, nothing is committed."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrypoints.command_parts import ConfigFile

if TYPE_CHECKING:
    from entrypoints.decode.change_table import ChangeTables
    from entrypoints.decode.given_records import Given
    from entrypoints.decode.json_lines import JsonLines
    from entrypoints.decode.outcome import Decoding
    from entrypoints.settings import AppConfig

DONE, FAILED = 0, 1
STANDARD_INPUT = "-"

File = Annotated[
    str, typer.Argument(metavar="FILE|-", help="A record a line, in JSON; - is standard input.")
]
Registry = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Schema registry. Default: schema_registry.url, or the line's own."
    ),
]
Topic = Annotated[
    str | None, typer.Option(metavar="NAME", help="Read this topic from the broker instead.")
]
Offset = Annotated[
    int | None,
    typer.Option("--from", metavar="OFFSET", min=0, help="With --topic: where to begin."),
]
Count = Annotated[int | None, typer.Option(min=1, help="With --topic: most records. Default: 1.")]
Partition = Annotated[int | None, typer.Option(min=0, help="With --topic: which one. Default: 0.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print lines of JSON on a terminal, too, not tables.")
]


def decode(  # noqa: PLR0913 - each is an option of the command line
    file: File = STANDARD_INPUT,
    config: ConfigFile = None,
    *,
    registry: Registry = None,
    topic: Topic = None,
    offset: Offset = None,
    count: Count = None,
    partition: Partition = None,
    as_json: AsJson = False,
) -> int:
    """Show what records would become, with the settings of the service; 1 if one is an error."""
    from entrypoints.decode.given_records import from_lines, from_topic
    from entrypoints.decode.outcome import Decoding

    settings = _settings(config, registry)
    if topic is None:
        _refuse_alone({"--from": offset, "--count": count, "--partition": partition})
        _refuse_no_file(file)
        given = from_lines(file)
    elif file != STANDARD_INPUT:
        raise typer.BadParameter("give a file or --topic, not both.")
    elif offset is None:
        raise typer.BadParameter("--topic needs --from, the offset to begin at.")
    else:
        given = from_topic(settings.kafka, topic, partition or 0, offset, count or 1)
    return _shown(given, Decoding(settings), as_json=as_json)


def _settings(file: Path | None, registry: str | None) -> "AppConfig":
    from entrypoints.settings import load_config

    settings = load_config(file)
    if registry is not None:
        settings.schema_registry = msgspec.structs.replace(settings.schema_registry, url=registry)
        settings.origins = {**settings.origins, "schema_registry.url": "--registry"}
    settings.validate()
    return settings


def _refuse_alone(options: dict[str, int | None]) -> None:
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"{name} goes with --topic, and there is none.")


def _refuse_no_file(file: str) -> None:
    if file != STANDARD_INPUT and not Path(file).exists():
        raise typer.BadParameter(f"there is no file {file}.")
    if Path(file).is_dir():
        raise typer.BadParameter(f"{file} is a folder.")


def _shown(given: "Given", decoding: "Decoding", *, as_json: bool) -> int:
    """Print what becomes of each record as it comes."""
    printer = _printer(as_json=as_json)
    status = DONE
    try:
        for one in given:
            outcome = decoding.outcome(one)
            status = FAILED if outcome.is_error else status
            printer.show(outcome)
        printer.finish()
    except BrokenPipeError:  # whoever read has enough: no reason to complain, now or at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        given.close()
    return status


def _printer(*, as_json: bool) -> "JsonLines | ChangeTables":
    from rich.console import Console

    from entrypoints.decode.change_table import ChangeTables
    from entrypoints.decode.json_lines import JsonLines

    if as_json or not sys.stdout.isatty():
        return JsonLines(sys.stdout.buffer)
    return ChangeTables(Console())
