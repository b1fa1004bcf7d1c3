"""
`/api/v1/export`: all that a search finds, as a file, however much it is.

    pages of one moment, one by one ──▶ rows ──▶ a writer's bytes ──▶ the connection

One page is held at a time. Newest first, as pages are: what is committed meanwhile is not in it.
An error behind the first page breaks the answer off, so that no cut file looks whole.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from application.trail_query import StoredRecord
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
    pages = asked.site.questions.exports.pages(query)
    first = await anext(pages, None)  # what fails at once is a problem, and no broken file
    asked.request.state.streamed = True
    asked.request.state.row_count = 0
    return StreamingResponse(
        _written(asked.request, writer, first or (), pages),
        media_type=kind.media,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="changes.{kind.suffix}"',
        },
    )


async def _written(
    request: Request,
    writer: ExportWriter,
    first: Sequence[StoredRecord],
    pages: AsyncGenerator[Sequence[StoredRecord]],
) -> AsyncGenerator[bytes]:
    async with aclosing(pages):
        changes: Sequence[StoredRecord] | None = first
        while changes is not None:
            request.state.row_count += len(changes)
            if chunk := writer.write(changes):
                yield chunk
            changes = await anext(pages, None)
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
