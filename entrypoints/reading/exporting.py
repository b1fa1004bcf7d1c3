"""Where an export goes: a file that has its name only when it is whole, or standard output."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import typer

Format = Literal["csv", "ndjson", "parquet"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
}


def format_of(chosen: Format | None, output: Path | None) -> Format:
    """
    The format: as it was chosen, else by the file's name, else NDJSON.

    Raises:
        BadParameter: Parquet would go to a terminal.
    """
    by_name = None if output is None else _SUFFIXES.get(output.suffix.lower())
    found = chosen or by_name or "ndjson"
    if found == "parquet" and output is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is no text for a terminal: give --output FILE.")
    return found


@contextmanager
def written(output: Path | None) -> Generator[IO[bytes]]:
    """
    Open what is written to. Until all of it is written, a file is called ``NAME.part``.

    Raises:
        BadParameter: The file cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f"{output.name}.part")
    try:
        file = part.open("wb")
    except OSError as error:
        raise typer.BadParameter(f"--output: {part}: {error.strerror}.") from None
    with file:
        yield file
    part.replace(output)
