"""`/api/v1/changes`: pages of changes, one change, changes as they are committed, reverting."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from application.missing_parts import among
from application.query_trail import QueryTrail
from application.trail_query import Cursor, StoredRecord, TrailQuery
from entrypoints.http.api_answers import fresh, immutable
from entrypoints.http.api_missing import missing_out
from entrypoints.http.api_operation import Asked, Operation
from entrypoints.http.api_parameters import (
    read_cursor,
    read_id,
    trail_query,
    write_cursor,
    write_place,
)
from entrypoints.http.api_problems import NoSuchChangeError
from entrypoints.http.api_schemas import (
    AFTER,
    BEFORE,
    COUNT,
    FILTERED,
    LIMIT,
    REVERT_OF,
)
from entrypoints.http.api_structs import (
    Change,
    ChangeDetail,
    ChangePage,
    Count,
    change_out,
    detail_out,
)
from entrypoints.http.api_transaction_structs import Revert, revert_out
from entrypoints.http.looks import counted, note_rows

COUNT_LIMIT = 100_000
"""Changes that are counted; a search that finds more has at least so many."""

REVERTS = ("change", "row", "transaction")


async def changes(asked: Asked) -> Response:
    """A page of what a search finds."""
    arguments, questions = asked.arguments, asked.site.questions
    query = trail_query(
        arguments.filters(), before=arguments.text("before"), limit=arguments.text("limit")
    )
    page = await questions.trail.latest(query)
    note_rows(asked.request, len(page.changes))
    return fresh(
        ChangePage(
            changes=[change_out(stored) for stored in page.changes],
            older=None if page.older is None else write_place(page.older),
            cursor=write_cursor(page.cursor),
            count=await _count(asked, query),
            may_be_incomplete=missing_out(
                await among(
                    questions.missing,
                    page.changes,
                    since=page.older.change_timestamp if page.older else query.since,
                    until=query.before.change_timestamp + 1 if query.before else query.until,
                )
            ),
        )
    )


async def change(asked: Asked) -> Response:
    """One change, with its columns compared."""
    return immutable(asked.request, detail_out(await change_of(asked)))


async def revert(asked: Asked) -> Response:
    """The SQL that puts a change, its row or its transaction back."""
    what = asked.arguments.one_of("of", REVERTS)
    stored = await change_of(asked)
    put_back = asked.site.questions.put_back
    ways = {"change": put_back.change, "row": put_back.row, "transaction": put_back.transaction}
    return fresh(revert_out(await ways[what](stored)))


async def stream(asked: Asked) -> Response:
    """Changes as they are committed."""
    query = trail_query(asked.arguments.filters())
    start = await begin(asked.site.questions.trail, asked.request)
    return asked.live.response(start, query, counted(asked.request, _line))


async def begin(trail: QueryTrail, request: Request) -> Cursor:
    """
    Where a stream begins: behind the last event that the reader got, behind `after`, or now.

    Raises:
        BadParameterError: The cursor that was sent is none.
    """
    last = request.headers.get("last-event-id")
    if last:
        return read_cursor("Last-Event-ID", last)
    after = request.query_params.get("after")
    return read_cursor("after", after) if after else await trail.position()


async def change_of(asked: Asked) -> StoredRecord:
    """
    The change that the path names.

    Raises:
        NoSuchChangeError: There is none, or none that its sender may see.
    """
    text = asked.request.path_params["id"]
    coordinates = read_id(text)
    trail = asked.site.questions.trail
    stored = None if coordinates is None else await trail.change(*coordinates)
    note_rows(asked.request, int(stored is not None))
    if stored is None:
        raise NoSuchChangeError(text)
    return stored


async def _count(asked: Asked, query: TrailQuery) -> Count | None:
    if not asked.arguments.flag("count"):
        return None
    found = await asked.site.questions.counter.count(query, at_most=COUNT_LIMIT)
    return Count(number=found.number, is_exact=found.is_exact)


def _line(stored: StoredRecord) -> str:
    return msgspec.json.encode(change_out(stored)).decode()


CHANGE_OPERATIONS: Sequence[Operation] = (
    Operation(
        name="searchChanges",
        path="/changes",
        about="Search the trail: a page of changes, newest first.",
        handle=changes,
        gives=ChangePage,
        parameters=(*FILTERED, BEFORE, LIMIT, COUNT),
    ),
    Operation(
        name="streamChanges",
        path="/changes/stream",
        about="Changes as they are committed (Server-Sent Events); each `data` is a Change.",
        handle=stream,
        gives=Change,
        media=("text/event-stream",),
        parameters=(*FILTERED, AFTER),
    ),
    Operation(
        name="getChange",
        path="/changes/{id}",
        about="One change, with its columns compared.",
        handle=change,
        gives=ChangeDetail,
        problems=(404,),
        is_immutable=True,
    ),
    Operation(
        name="revertChange",
        path="/changes/{id}/revert",
        about="The SQL that puts a change, its row or its transaction back; never executed by us.",
        handle=revert,
        gives=Revert,
        parameters=(REVERT_OF,),
        problems=(404,),
    ),
)
