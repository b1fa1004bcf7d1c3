"""Adds up an interval of the trail."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg import sql

from adapters.postgres.reading import Reading
from adapters.postgres.time_text import time_text
from adapters.postgres.trail_filters import IS_NO_REDELIVERY, OF_TABLES, table_names
from application.trail_facts import Bucket, ChangeCount
from domain.operation import OperationTypeEnum
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable

_HOUR = 3_600_000_000

_INTERVAL = sql.SQL("""t.change_timestamp >= %(from)s::timestamptz
    AND t.change_timestamp < %(to)s::timestamptz
    AND (%(source_table)s::text IS NULL OR t.source_table = %(source_table)s)
    AND (%(tables)s::text [] IS NULL OR {of_tables})
    AND {no_redelivery}""").format(no_redelivery=IS_NO_REDELIVERY, of_tables=OF_TABLES)

_BY_TABLE = sql.SQL("""
SELECT t.connector, t.source_name, t.source_database, t.source_schema, t.source_table,
    t.operation, count(*),
    (extract(epoch FROM min(t.change_timestamp)) * 1000000)::bigint,
    (extract(epoch FROM max(t.change_timestamp)) * 1000000)::bigint
FROM audit_logging AS t WHERE {interval}
GROUP BY 1, 2, 3, 4, 5, 6
""").format(interval=_INTERVAL)

_BY_HOUR = sql.SQL("""
SELECT (extract(epoch FROM date_trunc('hour', t.change_timestamp, 'UTC')) / 3600)::bigint,
    t.operation, count(*)
FROM audit_logging AS t WHERE {interval}
GROUP BY date_trunc('hour', t.change_timestamp, 'UTC'), t.operation
ORDER BY 1, t.operation COLLATE "C"
""").format(interval=_INTERVAL)

# By the hash alone: it is short. Then one row of each tells whose it is.
_BUSIEST = sql.SQL("""
SELECT k.connector, k.source_name, k.source_database, k.source_schema, k.source_table,
    k.record_key, b.changes
FROM (
    SELECT t.key_hash, count(*) AS changes FROM audit_logging AS t
    WHERE {interval} AND t.key_hash IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s
) AS b
CROSS JOIN LATERAL (
    SELECT t.* FROM audit_logging AS t
    WHERE {interval} AND t.key_hash = b.key_hash AND t.record_key IS NOT NULL
    ORDER BY t.change_timestamp LIMIT 1
) AS k
""").format(interval=_INTERVAL)

# The nearest context of a transaction is looked for only where there is any of its id.
_WRITERS = sql.SQL("""
WITH known AS (
    SELECT DISTINCT transaction_id FROM audit_context
    WHERE change_timestamp BETWEEN %(from)s::timestamptz - audit_transaction_window()
        AND %(to)s::timestamptz + audit_transaction_window()
)
SELECT coalesce(t.change_user, CASE WHEN known.transaction_id IS NOT NULL THEN (
    SELECT c.change_user FROM audit_context_of(
        s.cluster_id, t.source_name, t.source_database, t.transaction_id, t.change_timestamp
    ) AS c
) END), count(*)
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
LEFT JOIN known ON known.transaction_id = t.transaction_id
WHERE {interval}
GROUP BY 1
""").format(interval=_INTERVAL)


class PostgresStatisticsReader:
    """
    Adds up.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def by_table(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[ChangeCount]:
        counts = [
            ChangeCount(
                source=SourceTable(*names),
                operation=OperationTypeEnum(operation),
                changes=changes,
                first=first,
                last=last,
            )
            for *names, operation, changes, first, last in await self._reading.rows(
                _BY_TABLE, _interval(since, until, source_table, tables)
            )
        ]
        return sorted(counts, key=lambda c: (-c.changes, _sortable(c.source), c.operation))

    async def by_hour(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[Bucket]:
        found = await self._reading.rows(_BY_HOUR, _interval(since, until, source_table, tables))
        return [Bucket(hour * _HOUR, OperationTypeEnum(what), n) for hour, what, n in found]

    async def busiest_keys(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[RowIdentity, int]]:
        parameters = {**_interval(since, until, source_table, tables), "limit": limit}
        found = [
            (RowIdentity(SourceTable(*names), key), changes)
            for *names, key, changes in await self._reading.rows(_BUSIEST, parameters)
        ]
        return sorted(
            found, key=lambda item: (-item[1], _sortable(item[0].source), item[0].record_key)
        )[:limit]

    async def writers(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[str | None, int]]:
        found = await self._reading.rows(_WRITERS, _interval(since, until, source_table, tables))
        pairs: list[tuple[str | None, int]] = [(who, changes) for who, changes in found]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))[:limit]


def _interval(
    since: int, until: int, source_table: str | None, tables: Collection[SourceTable] | None
) -> Mapping[str, Any]:
    return {
        "from": time_text(since),
        "to": time_text(until),
        "source_table": source_table,
        "tables": None if tables is None else table_names(tables),
    }


def _sortable(source: SourceTable) -> tuple[str, ...]:
    return tuple(name or "" for name in source)
