"""Which of the tables that the trail has met somebody may see."""

import msgspec

from application.ports import SourceCatalog
from application.trail_query import TrailQuery
from domain.access import TableScope
from domain.source_table import SourceColumns, SourceTable


class VisibleTables:
    """
    The tables that were met, and may be seen.

    Args:
        catalog: Knows the tables that were met.
        scope: Which may be seen.
    """

    def __init__(self, catalog: SourceCatalog, scope: TableScope) -> None:
        self._catalog = catalog
        self._scope = scope

    async def sources(self) -> SourceColumns:
        """The tables, with their columns."""
        found = await self._catalog.sources()
        return {source: columns for source, columns in found.items() if sees(self._scope, source)}

    async def among(self, query: TrailQuery) -> TrailQuery:
        """Give `query`, of these tables only."""
        return msgspec.structs.replace(query, tables=tuple(await self.sources()))


def sees(scope: TableScope, source: SourceTable) -> bool:
    """Whether a table may be seen."""
    return scope.sees(source.source_database, source.source_schema, source.source_table)
