"""
Commands that ask the trail about many changes: `search`, `export`, `tail`, `stats`, `health`.

Exit statuses: 0 found, or nothing needs attention; 1 nothing found, something needs attention, or
nobody answers; 2 the command line is wrong; 3 the tables are older or newer than this program.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from entrypoints.reading.where import Question, Where
from entrypoints.reading_options import (
    AsJson,
    Before,
    Changed,
    ConfigFile,
    Containing,
    Database,
    Dsn,
    Key,
    Limit,
    Operation,
    Redeliveries,
    Since,
    Source,
    Table,
    Token,
    Transaction,
    Until,
    Url,
    User,
    Value,
)

if TYPE_CHECKING:
    from entrypoints.http.api_parameters import Filters

FOUND, NOTHING = 0, 1
_DAY = 86_400_000_000


def search(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    table: Table = "",
    key: Key = "",
    operation: Operation = "",
    transaction: Transaction = "",
    since: Since = "",
    until: Until = "",
    user: User = "",
    changed: Changed = "",
    value: Value = "",
    text: Containing = "",
    source: Source = "",
    database: Database = "",
    redeliveries: Redeliveries = False,
    count: Annotated[
        bool, typer.Option("--count", help="Count all that match, exactly or at least.")
    ] = False,
    limit: Limit = 50,
    before: Before = None,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Search the trail: changes that match all that is given, newest first."""
    from entrypoints.reading.answers import Search
    from entrypoints.reading.opened import answer
    from entrypoints.reading.printing import Printer, print_json, warn

    one = (table, key, operation, transaction, since, until, user, changed, value, text)
    filters = _filters(*one, source, database, redeliveries=redeliveries)
    page = Search(filters=filters, before=before, limit=limit, is_counted=count)
    found = answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("search", {**filters.used(), "before": before, "limit": limit}),
        lambda answers: answers.search(page),
        rows=lambda page: len(page.changes),
    )
    if as_json:
        print_json(found)
    else:
        Printer().page(found)
        warn(found.may_be_incomplete)
    return FOUND if found.changes else NOTHING


def export(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    table: Table = "",
    key: Key = "",
    operation: Operation = "",
    transaction: Transaction = "",
    since: Since = "",
    until: Until = "",
    user: User = "",
    changed: Changed = "",
    value: Value = "",
    text: Containing = "",
    source: Source = "",
    database: Database = "",
    redeliveries: Redeliveries = False,
    kind: Annotated[
        Literal["csv", "ndjson", "parquet"] | None,
        typer.Option("--format", help="Default: by the name of --output, else ndjson."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there. Default: standard out."),
    ] = None,
    safe: Annotated[
        bool, typer.Option("--safe", help="CSV for spreadsheets: no cell is a formula.")
    ] = False,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
) -> int:
    """Write all changes that match as CSV, NDJSON or Parquet, however many there are."""
    from entrypoints.reading.exporting import format_of
    from entrypoints.reading.streaming import export_matching

    one = (table, key, operation, transaction, since, until, user, changed, value, text)
    filters = _filters(*one, source, database, redeliveries=redeliveries)
    where = Where(config=config, dsn=dsn, url=url, token=token)
    found = export_matching(where, filters, format_of(kind, output), output, is_safe=safe)
    return FOUND if found else NOTHING


def tail(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with changes as they are committed.")
    ] = False,
    number: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=500, help="So many of the latest first.")
    ] = 10,
    table: Table = "",
    key: Key = "",
    operation: Operation = "",
    transaction: Transaction = "",
    since: Since = "",
    until: Until = "",
    user: User = "",
    changed: Changed = "",
    value: Value = "",
    text: Containing = "",
    source: Source = "",
    database: Database = "",
    redeliveries: Redeliveries = False,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show the latest changes, oldest first, and with -f each that follows, until Ctrl-C."""
    from entrypoints.reading.streaming import show_latest

    one = (table, key, operation, transaction, since, until, user, changed, value, text)
    filters = _filters(*one, source, database, redeliveries=redeliveries)
    where = Where(config=config, dsn=dsn, url=url, token=token)
    count = show_latest(where, filters, number, follows=follow, as_json=as_json)
    return FOUND if count else NOTHING


def stats(  # noqa: PLR0913 - each is an option of the command line
    config: ConfigFile = None,
    *,
    since: Since = "1d",
    until: Until = "now",
    table: Table = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Busiest rows and writers.")] = 20,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Count changes of the last day by table, hour, row and writer; or of another interval."""
    from entrypoints.reading.opened import answer
    from entrypoints.reading.printing import Printer, print_json, warn
    from entrypoints.reading.printing_facts import print_statistics

    begin, end = _moment("--since", since), _moment("--until", until)
    if begin > end:
        raise typer.BadParameter("--since is later than --until: exchange the two.")
    found = answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("stats", {"since": since, "until": until, "table": table, "limit": limit}),
        lambda answers: answers.statistics(begin, end, table=table, limit=limit),
        rows=lambda facts: len(facts.tables),
    )
    if as_json:
        print_json(found)
    else:
        print_statistics(found, Printer())
        warn(found.may_be_incomplete)
    return FOUND if found.tables else NOTHING


def health(
    config: ConfigFile = None,
    *,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show gaps, quarantine, accounting, coverage and silent tables; 1 if one needs attention."""
    from entrypoints.reading.opened import answer
    from entrypoints.reading.printing import Printer, print_json
    from entrypoints.reading.printing_facts import print_health, problems

    found = answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("health", {}),
        lambda answers: answers.health(),
        rows=lambda report: len(report.accounting),
    )
    if as_json:
        print_json(found)
    else:
        print_health(found, Printer())
    return NOTHING if problems(found) else FOUND


def _filters(*written: str, redeliveries: bool) -> "Filters":
    """The filters in their order in `Filters`, times as ISO 8601."""
    from entrypoints.http.api_parameters import Filters
    from entrypoints.http.page_times import iso

    names = [name for name in Filters.__struct_fields__ if name != "redeliveries"]
    given = dict(zip(names, written, strict=True))
    for name in ("since", "until"):
        if given[name]:
            given[name] = iso(_moment(f"--{name}", given[name]))
    return Filters(**given, redeliveries="true" if redeliveries else "")


def _moment(option: str, text: str) -> int:
    from entrypoints.reading.moments import read_moment

    return read_moment(option, text, now=datetime.now(UTC))
