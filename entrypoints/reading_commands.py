"""
Commands that ask the trail about rows, changes and transactions: `log`, `show`, `at`, `diff`, ...

Exit statuses: 0 found; 1 nothing found, or nobody answers, and standard error says which; 2 the
command line is wrong, or fits several things; 3 the tables are older or newer than this program.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from entrypoints import search_commands
from entrypoints.reading.where import Question, Where
from entrypoints.reading_options import (
    AsJson,
    Before,
    ConfigFile,
    Database,
    Dsn,
    IdArgument,
    KeyArgument,
    Limit,
    Source,
    TableArgument,
    Token,
    Url,
)

if TYPE_CHECKING:
    from entrypoints.reading.answers import Answers, Named, Scope
    from entrypoints.reading.printing import Printer

T = TypeVar("T", bound=msgspec.Struct)

FOUND, NOTHING = 0, 1

_PANEL = "Ask the trail"
_FOUND = "Exit status: 0 found; 1 nothing found, or nobody answers;"
_OTHERS = "2 the command line is wrong, or fits several things; 3 the trail's tables do not fit."


def log(  # noqa: PLR0913 - each is an option of the command line
    table: TableArgument,
    key: KeyArgument,
    config: ConfigFile = None,
    *,
    source: Source = "",
    database: Database = "",
    limit: Limit = 50,
    before: Before = None,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show the history of a row, newest first: every change, and what it did to each column."""
    row = _named(table, key, source, database)
    found = _answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("log", {**_given(row), "before": before, "limit": limit}),
        lambda answers: answers.history(row, before=before, limit=limit),
        rows=lambda page: len(page.entries),
    )
    _show(found, lambda printer: printer.history(found), as_json=as_json)
    return FOUND if found.entries else NOTHING


def show(  # noqa: PLR0913 - each is an option of the command line
    change_id: IdArgument,
    config: ConfigFile = None,
    *,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show one change, with every column before and after."""
    found = _answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("show", {"id": change_id}),
        lambda answers: answers.change(change_id),
        rows=lambda _: 1,
    )
    _show(found, lambda printer: printer.detail(found), as_json=as_json)
    return FOUND


def at(  # noqa: PLR0913 - each is an option of the command line
    table: TableArgument,
    key: KeyArgument,
    time: Annotated[
        str | None,
        typer.Argument(metavar="[TIME]", help="ISO 8601, or 2h (ago), 3d, yesterday, now."),
    ] = None,
    config: ConfigFile = None,
    *,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help="Before this change of the row.")
    ] = None,
    source: Source = "",
    database: Database = "",
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show a row as it was at a time, or before a change, and where each value is known from."""
    if (time is None) == (before is None):
        raise typer.BadParameter("give a TIME, or --before ID.")
    row = _named(table, key, source, database)
    moment = 0 if time is None else _moment("TIME", time)
    found = _answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("at", {**_given(row), "time": time, "before": before}),
        lambda answers: (
            answers.row_at(row, moment) if before is None else answers.row_before(row, before)
        ),
        rows=lambda _: 1,
    )
    _show(found, lambda printer: printer.state(found), as_json=as_json)
    return NOTHING if found.existence.value == "unknown" else FOUND


def diff(  # noqa: PLR0913 - each is an option of the command line
    table: TableArgument,
    times: Annotated[
        list[str],
        typer.Argument(metavar="[KEY] FROM TO", help="Two times; before them a key for one row."),
    ],
    config: ConfigFile = None,
    *,
    source: Source = "",
    database: Database = "",
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show what differs in a row, or in a small table, between two times; 1 if nothing does."""
    key, earlier, later = _key_and_times(times)
    row = _named(table, key, source, database)
    where = Where(config=config, dsn=dsn, url=url, token=token)
    question = Question("diff", {**_given(row), "from": times[-2], "to": times[-1]})
    if key:
        one = _answer(
            where,
            question,
            lambda answers: answers.compare_row(row, earlier=earlier, later=later),
            rows=lambda _: 1,
        )
        _show(one, lambda printer: printer.row_diff(one), as_json=as_json)
        return FOUND if one.differs else NOTHING
    found = _answer(
        where,
        question,
        lambda answers: answers.compare_table(row, earlier=earlier, later=later),
        rows=lambda compared: len(compared.rows),
    )
    _show(found, lambda printer: printer.table_diff(found), as_json=as_json)
    return FOUND if any(one.differs for one in found.rows) else NOTHING


def tx(  # noqa: PLR0913 - each is an option of the command line
    transaction_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The connector's own id.")
    ] = None,
    config: ConfigFile = None,
    *,
    of: Annotated[
        str | None, typer.Option("--of", metavar="ID", help="The transaction of this change.")
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The one nearest to then: ids come again."),
    ] = None,
    source: Source = "",
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Show all changes of a transaction, in order, over all tables, and whether that is all."""
    from entrypoints.reading.answers import TransactionName

    if (transaction_id is None) == (of is None):
        raise typer.BadParameter("give the ID of a transaction, or --of with that of a change.")
    name = TransactionName(
        id=transaction_id or "",
        change=of or "",
        source=source,
        around=None if around is None else _moment("--around", around),
    )
    found = _answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("tx", {"id": transaction_id, "of": of, "around": around, "source": source}),
        lambda answers: answers.transaction(name),
        rows=lambda whole: len(whole.changes),
    )
    _show(found, lambda printer: printer.transaction(found), as_json=as_json)
    return FOUND


