"""
`/api/v1/export`: all that a search finds, as a file, however much it is.

    pages of the search, one by one ──▶ rows ──▶ a writer's bytes ──▶ the connection

One page is held at a time. Newest first, as pages are: what is committed meanwhile is not in it.
An error behind the first page breaks the answer off, so that no cut file looks whole.
"""

from collections.abc import AsyncGenerator, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from application.query_trail import QueryTrail
from application.trail_query import StoredRecord, TrailQuery
from entrypoints.http.api_export_writers import WRITERS, ExportWriter
from entrypoints.http.api_operation import Asked, Operation, Parameter
from entrypoints.http.api_parameters import MAX_LIMIT, trail_query
from entrypoints.http.api_schemas import FILTERED, flag

_FORMATS = tuple(WRITERS)


async def export(asked: Asked) -> Response:
    """Everything that a search finds."""
    arguments = asked.arguments
    kind = WRITERS[arguments.one_of("format", _FORMATS)]
    writer = kind.open(is_safe=arguments.flag("safe"))
    query = trail_query(arguments.filters(), limit=str(MAX_LIMIT))
    trail = asked.site.questions.trail
    first = await trail.latest(query)  # what fails at once is a problem, and no broken file
    asked.request.state.streamed = True
    asked.request.state.row_count = 0
    pages = _pages(trail, query, first.changes, is_last=first.older is None)
    return StreamingResponse(
        _written(asked.request, writer, pages),
        media_type=kind.media,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="changes.{kind.suffix}"',
        },
    )


async def _pages(
    trail: QueryTrail, query: TrailQuery, first: Sequence[StoredRecord], *, is_last: bool
) -> AsyncGenerator[Sequence[StoredRecord]]:
    changes = first
    yield changes
    while not is_last:
        query = msgspec.structs.replace(query, before=changes[-1].place)
        page = await trail.latest(query)
        changes, is_last = page.changes, page.older is None
        yield changes


async def _written(
    request: Request, writer: ExportWriter, pages: AsyncGenerator[Sequence[StoredRecord]]
) -> AsyncGenerator[bytes]:
    async for changes in pages:
        request.state.row_count += len(changes)
        if chunk := writer.write(changes):
            yield chunk
    if rest := writer.close():
        yield rest


EXPORT_OPERATIONS: Sequence[Operation] = (
    Operation(
        name="exportChanges",
        path="/export",
        about="All that a search finds, newest first, as a file: CSV, NDJSON or Parquet.",
        handle=export,
        gives=None,
        media=tuple(kind.media for kind in WRITERS.values()),
        parameters=(
            Parameter(
                name="format",
                about="The file's format.",
                schema={"type": "string", "enum": list(_FORMATS), "default": _FORMATS[0]},
            ),
            flag(
                "safe",
                "CSV for spreadsheets: a cell that would be a formula (it begins with = + - @, a "
                "tab or a carriage return) gets an apostrophe before it.",
            ),
            *FILTERED,
        ),
    ),
)
