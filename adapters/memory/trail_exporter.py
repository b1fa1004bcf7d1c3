"""Exports of the trail in memory."""

import sys
from collections.abc import AsyncGenerator, Sequence

import msgspec

from adapters.memory.trail_reader import MemoryTrailReader
from application.trail_query import StoredRecord, TrailQuery


class MemoryTrailExporter:
    """
    Exports what a reader finds.

    Args:
        reader: Reads the trail.
    """

    def __init__(self, reader: MemoryTrailReader) -> None:
        self._reader = reader

    async def pages(self, query: TrailQuery) -> AsyncGenerator[Sequence[StoredRecord]]:
        everything = msgspec.structs.replace(query, limit=sys.maxsize)
        found = await self._reader.search(everything)
        for start in range(0, len(found), query.limit):
            yield found[start : start + query.limit]
