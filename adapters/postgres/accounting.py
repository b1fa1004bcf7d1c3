"""The books of a trail in PostgreSQL: each partition in one snapshot, its rows by a cursor."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.gap_ledger import GAPS, ledger_gap
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.repositories.streams import OWN_CLUSTER
from adapters.postgres.stored_rows import SELECTED, stored_record
from application.bookkeeping import Books
from domain.account import Account, Trace
from domain.disposition import Disposition, Tally
from domain.errors import RepositoryError
from domain.gap import LedgerGap
from domain.stream import StreamPartition

_PARTITIONS = """
SELECT stream_id, partition, topic FROM audit_accounting WHERE cluster_id <> %s
ORDER BY topic, stream_id, partition
"""

_ACCOUNT = """
SELECT a.cluster_id, s.topic_id, a.first_offset, a.next_offset,
    a.audited, a.baseline, a.control, a.skipped, a.quarantined, a.absent
FROM audit_accounting AS a JOIN kafka_stream AS s USING (stream_id)
WHERE a.stream_id = %s AND a.partition = %s
"""

_OF_PARTITION = """
{gaps} WHERE g.stream_id = %s AND g.kafka_partition = %s AND g.kind = 'offsets'
ORDER BY g.first_offset, g.next_offset
"""

_QUARANTINED = """
SELECT kafka_offset, 'quarantined' FROM processing_error
WHERE stream_id = %(stream)s AND kafka_partition = %(partition)s
    AND accounted AND resolution IS DISTINCT FROM 'retried'
"""

_CONTROL = """
SELECT kafka_offset, 'control' FROM control_message
WHERE stream_id = %(stream)s AND kafka_partition = %(partition)s
"""

_ROWS = """
SELECT kafka_offset, CASE operation WHEN 'SNAPSHOT' THEN 'baseline' ELSE 'audited' END
FROM audit_logging WHERE stream_id = %(stream)s AND kafka_partition = %(partition)s
"""

_TRACES: LiteralString = f"{_ROWS} UNION ALL {_CONTROL} UNION ALL {_QUARANTINED} ORDER BY 1, 2"
_BESIDE: LiteralString = f"{_CONTROL} UNION ALL {_QUARANTINED} ORDER BY 1, 2"

_RECORDS = sql.SQL("""
SELECT {selected}
FROM audit_logging AS t JOIN kafka_stream AS s USING (stream_id)
WHERE t.stream_id = %(stream)s AND t.kafka_partition = %(partition)s
ORDER BY t.kafka_offset
""").format(selected=SELECTED)

_AT_ONCE = 2_000


class PostgresBooks:
    """
    The books of one partition, for as long as their snapshot is open.

    Args:
        session: In a transaction with one snapshot.
        account: The counters.
        gaps: The gaps.
        config: For messages.

    Attributes:
        account: The counters.
        gaps: The gaps, by offset.
    """

    def __init__(
        self,
        session: Session,
        account: Account,
        gaps: Sequence[LedgerGap],
        config: DatabaseConfig,
    ) -> None:
        self.account = account
        self.gaps = gaps
        self._session = session
        self._config = config

    async def traces(self, *, whole: bool = False) -> AsyncGenerator[Trace]:
        with as_repository_error(self._config):
            if not whole:
                async for trace in self._light(_TRACES):
                    yield trace
                return
            beside, records = self._light(_BESIDE), self._records()
            other, record = await anext(beside, None), await anext(records, None)
            while other is not None or record is not None:
                if record is None or (other is not None and other.offset < record.offset):
                    assert other is not None, "one of them is there"  # noqa: S101 - for the checker
                    yield other
                    other = await anext(beside, None)
                else:
                    yield record
                    record = await anext(records, None)

    async def _light(self, query: LiteralString) -> AsyncGenerator[Trace]:
        async with self._session.cursor("traces") as cursor:
            cursor.itersize = _AT_ONCE
            await cursor.execute(query, self._place())
            async for offset, word in cursor:
                yield Trace(offset, Disposition(word))

    async def _records(self) -> AsyncGenerator[Trace]:
        async with self._session.cursor("records") as cursor:
            cursor.itersize = _AT_ONCE
            await cursor.execute(_RECORDS, self._place())
            async for row in cursor:
                record = stored_record(row).record
                is_baseline = record.operation.value == "SNAPSHOT"
                word = Disposition.BASELINE if is_baseline else Disposition.AUDITED
                yield Trace(record.kafka_offset, word, record)

    def _place(self) -> dict[str, Any]:
        partition = self.account.partition
        return {"stream": partition.stream_id, "partition": partition.partition}


class PostgresBookkeeping:
    """
    Opens the books of a trail.

    Args:
        pool: Sessions that may read it, for as long as that takes.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def partitions(self) -> Sequence[StreamPartition]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(_PARTITIONS, [OWN_CLUSTER])
                return [StreamPartition(*row) async for row in cursor]

    @asynccontextmanager
    async def open(self, partition: StreamPartition) -> AsyncGenerator[Books]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session, session.transaction():
                await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                await session.execute("SET LOCAL statement_timeout = 0")
                account = await _account(session, partition)
                yield PostgresBooks(session, account, await _gaps(session, partition), self._config)


async def _account(session: Session, partition: StreamPartition) -> Account:
    cursor = await session.execute(_ACCOUNT, [partition.stream_id, partition.partition])
    row = await cursor.fetchone()
    if row is None:
        raise RepositoryError(f"the trail has no partition {partition}. Nothing was verified.")
    cluster_id, topic_id, first_offset, next_offset, *counts = row
    return Account(
        partition=partition,
        cluster_id=cluster_id,
        topic_id=topic_id,
        first_offset=first_offset,
        next_offset=next_offset,
        tally=Tally(**dict(zip(Tally.__struct_fields__, counts, strict=True))),
    )


async def _gaps(session: Session, partition: StreamPartition) -> Sequence[LedgerGap]:
    query = sql.SQL(_OF_PARTITION).format(gaps=sql.SQL(GAPS))
    cursor = await session.execute(query, [partition.stream_id, partition.partition])
    return [ledger_gap(row) async for row in cursor]
