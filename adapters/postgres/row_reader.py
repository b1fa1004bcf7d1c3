"""
The changes of single rows, by the index on the hash of their keys.

Newest first, the index gives them in the order of time, and LIMIT stops it early, however many
there are: the place among changes of one moment is sorted on the way.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg import sql

from adapters.postgres.place_filters import after_place, before_place, between, both
from adapters.postgres.reading import Reading
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.trail_filters import IS_NO_REDELIVERY, Filter
from application.trail_query import Place, StoredRecord
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable

TURNS_LIMIT = 100

_DOWN = sql.SQL(
    "t.change_timestamp DESC, t.stream_id DESC, t.kafka_partition DESC, t.kafka_offset DESC"
)
_UP = sql.SQL("t.change_timestamp, t.stream_id, t.kafka_partition, t.kafka_offset")

# The stream's name is joined to what LIMIT left over: a join below could cost the index's order.
_CHANGES = sql.SQL("""
SELECT {selected}
FROM (
    SELECT t.* FROM audit_logging AS t
    WHERE {where}
    ORDER BY {order}
    LIMIT %(limit)s
) AS t JOIN kafka_stream AS s USING (stream_id)
ORDER BY {order}
""")

_OF_ROW = sql.SQL("t.key_hash = %(key_hash)s AND t.record_key = %(record_key)s")
_IS_TURN = sql.SQL("(t.operation = 'DELETE' OR strpos(t.headers::text, '\"__debezium.') > 0)")
# The condition that the index has, and then the one that is meant.
_IS_TRUNCATE = sql.SQL("""t.operation IN ('TRUNCATE', 'RANGE_DELETE') AND t.operation = 'TRUNCATE'
    AND t.source_table IS NOT DISTINCT FROM %(source_table)s
    AND t.source_schema IS NOT DISTINCT FROM %(source_schema)s
    AND t.source_database IS NOT DISTINCT FROM %(source_database)s
    AND t.source_name IS NOT DISTINCT FROM %(source_name)s
    AND t.connector IS NOT DISTINCT FROM %(connector)s""")

_KEYS = sql.SQL("""
SELECT DISTINCT t.record_key COLLATE "C"
FROM audit_logging AS t
WHERE t.record_key IS NOT NULL
    AND t.source_table IS NOT DISTINCT FROM %(source_table)s
    AND t.source_schema IS NOT DISTINCT FROM %(source_schema)s
    AND t.source_database IS NOT DISTINCT FROM %(source_database)s
    AND t.source_name IS NOT DISTINCT FROM %(source_name)s
    AND t.connector IS NOT DISTINCT FROM %(connector)s
    AND {where}
ORDER BY 1
LIMIT %(limit)s
""")

_REPEATS = sql.SQL("""
WITH wanted AS (
    SELECT * FROM unnest(
        %(streams)s::integer [], %(partitions)s::integer [], %(offsets)s::bigint []
    ) AS w (stream_id, kafka_partition, kafka_offset)
), found AS (
    SELECT r.* FROM wanted JOIN audit_redelivery AS r
        USING (stream_id, kafka_partition, kafka_offset)
    UNION
    SELECT r.* FROM wanted AS w JOIN audit_redelivery AS r
        ON r.first_stream_id = w.stream_id AND r.first_kafka_partition = w.kafka_partition
        AND r.first_kafka_offset = w.kafka_offset
)
SELECT concat_ws('-', first_stream_id, first_kafka_partition, first_kafka_offset),
    concat_ws('-', stream_id, kafka_partition, kafka_offset), certainty = 'certain'
FROM found
""")


class PostgresRowReader:
    """
    Reads rows, and what was delivered again.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def changes_of(
        self,
        row: RowIdentity,
        *,
        before: Place | None = None,
        after: Place | None = None,
        oldest_first: bool = False,
        limit: int,
    ) -> Sequence[StoredRecord]:
        wanted = both(_of(row), both(before_place(before), after_place(after)))
        return await self._changes(wanted, _UP if oldest_first else _DOWN, limit)

    async def turns_of(self, row: RowIdentity) -> Sequence[StoredRecord]:
        return await self._changes(both(_of(row), Filter((_IS_TURN,), {})), _DOWN, TURNS_LIMIT)

    async def truncates_of(
        self, source: SourceTable, *, since: int, until: int | None, limit: int
    ) -> Sequence[StoredRecord]:
        wanted = Filter((_IS_TRUNCATE, IS_NO_REDELIVERY), source._asdict())
        return await self._changes(both(wanted, between(since, until)), _DOWN, limit)

    async def rows_changed(
        self, source: SourceTable, *, since: int, until: int, limit: int
    ) -> Sequence[RowIdentity]:
        times = between(since, until)
        found = await self._reading.rows(
            _KEYS.format(where=times.where),
            {**source._asdict(), **times.parameters, "limit": limit},
        )
        return [RowIdentity(source, key) for (key,) in found]

    async def repeats_of(self, ids: Collection[str]) -> Sequence[tuple[str, str, bool]]:
        places = [tuple(map(int, one.split("-"))) for one in ids]
        parameters: Mapping[str, Any] = {
            "streams": [stream for stream, _, _ in places],
            "partitions": [partition for _, partition, _ in places],
            "offsets": [offset for _, _, offset in places],
        }
        found = await self._reading.kept_rows(_REPEATS, parameters) if places else ()
        return sorted({(first, again, certain) for first, again, certain in found})

    async def _changes(self, wanted: Filter, order: sql.SQL, limit: int) -> Sequence[StoredRecord]:
        statement = _CHANGES.format(selected=SELECTED, where=wanted.where, order=order)
        parameters = {**wanted.parameters, "limit": limit}
        found = await self._reading.ordered_rows(statement, parameters)
        return [stored_record(row) for row in found]


def _of(row: RowIdentity) -> Filter:
    parameters = {"key_hash": row.key_hash, "record_key": row.record_key}
    return Filter((_OF_ROW, IS_NO_REDELIVERY), parameters)
