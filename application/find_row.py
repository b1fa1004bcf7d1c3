"""
Finds the row that a person means: a table's name and a key, as people write them.

    orders, 42 ──▶ shop.public.orders {"id":42}

A key is canonical JSON, or the bare value of a key of one column. Several sources may have a table
of that name: then several rows are given, and the person chooses.
"""

from collections.abc import AsyncGenerator, Collection, Sequence

import msgspec

from application.ports import SourceCatalog, TrailReader
from application.reading_ports import RowReader
from application.trail_query import TrailQuery, is_whole_key
from domain.diff import key_columns
from domain.json_text import canonical_text, written
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable


class RowName(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a person names a row. What is None fits any.

    Attributes:
        record_key: JSON of the key, or the bare value of a key of one column.
        source_table: Bare table name.
        source_schema: Schema of the table.
        source_database: Database of the table.
        source_name: Debezium's topic prefix.
    """

    record_key: str
    source_table: str | None = None
    source_schema: str | None = None
    source_database: str | None = None
    source_name: str | None = None


class FindRow:
    """
    Finds rows by their names.

    Args:
        catalog: Knows the tables.
        reader: Reads the trail.
        rows: Reads the changes of single rows.
    """

    def __init__(self, catalog: SourceCatalog, reader: TrailReader, rows: RowReader) -> None:
        self._catalog = catalog
        self._reader = reader
        self._rows = rows

    async def rows(self, name: RowName) -> Sequence[RowIdentity]:
        """
        Every row of that name of which the trail has a change, by table.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        return [row async for row in self._known(name)]

    async def tables(self, name: RowName) -> Sequence[SourceTable]:
        """Every table that `name` fits, whatever its key."""
        sources = await self._catalog.sources()
        return sorted((s for s in sources if _fits(s, name)), key=_sortable)

    async def _known(self, name: RowName) -> AsyncGenerator[RowIdentity]:
        for source in await self.tables(name):
            for key in await self._keys(source, name.record_key):
                row = RowIdentity(source, key)
                if await self._rows.changes_of(row, limit=1):
                    yield row

    async def _keys(self, source: SourceTable, text: str) -> Collection[str]:
        """The canonical keys that `text` may mean in this table."""
        if is_whole_key(text):
            return dict.fromkeys((text, canonical_text(text)))
        column = await self._key_column(source, text)
        if column is None:
            return ()
        values = [value for value in (text, written(text)) if _is_json(value)]
        return [f"{{{written(column)}:{value}}}" for value in values]

    async def _key_column(self, source: SourceTable, value: str) -> str | None:
        """The column that has the value in the newest change of the table with such a key."""
        query = TrailQuery(
            source_name=source.source_name,
            source_database=source.source_database,
            source_schema=source.source_schema,
            source_table=source.source_table,
            record_key=value,
        )
        for stored in await self._reader.search(query):
            if stored.source == source:
                return key_columns(stored.record)[0]
        return None


def _fits(source: SourceTable, name: RowName) -> bool:
    return (
        name.source_table in (None, source.source_table)
        and name.source_schema in (None, source.source_schema)
        and name.source_database in (None, source.source_database)
        and name.source_name in (None, source.source_name)
    )


def _sortable(source: SourceTable) -> tuple[str, ...]:
    return tuple(name or "" for name in source)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True
