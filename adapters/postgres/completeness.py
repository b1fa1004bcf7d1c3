"""Transactions whose END record is in the trail, what their rows count, and what is around them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any

from adapters.postgres.batch_rows import plain_text
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import SessionPool
from application.check_completeness import EndsQuery, now
from domain.completeness import (
    EndedTransaction,
    PartitionStanding,
    Surroundings,
    TableCount,
    collection_names,
    read_end,
)
from domain.gap import Gap
from domain.transaction_identity import WINDOW

_ENDS = """
SELECT stream_id, kafka_partition, kafka_offset, topic, cluster_id, source_name, transaction_id,
    ended_at, recorded_at, payload
FROM audit_ended_transactions(%(id)s, %(since)s, %(until)s)
WHERE %(after)s::bigint IS NULL
    OR (recorded_at, stream_id, kafka_partition, kafka_offset)
    > (%(after)s::bigint, %(stream)s::integer, %(partition)s::integer, %(offset)s::bigint)
ORDER BY recorded_at, stream_id, kafka_partition, kafka_offset
LIMIT %(limit)s
"""

_COUNTS = "SELECT * FROM audit_transaction_counts(%s, %s, %s, %s)"
_BOUNDARIES = "SELECT * FROM audit_transaction_boundaries(%s, %s, %s, %s)"
_STANDINGS = "SELECT * FROM audit_partition_standings()"

_SOURCES = """
SELECT source_name, source_database, source_schema, source_table FROM audit_source
"""

_BEGUN = """
SELECT (extract(epoch FROM begun_at) * 1000000)::bigint FROM audit_state
WHERE begun_with = 'latest'
"""

_RECORD = """
INSERT INTO audit_gap
    (kind, stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

Row = tuple[Any, ...]


class PostgresEndedTransactions:
    """
    Reads transactions; `record` takes a writer's rights.

    Args:
        pool: Sessions.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def ended(self, query: EndsQuery) -> Sequence[EndedTransaction]:
        after, place = query.after or (None, (None, None, None))
        ends = await self._rows(
            _ENDS,
            {
                "id": query.transaction_id,
                "since": query.since,
                "until": query.until,
                "after": after,
                **dict(zip(("stream", "partition", "offset"), place, strict=True)),
                "limit": query.limit,
            },
        )
        window = f"{WINDOW} microseconds"
        asked = [[row[6] for row in ends], [row[0] for row in ends], [row[7] for row in ends]]
        counts = _grouped(await self._rows(_COUNTS, [*asked, window]))
        boundaries = _grouped(await self._rows(_BOUNDARIES, [*asked, window]))
        met = {name for name, *_ in await self._rows(_SOURCES)}
        return [
            _ended(end, counts.get(number, ()), boundaries.get(number, ()), met)
            for number, end in enumerate(ends, start=1)
        ]

    async def surroundings(self) -> Surroundings:
        standings = await self._rows(_STANDINGS)
        begun = await self._rows(_BEGUN)
        names = [name for name in PartitionStanding.__struct_fields__ if name != "at_log_end"]
        return Surroundings(
            partitions=[
                PartitionStanding(**dict(zip(names, row, strict=True))) for row in standings
            ],
            tables={
                (source_name, name)
                for source_name, *table in await self._rows(_SOURCES)
                for name in collection_names(*table)
            },
            begun_at=begun[0][0] if begun else None,
            now=now(),
        )

    async def record(self, gaps: Sequence[Gap]) -> int:
        values = [
            (
                gap.kind,
                gap.stream_id,
                gap.partition,
                gap.first_offset,
                gap.next_offset,
                gap.cause.value,
                plain_text(gap.evidence),
            )
            for gap in gaps
        ]
        with as_repository_error(self._config):
            async with self._pool.lease() as session, session.cursor() as cursor:
                await cursor.executemany(_RECORD, values)
                return cursor.rowcount

    async def _rows(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] | None = None
    ) -> Sequence[Row]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(statement.encode(), parameters)
                return await cursor.fetchall()


def _grouped(rows: Iterable[Row]) -> Mapping[int, Sequence[Row]]:
    groups: dict[int, list[Row]] = {}
    for number, *values in rows:
        groups.setdefault(number, []).append(tuple(values))
    return groups


def _ended(
    end: Row, counts: Sequence[Row], boundaries: Sequence[Row], met: set[str | None]
) -> EndedTransaction:
    stream_id, partition, offset, topic, cluster_id, named, transaction_id, *times = end
    ended_at, recorded_at, payload = times
    said = read_end(payload)
    own = [row for row in counts if row[0] == named]
    # A router may have renamed the topic, which END's name is taken from: then the rows say whose.
    rows = own if own or named in met else counts
    sources = {row[:2] for row in rows}
    begins, ends = boundaries[0] if boundaries else (0, 0)
    return EndedTransaction(
        end=(stream_id, partition, offset),
        topic=topic,
        cluster_id=cluster_id,
        source_name=rows[0][0] if rows else (named if named in met else None),
        transaction_id=transaction_id,
        ended_at=ended_at,
        recorded_at=recorded_at,
        begins=begins,
        ends=ends,
        tables=tuple(starmap(_counter(rows), said.counts)) if said else (),
        last_position=max((row[7] for row in rows if row[7] is not None), default=None),
        end_lsn=said.lsn if said else None,
        is_ambiguous=len(sources) > 1,
    )


def _counter(rows: Sequence[Row]) -> Any:  # noqa: ANN401 - takes the pairs of an END record
    def counted(name: str, expected: int) -> TableCount:
        found = [row for row in rows if name in collection_names(*row[1:4])]
        if len(found) != 1:
            return TableCount(name, expected, sum(row[4] for row in found))
        return TableCount(name, expected, *found[0][4:7])

    return counted
