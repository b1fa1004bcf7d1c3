"""The effective settings for people and programs: each value, where it came from, no secret."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO, cast

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrypoints.settings import AppConfig
from entrypoints.settings_sources import variable_of

DEFAULT = "default"


class EffectiveSetting(msgspec.Struct, frozen=True):
    """
    One setting as it holds.

    Attributes:
        name: ``section.field``, or ``field`` at the top.
        value: Its value as a plain one; ``(hidden)`` for a secret that is set.
        origin: A variable, a file and line, or ``default``.
        variable: The environment variable that sets it; None for what is no setting.
    """

    name: str
    value: object
    origin: str
    variable: str | None


def print_settings(config: AppConfig, *, as_json: bool, stream: TextIO | None = None) -> None:
    """Print every setting of `config`: a table on a terminal, lines elsewhere, or JSON."""
    settings = effective_settings(config)
    target = sys.stdout if stream is None else stream
    if as_json:
        whole = msgspec.json.encode({"settings": settings})
        target.write(msgspec.json.format(whole, indent=2).decode() + "\n")
    elif target.isatty():
        Console(file=target).print(settings_table(settings))
    else:
        target.writelines(f"{line}\n" for line in settings_lines(settings))


def effective_settings(config: AppConfig) -> Sequence[EffectiveSetting]:
    """List every setting of `config`, in the order in which the sections define them."""
    return [
        EffectiveSetting(
            name=name,
            value=value,
            origin=config.origins.get(name, DEFAULT),
            variable=None if name == "version" else variable_of(name),
        )
        for name, value in _flat(config.to_dict(), config)
    ]


def settings_table(settings: Sequence[EffectiveSetting]) -> Table:
    """Draw `settings`; what is not a default stands out."""
    table = Table("setting", "value", "from", box=None, pad_edge=False, header_style="bold")
    for setting in settings:
        style = "dim" if setting.origin == DEFAULT else ""
        cells = (setting.name, _shown(setting.value), setting.origin)
        table.add_row(*(Text(cell, style=style, overflow="fold") for cell in cells))
    return table


def settings_lines(settings: Sequence[EffectiveSetting]) -> Iterator[str]:
    """Write `settings` as lines of text, for where there is no terminal."""
    for setting in settings:
        yield f"{setting.name} = {_shown(setting.value)}  # {setting.origin}"


def _flat(values: Mapping[str, object], config: object) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(getattr(config, name), msgspec.Struct):
            section = cast("Mapping[str, object]", value)
            yield from ((f"{name}.{inner}", given) for inner, given in section.items())
        else:
            yield name, value


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode() if value is not None else "-"
