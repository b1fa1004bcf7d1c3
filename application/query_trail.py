"""
Reads the trail for people: pages of it, one change, and what is new.

    latest ──▶ a page of changes, newest first, and the live cursor to go on from
    change ──▶ one change by its id
    follow ──▶ changes as they are committed: each once, with the cursor behind it
"""

import asyncio
import heapq
from collections.abc import AsyncGenerator, Iterator, Sequence

import msgspec

from application.ports import TrailReader
from application.trail_query import Cursor, Place, StoredRecord, TrailQuery

FOLLOW_LIMIT = 200
"""Changes that one look for new ones takes at most; the next look goes on behind them."""


class TrailPage(msgspec.Struct, frozen=True):
    """
    A page of changes.

    Attributes:
        changes: Newest first.
        older: Where the next page begins (`TrailQuery.before`); None on the last one.
        cursor: Behind everything committed before the page was read: `follow` from here misses
            nothing. What was committed meanwhile may be on the page and come again.
    """

    changes: Sequence[StoredRecord]
    older: Place | None
    cursor: Cursor


class FollowedChange(msgspec.Struct, frozen=True):
    """
    A change that was committed.

    Attributes:
        change: The change; None if only the cursor moved.
        cursor: Behind this change and all that were given before it.
    """

    change: StoredRecord | None
    cursor: Cursor


class QueryTrail:
    """
    Answers questions to the trail.

    Args:
        reader: Reads the trail.
        interval: Seconds between two looks for new changes while somebody follows.
    """

    def __init__(self, reader: TrailReader, *, interval: float = 0.25) -> None:
        self._reader = reader
        self._end = _SharedEnd(reader, interval)

    async def latest(self, query: TrailQuery) -> TrailPage:
        """
        Read the page that `query` asks for.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        cursor = await self._reader.position()
        one_more = msgspec.structs.replace(query, limit=query.limit + 1)
        found = await self._reader.search(one_more)
        changes = found[: query.limit]
        older = changes[-1].place if len(found) > query.limit else None
        return TrailPage(changes, older, cursor)

    async def change(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        """
        Find one change; None if the trail has none there.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        return await self._reader.find(stream_id, partition, offset)

    async def position(self) -> Cursor:
        """
        Where the trail ends now.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        return await self._reader.position()

    async def follow(self, cursor: Cursor, query: TrailQuery) -> AsyncGenerator[FollowedChange]:
        """
        Give what is committed after `cursor` and matches `query`, for ever: each change once.

        Changes of one partition come in offset order; those of several, looked up together, by
        time. Each comes with a cursor to go on from, if the reader is interrupted.

        Raises:
            RepositoryError: The trail cannot be read now; going on from the last cursor is right.
        """
        query = msgspec.structs.replace(query, limit=FOLLOW_LIMIT, before=None)
        while True:
            found, after = await self._reader.since(cursor, query)
            for change, behind in _each_with_cursor(found, cursor):
                cursor = behind
                yield FollowedChange(change, behind)
            if after == cursor:
                await self._end.moved_from(cursor)
                continue
            cursor = after
            yield FollowedChange(None, cursor)


def _each_with_cursor(
    found: Sequence[StoredRecord], cursor: Cursor
) -> Iterator[tuple[StoredRecord, Cursor]]:
    """Pair each change with the cursor behind it: by time, but in offset order by partition."""
    partitions: dict[tuple[int, int], list[StoredRecord]] = {}
    for stored in found:
        record = stored.record
        partitions.setdefault((record.stream_id, record.kafka_partition), []).append(stored)
    for stored_here in partitions.values():
        stored_here.sort(key=lambda stored: stored.record.kafka_offset)
    ends = {(stream, partition): end for stream, partition, end in cursor.offsets}
    for stored in heapq.merge(*partitions.values(), key=lambda stored: stored.place):
        record = stored.record
        ends[record.stream_id, record.kafka_partition] = record.kafka_offset + 1
        yield stored, Cursor(tuple((s, p, end) for (s, p), end in sorted(ends.items())))


class _SharedEnd:
    """The trail's end: looked at by one task for all followers, while there are any."""

    def __init__(self, reader: TrailReader, interval: float) -> None:
        self._reader = reader
        self._interval = interval
        self._look: asyncio.Task[Cursor] | None = None
        self._waiting = 0

    async def moved_from(self, cursor: Cursor) -> None:
        """Wait until the trail does not end at `cursor`."""
        self._waiting += 1
        try:
            while await self._next_look() == cursor:
                pass
        finally:
            self._waiting -= 1
            if self._waiting == 0 and self._look is not None:
                self._look.cancel()
                self._look = None

    async def _next_look(self) -> Cursor:
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_later(), name="trail-end")
        return await asyncio.shield(self._look)

    async def _look_later(self) -> Cursor:
        await asyncio.sleep(self._interval)
        return await self._reader.position()