def revert(  # noqa: PLR0913 - each is an option of the command line
    change_id: IdArgument,
    config: ConfigFile = None,
    *,
    whole_row: Annotated[
        bool, typer.Option("--row", help="Undo also all later changes of its row.")
    ] = False,
    transaction: Annotated[
        bool, typer.Option("--transaction", help="Undo its whole transaction.")
    ] = False,
    dsn: Dsn = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> int:
    """Print the SQL that puts a change back. It is never executed here; 1 if there is none."""
    if whole_row and transaction:
        raise typer.BadParameter("give --row or --transaction, not both.")
    scope: Scope = "row" if whole_row else "transaction" if transaction else "change"
    found = _answer(
        Where(config=config, dsn=dsn, url=url, token=token),
        Question("revert", {"id": change_id, "of": scope}),
        lambda answers: answers.put_back(change_id, scope),
        rows=lambda plan: len(plan.statements),
    )
    _show(found, lambda printer: printer.revert(found), as_json=as_json)
    return NOTHING if found.script is None else FOUND


def _answer(
    where: Where,
    question: Question,
    ask: "Callable[[Answers], Awaitable[T]]",
    *,
    rows: Callable[[T], int],
) -> T:
    from entrypoints.reading.answers import NothingFoundError
    from entrypoints.reading.opened import answer
    from entrypoints.reading.printing import warn

    try:
        return answer(where, question, ask, rows=rows)
    except NothingFoundError as error:
        warn(error.may_be_incomplete)
        raise


def _show(found: msgspec.Struct, shown: "Callable[[Printer], None]", *, as_json: bool) -> None:
    from entrypoints.reading.printing import Printer, print_json, warn

    if as_json:
        print_json(found)
        return
    shown(Printer())
    warn(getattr(found, "may_be_incomplete", None))


def _named(table: str, key: str, source: str, database: str) -> "Named":
    from entrypoints.reading.answers import Named

    return Named(table=table, key=key, source=source, database=database)


def _given(row: "Named") -> Mapping[str, object]:
    return msgspec.structs.asdict(row)


def _key_and_times(texts: list[str]) -> tuple[str, int, int]:
    if len(texts) not in {2, 3}:
        raise typer.BadParameter("give two times, FROM and TO, and before them a KEY for one row.")
    key = texts[0] if texts[2:] else ""
    earlier, later = _moment("FROM", texts[-2]), _moment("TO", texts[-1])
    if earlier > later:
        raise typer.BadParameter("FROM is later than TO: exchange the two.")
    return key, earlier, later


def _moment(option: str, text: str) -> int:
    from datetime import UTC, datetime

    from entrypoints.reading.moments import read_moment

    return read_moment(option, text, now=datetime.now(UTC))


def add_to(app: typer.Typer) -> None:
    """Add every command that reads a trail to `app`."""
    many = search_commands
    finding = (log, show, at, diff, tx, revert, many.search, many.export, many.tail, many.stats)
    for command in finding:
        app.command(epilog=f"{_FOUND} {_OTHERS}", rich_help_panel=_PANEL)(command)
    well = "Exit status: 0 nothing needs attention; 1 something does, or nobody answers;"
    app.command(epilog=f"{well} {_OTHERS}", rich_help_panel=_PANEL)(many.health)
