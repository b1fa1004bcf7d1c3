"""What a trail in PostgreSQL says of itself."""

from collections.abc import Sequence

from psycopg import sql

from adapters.postgres.reading import Reading
from adapters.postgres.time_text import time_text
from adapters.postgres.trail_filters import IS_NO_REDELIVERY
from application.trail_facts import Accounting, Activity, QuarantineCount, TableCoverage
from domain.disposition import Tally
from domain.source_table import SourceTable

_HOUR = 3_600_000_000

_QUARANTINE = sql.SQL("""
SELECT topic, error_type, count(*), min(id),
    (extract(epoch FROM min(created_at)) * 1000000)::bigint
FROM processing_error
WHERE resolved_at IS NULL
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
""")

_ACCOUNTING = sql.SQL("""
SELECT stream_id, topic, partition, first_offset, next_offset,
    (extract(epoch FROM moved_at) * 1000000)::bigint,
    audited, baseline, control, skipped, quarantined, absent
FROM audit_accounting
ORDER BY stream_id, partition
""")

_ACTIVITY = sql.SQL("""
SELECT connector, source_name, source_database, source_schema, source_table,
    array_agg((extract(epoch FROM hour) / 3600)::bigint ORDER BY hour),
    (extract(epoch FROM max(last)) * 1000000)::bigint,
    (extract(epoch FROM max(last_recorded)) * 1000000)::bigint
FROM (
    SELECT t.connector, t.source_name, t.source_database, t.source_schema, t.source_table,
        date_trunc('hour', t.change_timestamp, 'UTC') AS hour,
        max(t.change_timestamp) AS last, max(t.recorded_at) AS last_recorded
    FROM audit_logging AS t
    WHERE t.change_timestamp >= %(from)s::timestamptz AND t.change_timestamp < %(to)s::timestamptz
        AND {no_redelivery}
    GROUP BY 1, 2, 3, 4, 5, 6
) AS by_hour
GROUP BY 1, 2, 3, 4, 5
""").format(no_redelivery=IS_NO_REDELIVERY)

_COVERAGE = sql.SQL("""
SELECT connector, source_name, source_database, source_schema, source_table, columns,
    (extract(epoch FROM first_seen) * 1000000)::bigint
FROM audit_source
""")


class PostgresTrailHealthReader:
    """
    Reads what the trail says of itself.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def quarantine(self) -> Sequence[QuarantineCount]:
        return [
            QuarantineCount(
                topic=topic, error_type=kind, records=records, oldest_id=oldest_id, oldest=oldest
            )
            for topic, kind, records, oldest_id, oldest in await self._reading.rows(_QUARANTINE)
        ]

    async def accounting(self) -> Sequence[Accounting]:
        return [
            Accounting(
                stream_id=stream_id,
                topic=topic,
                partition=partition,
                first_offset=first_offset,
                next_offset=next_offset,
                moved_at=moved_at,
                tally=Tally(**dict(zip(Tally.__struct_fields__, counts, strict=True))),
            )
            for (
                stream_id,
                topic,
                partition,
                first_offset,
                next_offset,
                moved_at,
                *counts,
            ) in await self._reading.rows(_ACCOUNTING)
        ]

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        times = {"from": time_text(since), "to": time_text(until)}
        found = [
            Activity(SourceTable(*row[:5]), tuple(hour * _HOUR for hour in row[5]), *row[6:])
            for row in await self._reading.rows(_ACTIVITY, times)
        ]
        return sorted(found, key=lambda one: _sortable(one.source))

    async def coverage(self) -> Sequence[TableCoverage]:
        found = [
            TableCoverage(SourceTable(*names), sorted(columns), first_seen)
            for *names, columns, first_seen in await self._reading.rows(_COVERAGE)
        ]
        return sorted(found, key=lambda one: _sortable(one.source))


def _sortable(source: SourceTable) -> tuple[str, ...]:
    return tuple(name or "" for name in source)
