"""`/api/v1/rows` and `/api/v1/tables`: a row's history, the row as it was, and two times."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from application.missing_parts import among
from application.row_at import RowAnswer
from domain.row_identity import RowIdentity, row_of
from entrypoints.http.api_answers import fresh
from entrypoints.http.api_missing import missing_out
from entrypoints.http.api_operation import Asked, Operation
from entrypoints.http.api_parameters import BadParameterError, read_id
from entrypoints.http.api_problems import CONFLICT, NOT_FOUND, NoSuchChangeError
from entrypoints.http.api_row_structs import (
    FoundRows,
    RowDiff,
    RowHistoryOut,
    RowState,
    TableDiff,
    history_out,
    row_diff_out,
    row_out,
    state_out,
    table_diff_out,
)
from entrypoints.http.api_schemas import (
    BEFORE,
    DATABASE,
    LIMIT,
    ROW,
    SOURCE,
    TABLE,
    limit,
    text,
    time,
)
from entrypoints.http.looks import note_rows

_MOST_ROWS = 200


async def find(asked: Asked) -> Response:
    """Every row of a name."""
    questions = asked.site.questions
    found = await questions.find.rows(asked.arguments.row())
    note_rows(asked.request, len(found))
    missing = missing_out(await among(questions.missing, ()))
    return fresh(FoundRows(rows=[row_out(row) for row in found], may_be_incomplete=missing))


async def history(asked: Asked) -> Response:
    """A page of a row's history."""
    arguments = asked.arguments
    before, limit_ = arguments.place(), arguments.limit(50)
    row = await the_row(asked)
    page = await asked.site.questions.history.page(row, before=before, limit=limit_)
    note_rows(asked.request, len(page.entries))
    return fresh(history_out(page))


async def at(asked: Asked) -> Response:
    """A row as it was at a time, or before or after a change."""
    ways = [name for name in ("time", "before", "after") if asked.arguments.text(name)]
    if len(ways) != 1:
        raise BadParameterError(
            "time", "give one of `time` (with `table` and `key`), `before` and `after`."
        )
    (way,) = ways
    answer = await (_at_time(asked) if way == "time" else _beside(asked, way))
    note_rows(asked.request, 1)
    return fresh(state_out(answer))


async def diff(asked: Asked) -> Response:
    """A row at two times."""
    earlier, later = _times(asked)
    row = await the_row(asked)
    found = await asked.site.questions.compare.row(row, earlier=earlier, later=later)
    note_rows(asked.request, 1)
    return fresh(row_diff_out(found))


async def tables_diff(asked: Asked) -> Response:
    """The rows of a table that were changed between two times."""
    arguments, questions = asked.arguments, asked.site.questions
    (earlier, later), most = _times(asked), arguments.limit(_MOST_ROWS, _MOST_ROWS)
    tables = await questions.find.tables(arguments.table())
    if len(tables) != 1:
        raise _not_one("table", len(tables))
    found = await questions.compare.table(tables[0], earlier=earlier, later=later, limit=most)
    note_rows(asked.request, len(found.rows))
    return fresh(table_diff_out(found))


async def the_row(asked: Asked) -> RowIdentity:
    """
    The one row that is asked for.

    Raises:
        HTTPException: There is none, or there are several.
    """
    found = await asked.site.questions.find.rows(asked.arguments.row())
    if len(found) != 1:
        note_rows(asked.request, 0)
        raise _not_one("row", len(found))
    return found[0]


async def _at_time(asked: Asked) -> RowAnswer:
    moment = asked.arguments.needed_time("time")
    return await asked.site.questions.row_at.at(await the_row(asked), moment)


async def _beside(asked: Asked, way: str) -> RowAnswer:
    """The row before or after a change."""
    written = asked.arguments.needed(way)
    coordinates = read_id(written)
    questions = asked.site.questions
    stored = None if coordinates is None else await questions.trail.change(*coordinates)
    if stored is None:
        raise NoSuchChangeError(written)
    if row_of(stored.record) is None:
        raise HTTPException(CONFLICT, f"change {stored.id} names no key: nobody knows its row.")
    row_at = questions.row_at
    found = await (row_at.before(stored) if way == "before" else row_at.after(stored))
    if found is None:
        raise HTTPException(CONFLICT, f"change {stored.id} names no key: nobody knows its row.")
    return found


def _times(asked: Asked) -> tuple[int, int]:
    earlier, later = (asked.arguments.needed_time(name) for name in ("earlier", "later"))
    if later < earlier:
        raise BadParameterError("later", "is before `earlier`: exchange the two.")
    return earlier, later


def _not_one(what: str, found: int) -> HTTPException:
    if found:
        return HTTPException(
            CONFLICT,
            f"{found} {what}s have that name. Say which one: `table` as schema.table, `source`, "
            f"`database`. `/api/v1/rows` lists rows.",
        )
    return HTTPException(
        NOT_FOUND,
        f"the trail knows no {what} of that name. Its tables are in `coverage` of "
        f"`/api/v1/health`; a key is the value of its one column, or JSON: "
        f'{{"order_id":7,"line":1}}.',
    )


_TWO_TIMES = (
    time("earlier", "The earlier time.", required=True),
    time("later", "The later time.", required=True),
)

ROW_OPERATIONS: Sequence[Operation] = (
    Operation(
        name="findRows",
        path="/rows",
        about="Every row with this table and key of which the trail has a change.",
        handle=find,
        gives=FoundRows,
        parameters=ROW,
    ),
    Operation(
        name="rowHistory",
        path="/rows/history",
        about="Every change of a row, newest first, changes of its key followed.",
        handle=history,
        gives=RowHistoryOut,
        parameters=(*ROW, BEFORE, LIMIT),
        problems=(404, 409),
    ),
    Operation(
        name="rowAt",
        path="/rows/at",
        about="A row as it was: at a time (with table and key), or before or after a change.",
        handle=at,
        gives=RowState,
        parameters=(
            TABLE,
            text("key", ROW[1].about),
            SOURCE,
            DATABASE,
            time("time", "After all changes up to this time, it included."),
            text("before", "Id of a change: the row before it."),
            text("after", "Id of a change: the row after it."),
        ),
        problems=(404, 409),
    ),
    Operation(
        name="rowDiff",
        path="/rows/diff",
        about="A row at two times, column by column.",
        handle=diff,
        gives=RowDiff,
        parameters=(*ROW, *_TWO_TIMES),
        problems=(404, 409),
    ),
    Operation(
        name="tableDiff",
        path="/tables/diff",
        about="The rows of a table that were changed between two times, each at both.",
        handle=tables_diff,
        gives=TableDiff,
        parameters=(ROW[0], SOURCE, DATABASE, *_TWO_TIMES, limit(_MOST_ROWS, _MOST_ROWS)),
        problems=(404, 409),
    ),
)
