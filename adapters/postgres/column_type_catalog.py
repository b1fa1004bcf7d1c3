"""
The types of a PostgreSQL database's columns, from its catalog.

A domain is told as the type under it, an enum as ``enum``. Types that somebody made, but for those
of extensions, are left out: one could have the name of a type that is known. The transaction that
made a column's type what it is stands in the catalog's own row of the column.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import AsyncConnection

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_trouble
from domain.source_types import SourceType, SourceTypes

_PATIENCE = 3
"""Seconds to wait for a connection, and for the answer: batches wait for both."""

_COLUMNS = """
WITH RECURSIVE climbed AS (
    SELECT a.attrelid, a.attname, a.atttypid AS oid, a.atttypmod AS typmod,
           a.xmin::text::bigint AS since
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    UNION ALL
    SELECT k.attrelid, k.attname, t.typbasetype, t.typtypmod, k.since
    FROM climbed k JOIN pg_catalog.pg_type t ON t.oid = k.oid
    WHERE t.typtype = 'd'
)
SELECT pg_catalog.concat_ws('.', pg_catalog.current_database(), n.nspname, c.relname),
       k.attname,
       CASE WHEN t.typtype = 'e' THEN 'enum'
            WHEN e.typtype = 'e' THEN 'enum[]'
            ELSE pg_catalog.format_type(k.oid, k.typmod) END,
       k.since
FROM climbed k
JOIN pg_catalog.pg_class c ON c.oid = k.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = k.oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE t.typtype <> 'd' AND coalesce(e.typtype, 'b') <> 'd'
  AND (coalesce(e.typtype, t.typtype) = 'e'
       OR coalesce(e.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::regclass
                    AND d.objid = coalesce(e.oid, t.oid) AND d.deptype = 'e'))
"""


class PostgresColumnTypeCatalog:
    """
    Reads the catalog, with a connection of its own for each look.

    Args:
        config: The source's database.
    """

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = msgspec.structs.replace(
            config, connect_timeout=min(_PATIENCE, config.connect_timeout)
        )

    async def types(self) -> SourceTypes:
        tables: dict[str, dict[str, SourceType]] = {}
        for table, column, text, since in await self._columns():
            tables.setdefault(table, {})[column] = SourceType(text, since)
        return tables

    async def _columns(self) -> Sequence[tuple[Any, ...]]:
        patience = f"{_PATIENCE * 1000}"
        with as_trouble(self._config):
            connection = await AsyncConnection.connect(self._config.conninfo, autocommit=True)
            async with connection:
                await connection.execute(
                    "SELECT set_config('statement_timeout', %s, false)", (patience,)
                )
                cursor = await connection.execute(_COLUMNS)
                return await cursor.fetchall()
