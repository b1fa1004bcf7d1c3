"""What commands have in common: options, the settings that they name, and answers for programs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:  # the settings bring PostgreSQL's driver: not for `--help`
    from entrypoints.settings import AppConfig

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with settings.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def checked_settings(file: Path | None) -> "AppConfig":
    """
    Read the settings from `file`, or where they are by default, and check them.

    Raises:
        ConfigurationError: A value is wrong, with where it came from.
    """
    from entrypoints.settings import load_config  # noqa: PLC0415 - commands start fast

    settings = load_config(file)
    settings.validate()
    return settings


def print_json(found: object) -> None:
    """Print an answer for programs."""
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
