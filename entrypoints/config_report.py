"""
The effective settings for people and programs: each value, where it came from, no secret.

Behind them comes what they leave open: columns that the trail has met, that look like secrets, and
that no rule masks; and rules that fit no column that it has met. Where the trail cannot be asked,
that is said, and is no failure.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO, cast

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.trail_reader import PostgresTrailReader
from application.exposed_columns import ExposedColumn, exposed_columns
from application.unmatched_rules import UnmatchedRule, unmatched_rules
from domain.errors import ConfigurationError, RepositoryError
from domain.source_table import SourceColumns
from entrypoints.settings import AppConfig
from entrypoints.settings_sources import variable_of

DEFAULT = "default"

_PATIENCE = 2
"""Seconds that the trail has for its answer: the settings are what was asked for."""


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


class Exposure(msgspec.Struct, frozen=True):
    """
    What the trail holds that looks like secrets.

    Attributes:
        columns: Columns that no rule masks; None where the trail could not be asked.
        reason: Why it could not be asked; None where it could.
        unmatched: Rules that fit no column.
    """

    columns: Sequence[ExposedColumn] | None
    reason: str | None = None
    unmatched: Sequence[UnmatchedRule] = ()


def print_config(config: AppConfig, *, as_json: bool, stream: TextIO | None = None) -> None:
    """
    Print every setting of `config`, and the columns that it exposes.

    Settings are a table on a terminal, and lines elsewhere. As JSON, all is one object.
    """
    settings = effective_settings(config)
    target = sys.stdout if stream is None else stream
    if as_json:
        whole = msgspec.json.encode({"settings": settings, **_members(look_for_exposed(config))})
        target.write(msgspec.json.format(whole, indent=2).decode() + "\n")
        return
    if target.isatty():
        Console(file=target).print(settings_table(settings))
    else:
        target.writelines(f"{line}\n" for line in settings_lines(settings))
    target.flush()
    target.writelines(f"{line}\n" for line in exposure_lines(look_for_exposed(config)))


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


def look_for_exposed(config: AppConfig) -> Exposure:
    """Ask the trail for its columns, for a short while; wrong settings are not tried out."""
    try:
        config.validate()
        sources = asyncio.run(_sources(config.sink_database))
    except ConfigurationError:
        return Exposure(None, "a setting is wrong")
    except TimeoutError:
        address = config.sink_database.address
        return Exposure(None, f"the database {address} did not answer within {_PATIENCE} s")
    except RepositoryError as error:
        return Exposure(None, str(error))
    return Exposure(
        exposed_columns(sources, config.redaction.redaction()),
        unmatched=unmatched_rules(sources, config.redaction.rules),
    )


def exposure_lines(exposure: Exposure) -> Iterator[str]:
    """Write `exposure` as lines of TOML: rules to paste, and comments."""
    if exposure.columns is None:
        yield f"# the trail could not be asked for unmasked secrets: {exposure.reason}"
    elif not exposure.columns:
        yield "# no column in the trail looks like a secret and is left unmasked"
    else:
        yield ""
        yield "# These columns in the trail look like secrets by name, and no rule masks them."
        yield "# To have them masked from now on, paste the rules into the settings' file. With"
        yield '# rules, give quarantine.encryption_keys too, or set quarantine.raw = "withhold".'
        for exposed in exposure.columns:
            yield ""
            yield exposed.rule
    for rule in exposure.unmatched:
        nearest = "" if rule.nearest is None else f" Did you mean {rule.nearest!r}?"
        yield ""
        yield (
            f"# The rule on column {rule.column!r} of table {rule.table!r} fits no column that the "
            f"trail has met.{nearest}"
        )


def _members(exposure: Exposure) -> Mapping[str, object]:
    if exposure.columns is None:
        return {"exposed_columns": None, "exposed_columns_reason": exposure.reason}
    columns = [
        {"table": exposed.table, "column": exposed.column, "rule": exposed.rule}
        for exposed in exposure.columns
    ]
    return {"exposed_columns": columns, "unmatched_rules": exposure.unmatched}


async def _sources(config: DatabaseConfig) -> SourceColumns:
    hurried = msgspec.structs.replace(
        config,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        connect_timeout=min(_PATIENCE, config.connect_timeout),
        statement_timeout=min(float(_PATIENCE), config.statement_timeout),
    )
    async with open_pool(hurried, access=Access.READ) as pool, asyncio.timeout(_PATIENCE):
        return await PostgresTrailReader(pool, hurried).sources()


def _flat(values: Mapping[str, object], config: object) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(getattr(config, name), msgspec.Struct):
            section = cast("Mapping[str, object]", value)
            yield from ((f"{name}.{inner}", given) for inner, given in section.items())
        else:
            yield name, value


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode() if value is not None else "-"
