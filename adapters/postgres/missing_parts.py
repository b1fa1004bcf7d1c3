"""What is missing from the trail: open gaps and open quarantine, and when they were."""

from collections.abc import Collection

from psycopg import sql

from adapters.postgres.reading import Reading
from adapters.postgres.time_text import time_text
from domain.gap import GapCause
from domain.missing_part import Incompleteness, MissingKind, MissingPart

# Gaps have no time of their own: the nearest rows around one tell when it was. Both are found by
# the identity's index.
_MISSING = sql.SQL("""
SELECT 'gap', g.id, s.topic, g.stream_id, g.kafka_partition, g.first_offset, g.next_offset, g.cause
FROM audit_gap AS g JOIN kafka_stream AS s USING (stream_id)
WHERE g.acknowledged_at IS NULL AND g.cause <> {compacted}
    AND (%(streams)s::integer [] IS NULL OR g.stream_id = ANY(%(streams)s::integer []))
    AND (%(since)s::timestamptz IS NULL OR coalesce((
        SELECT t.change_timestamp FROM audit_logging AS t
        WHERE t.stream_id = g.stream_id AND t.kafka_partition = g.kafka_partition
            AND t.kafka_offset >= g.next_offset
        ORDER BY t.kafka_offset LIMIT 1
    ) >= %(since)s::timestamptz, true))
    AND (%(until)s::timestamptz IS NULL OR coalesce((
        SELECT t.change_timestamp FROM audit_logging AS t
        WHERE t.stream_id = g.stream_id AND t.kafka_partition = g.kafka_partition
            AND t.kafka_offset < g.first_offset
        ORDER BY t.kafka_offset DESC LIMIT 1
    ) < %(until)s::timestamptz, true))
UNION ALL
SELECT 'quarantine', e.id, e.topic, e.stream_id, e.kafka_partition, e.kafka_offset,
    e.kafka_offset + 1, e.error_type
FROM processing_error AS e
WHERE e.resolved_at IS NULL
    AND (%(streams)s::integer [] IS NULL OR e.stream_id = ANY(%(streams)s::integer []))
    AND (%(since)s::timestamptz IS NULL OR e.kafka_timestamp IS NULL
        OR e.kafka_timestamp >= %(since)s::timestamptz)
    AND (%(until)s::timestamptz IS NULL OR e.kafka_timestamp IS NULL
        OR e.kafka_timestamp < %(until)s::timestamptz + interval '1 day')
ORDER BY 1, 4, 5, 6
LIMIT %(limit)s + 1
""").format(compacted=sql.Literal(GapCause.COMPACTED.value))


class PostgresMissingPartsReader:
    """
    Reads what is missing.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def missing(
        self, *, streams: Collection[int] | None, since: int | None, until: int | None, limit: int
    ) -> Incompleteness:
        found = await self._reading.kept_rows(
            _MISSING,
            {
                "streams": None if streams is None else sorted(streams),
                "since": None if since is None else time_text(since),
                "until": None if until is None else time_text(until),
                "limit": limit,
            },
        )
        parts = [
            MissingPart(
                kind=MissingKind(kind),
                id=number,
                topic=topic,
                stream_id=stream_id,
                partition=partition,
                first_offset=first_offset,
                next_offset=next_offset,
                cause=cause,
            )
            for kind, number, topic, stream_id, partition, first_offset, next_offset, cause in found
        ]
        return Incompleteness(tuple(parts[:limit]), len(parts) > limit)
