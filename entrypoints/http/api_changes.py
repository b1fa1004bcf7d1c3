"""`/api/v1/changes`: pages of changes, one change, and changes as they are committed."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.query_trail import QueryTrail
from application.trail_query import Cursor, StoredRecord
from entrypoints.http.api_parameters import (
    read_cursor,
    read_filters,
    read_id,
    trail_query,
    write_cursor,
    write_place,
)
from entrypoints.http.api_problems import no_such_change, problem_response
from entrypoints.http.api_structs import ChangePage, change_out, detail_out
from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.looks import counted, note_rows

_PAGING = ("before", "limit")


def api_routes(trail: QueryTrail, live: LiveChanges) -> Sequence[Route]:
    """The routes below `/api/v1`."""

    async def changes(request: Request) -> Response:
        parameters = request.query_params
        filters = read_filters(parameters.multi_items(), besides=_PAGING)
        query = trail_query(filters, before=parameters.get("before"), limit=parameters.get("limit"))
        page = await trail.latest(query)
        note_rows(request, len(page.changes))
        return _json(
            ChangePage(
                changes=[change_out(stored) for stored in page.changes],
                older=None if page.older is None else write_place(page.older),
                cursor=write_cursor(page.cursor),
            )
        )

    async def change(request: Request) -> Response:
        text = request.path_params["id"]
        coordinates = read_id(text)
        stored = None if coordinates is None else await trail.change(*coordinates)
        note_rows(request, int(stored is not None))
        if stored is None:
            return problem_response(no_such_change(text))
        return _json(detail_out(stored))

    async def stream(request: Request) -> Response:
        filters = read_filters(request.query_params.multi_items(), besides=("after",))
        query = trail_query(filters)
        return live.response(await begin(trail, request), query, counted(request, _line))

    return (
        Route("/changes", changes),
        Route("/changes/stream", stream),
        Route("/changes/{id}", change),
    )


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


def _line(stored: StoredRecord) -> str:
    return msgspec.json.encode(change_out(stored)).decode()


def _json(answer: msgspec.Struct) -> Response:
    return Response(
        msgspec.json.encode(answer),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
