"""
Server-Sent Events: changes as they are committed, for the page and for programs.

    id: 1:0-4712                  the cursor behind this event: `Last-Event-ID` resumes there,
    event: change                 with no change missing and none twice
    data: ...

Comments come while nothing happens, so that both sides notice when the other is gone.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

from starlette.responses import StreamingResponse

from application.query_trail import FollowedChange, QueryTrail
from application.trail_query import Cursor, StoredRecord, TrailQuery
from domain.errors import RepositoryError
from entrypoints.http.api_parameters import write_cursor

logger = logging.getLogger(__name__)

HEARTBEAT = 15.0
"""Seconds without a change after which a comment is sent."""

_RETRY = 2.0
_LINE_ENDS = re.compile("\r\n|\r|\n")  # these only: JSON may have U+2028 and U+0085 in it
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: str | None, cursor: Cursor) -> bytes:
    """One event; without `data` it only moves the reader's cursor."""
    lines = [f"id: {write_cursor(cursor)}"]
    if data is not None:
        lines += ["event: change", *(f"data: {line}" for line in _LINE_ENDS.split(data))]
    return ("\n".join(lines) + "\n\n").encode()


class LiveChanges:
    """
    Makes streams of changes, and ends all of them when the server is about to stop.

    Args:
        trail: Follows the trail.
        closing: Set when streams must end.
        heartbeat: Seconds without a change after which a comment is sent.
    """

    def __init__(
        self, trail: QueryTrail, closing: asyncio.Event, *, heartbeat: float = HEARTBEAT
    ) -> None:
        self._trail = trail
        self._closing = closing
        self._heartbeat = heartbeat

    def over(self, trail: QueryTrail) -> "LiveChanges":
        """Streams that end with these, of another view of the trail."""
        return LiveChanges(trail, self._closing, heartbeat=self._heartbeat)

    def response(
        self, cursor: Cursor, query: TrailQuery, show: Callable[[StoredRecord], str | None]
    ) -> StreamingResponse:
        """
        Stream what is committed after `cursor` and matches `query`, until somebody leaves.

        Args:
            cursor: Where to begin.
            query: Its filters.
            show: Turns a change into the data of its event; None where it must not be seen.
        """
        return StreamingResponse(
            self._events(cursor, query, show),
            media_type="text/event-stream",
            headers=_HEADERS,
        )

    async def _events(
        self, cursor: Cursor, query: TrailQuery, show: Callable[[StoredRecord], str | None]
    ) -> AsyncGenerator[bytes]:
        yield f"retry: {int(_RETRY * 1000)}\n".encode() + event(None, cursor)
        closing = asyncio.create_task(self._closing.wait(), name="stream-closing")
        try:
            while not closing.done():
                following = self._until_closing(cursor, query, closing)
                try:
                    async with contextlib.aclosing(following):
                        async for followed in following:
                            if followed is None:
                                yield b": nothing new\n\n"
                                continue
                            cursor = followed.cursor
                            change = followed.change
                            yield event(None if change is None else show(change), cursor)
                except RepositoryError as error:
                    logger.warning("trail not readable for a stream", extra={"error": str(error)})
                    yield b": the trail cannot be read now\n\n"
                    await asyncio.wait({closing}, timeout=_RETRY)
        finally:
            closing.cancel()

    async def _until_closing(
        self, cursor: Cursor, query: TrailQuery, closing: asyncio.Task[Literal[True]]
    ) -> AsyncGenerator[FollowedChange | None]:
        """What is followed, None where a comment is due, until `closing` is done."""
        async with contextlib.aclosing(self._trail.follow(cursor, query)) as following:
            upcoming = asyncio.ensure_future(anext(following))
            try:
                while not closing.done():
                    either: set[asyncio.Future[Any]] = {upcoming, closing}
                    await asyncio.wait(
                        either, timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED
                    )
                    if closing.done():
                        break
                    if not upcoming.done():
                        yield None
                        continue
                    yield upcoming.result()
                    upcoming = asyncio.ensure_future(anext(following))
            finally:
                upcoming.cancel()
                with contextlib.suppress(asyncio.CancelledError, RepositoryError):
                    await upcoming
