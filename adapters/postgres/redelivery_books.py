"""The runs of connectors, and the marks of redeliveries, in PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.redelivery import Interval, find_repeats, store_marks
from application.mark_redeliveries import RunInterval
from domain.redelivery import Certainty, Redelivery

_RUNS = """
SELECT s.topic, r.stream_id, r.kafka_partition, r.run_id, r.first_offset,
    lead(r.first_offset, 1, o.next_offset) OVER (
        PARTITION BY r.stream_id, r.kafka_partition ORDER BY r.first_offset
    ),
    audit_highest_before(r.stream_id, r.kafka_partition, r.first_offset, r.run_id)
FROM audit_run AS r
JOIN kafka_stream AS s USING (stream_id)
JOIN kafka_offset AS o ON o.stream_id = r.stream_id AND o.partition = r.kafka_partition
ORDER BY s.topic, r.stream_id, r.kafka_partition, r.first_offset
"""

_MARKS = """
SELECT stream_id, kafka_partition, kafka_offset, first_stream_id, first_kafka_partition,
    first_kafka_offset, certainty, coalesce(evidence, '')
FROM audit_redelivery
WHERE stream_id = %s AND kafka_partition = %s AND kafka_offset >= %s AND kafka_offset < %s
ORDER BY kafka_offset
"""

_DELETE = """
DELETE FROM audit_redelivery
WHERE stream_id = %s AND kafka_partition = %s AND kafka_offset >= %s AND kafka_offset < %s
"""


class PostgresRedeliveryBooks:
    """
    Reads runs and marks; `replace` needs the rights of the tables' owner.

    Args:
        pool: Sessions.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def runs(self) -> Sequence[RunInterval]:
        async with self._session() as session:
            cursor = await session.execute(_RUNS)
            rows = await cursor.fetchall()
        names = RunInterval.__struct_fields__
        return [msgspec.convert(dict(zip(names, row, strict=True)), RunInterval) for row in rows]

    async def repeats_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        if interval.repeats_until is None:
            return ()
        looked_at = Interval(
            interval.stream_id,
            interval.partition,
            interval.first_offset,
            interval.next_offset,
            interval.repeats_until,
        )
        async with self._session() as session:
            return await find_repeats(session, looked_at)

    async def marks_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        async with self._session() as session:
            cursor = await session.execute(_MARKS, _offsets(interval))
            rows = await cursor.fetchall()
        return [
            Redelivery(
                (row[0], row[1], row[2]), (row[3], row[4], row[5]), Certainty(row[6]), row[7]
            )
            for row in rows
        ]

    async def replace(self, interval: RunInterval, marks: Sequence[Redelivery]) -> None:
        async with self._session() as session, session.transaction():
            await session.execute(_DELETE, _offsets(interval))
            await store_marks(session, marks)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                yield session


def _offsets(interval: RunInterval) -> list[int]:
    return [
        interval.stream_id,
        interval.partition,
        interval.first_offset,
        interval.next_offset,
    ]
