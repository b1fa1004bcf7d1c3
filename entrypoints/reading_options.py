"""Options that the commands which read a trail have in common."""

from pathlib import Path
from typing import Annotated

import typer

WHERE = "Which trail (--dsn, --url, or the settings)"
FILTERS = "What must match"


def complete_table(context: typer.Context, incomplete: str) -> list[str]:
    """Tables of the trail for the shell's completion; none where it cannot be asked at once."""
    from entrypoints.reading.completion import tables  # noqa: PLC0415 - starts fast

    given = context.params
    return tables(given.get("dsn"), given.get("config"), incomplete)


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="TOML file with settings: its sink_database is asked.",
        rich_help_panel=WHERE,
    ),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="Database of the trail: postgresql://user@host:5432/database.",
        rich_help_panel=WHERE,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="A running service: http://host:8080.",
        rich_help_panel=WHERE,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        envvar="CDC_AUDIT_TOKEN",
        help="With --url: as `cdc-audit token create` prints it.",
        rich_help_panel=WHERE,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="TABLE",
        help='Table, or schema.table; "a.b" in quotes if a name has a dot in it.',
        autocompletion=complete_table,
    ),
]
KeyArgument = Annotated[
    str,
    typer.Argument(metavar="KEY", help="Value of the key, or JSON of a key of several columns."),
]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a change: stream-partition-offset.")
]
Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="NAME",
        show_default=False,
        help="Debezium's topic prefix.",
        rich_help_panel=FILTERS,
    ),
]
Database = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="NAME",
        show_default=False,
        help="Database of the table.",
        rich_help_panel=FILTERS,
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")]
Before = Annotated[
    str | None,
    typer.Option(
        "--before",
        metavar="PLACE",
        help="Go on with older ones, from the place that the page before named.",
    ),
]


def _filter(name: str, metavar: str, about: str) -> object:
    return typer.Option(
        name, metavar=metavar, show_default=False, help=about, rich_help_panel=FILTERS
    )


Table = Annotated[
    str,
    typer.Option(
        "--table",
        metavar="NAME",
        show_default=False,
        help="Table, or schema.table.",
        rich_help_panel=FILTERS,
        autocompletion=complete_table,
    ),
]
Key = Annotated[str, _filter("--key", "KEY", "Value of a key of one column, or JSON of any key.")]
Operation = Annotated[
    str, _filter("--operation", "NAME", "INSERT, UPDATE, DELETE, TRUNCATE, SNAPSHOT, ...")
]
Transaction = Annotated[str, _filter("--transaction", "ID", "The connector's own id.")]
Since = Annotated[str, _filter("--since", "TIME", "From then on: ISO 8601, 2h, 3d, yesterday.")]
Until = Annotated[str, _filter("--until", "TIME", "Before then: likewise.")]
User = Annotated[str, _filter("--user", "NAME", "Who made the change.")]
Changed = Annotated[str, _filter("--changed", "COLUMN", "A column whose value differs.")]
Value = Annotated[
    str, _filter("--value", "COLUMN=VALUE", "A column that had or got a value: status=paid.")
]
Containing = Annotated[
    str, _filter("--text", "TEXT", "A text in an image or in the key, in any case.")
]
Redeliveries = Annotated[
    bool,
    typer.Option(
        "--redeliveries",
        help="Give also changes that are certain to repeat another one.",
        rich_help_panel=FILTERS,
    ),
]
