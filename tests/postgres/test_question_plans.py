"""Questions use the trail's indexes, and stop when they have enough, in a trail that is filled."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.missing_parts import PostgresMissingPartsReader
from adapters.postgres.pool import Access, SessionPool, open_pool
from adapters.postgres.reading import Reading, Row
from adapters.postgres.row_reader import PostgresRowReader
from adapters.postgres.transaction_reader import PostgresTransactionReader
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity
from tests.builders import DAY, NOON
from tests.servers.postgres import trail_database

pytestmark = pytest.mark.postgres

__all__ = ["trail_database"]

ORDERS = SourceTable("postgresql", "shop", "shop", "public", "orders")
BUSY = RowIdentity(ORDERS, '{"id":1}')
CHANGES = 200_000
DAYS = 90

_FILL = """
INSERT INTO audit_logging (
    stream_id, kafka_partition, kafka_offset, change_timestamp, connector, source_name,
    source_database, source_schema, source_table, operation, record_key, key_hash, new_data,
    transaction_id, headers
)
SELECT s.stream_id, 0, i, %(newest)s::timestamptz - (%(changes)s - i) * interval '1 day' * %(days)s
        / %(changes)s,
    'postgresql', 'shop', 'shop', 'public', 'orders',
    CASE WHEN i %% 50000 = 20 THEN 'DELETE' WHEN i %% 70000 = 9 THEN 'TRUNCATE' ELSE 'UPDATE' END,
    CASE WHEN i %% 10 = 0 THEN '{"id":1}' ELSE format('{"id":%%s}', i %% 5000) END,
    CASE WHEN i %% 10 = 0 THEN %(busy)s ELSE hashtextextended((i %% 5000)::text, 0) END,
    '{"id":1,"status":"paid"}', (i / 5)::text,
    CASE WHEN i %% 3 = 0 THEN '[["traceparent","00-1"]]'::json END
FROM generate_series(1, %(changes)s) AS i, kafka_stream AS s WHERE s.topic = 'orders'
"""


class Explaining(Reading):
    """Keeps the plan of each statement, as it was executed."""

    plans: list[Mapping[str, Any]]

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        super().__init__(pool, config)
        self.plans = []

    async def rows(
        self, statement: sql.Composable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        self.plans += _plan(await super().rows(_explained(statement), parameters))
        return await super().rows(statement, parameters)

    async def ordered_rows(
        self, statement: sql.Composable, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        self.plans += _plan(await super().ordered_rows(_explained(statement), parameters))
        return await super().ordered_rows(statement, parameters)

    def scans(self) -> Sequence[tuple[str, str, int]]:
        """Node, index or table, and number of rows, of each scan of the trail that was executed."""
        return [
            (
                node["Node Type"],
                node.get("Index Name") or node["Relation Name"],
                node["Actual Rows"] * node["Actual Loops"],
            )
            for plan in self.plans
            for node in _nodes(plan)
            if node.get("Relation Name", "").startswith("audit_logging") and node["Actual Loops"]
        ]


@pytest.fixture
async def reading(trail_database: DatabaseConfig) -> AsyncGenerator[Explaining]:
    """Give a trail with many changes of one row, and some of many others."""
    newest = "2023-11-14T22:13:20+00:00"  # NOON
    with psycopg.connect(trail_database.conninfo, autocommit=True) as server:
        server.execute("INSERT INTO kafka_stream (cluster_id, topic) VALUES ('cluster', 'orders')")
        days = [NOON // DAY - ago for ago in range(DAYS + 2)]
        server.execute("SELECT audit_ensure_partitions(%s)", [days])
        server.execute(
            _FILL, {"newest": newest, "changes": CHANGES, "days": DAYS, "busy": BUSY.key_hash}
        )
    async with open_pool(trail_database, access=Access.READ) as pool:
        yield Explaining(pool, trail_database)


async def test_questions_find_what_they_need_by_indexes(reading: Explaining) -> None:
    rows = PostgresRowReader(reading)

    newest = await rows.changes_of(BUSY, limit=51)
    page = await rows.changes_of(BUSY, before=newest[-1].place, limit=51)
    oldest = await rows.changes_of(BUSY, after=newest[-1].place, oldest_first=True, limit=10)
    assert (len(newest), len(page), len(oldest)) == (51, 51, 10)
    _only(reading, "key_hash_change_timestamp", most_rows=3 * 53)

    reading.plans.clear()
    assert len(await rows.turns_of(BUSY)) == CHANGES // 50_000
    _only(reading, "key_hash_change_timestamp_idx1", most_rows=10)

    reading.plans.clear()
    since = NOON - DAYS * DAY
    assert len(await rows.truncates_of(ORDERS, since=since, until=None, limit=9)) == 3
    _only(reading, "change_timestamp_idx", most_rows=10)

    reading.plans.clear()
    transactions = PostgresTransactionReader(reading)
    identity = TransactionIdentity("cluster", "shop", "shop", "39999")
    ((found, at),) = await transactions.transactions("39999", source_name=None, limit=5)
    assert found == identity
    assert len(await transactions.changes_in(identity, at=at, limit=100)) == 5
    _only(reading, "transaction_id", most_rows=5 * 4)


async def test_what_is_missing_is_found_without_reading_the_trail(reading: Explaining) -> None:
    async with reading.session() as session:
        await session.execute("SET default_transaction_read_only TO off")
        await session.execute(
            "INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, next_offset, cause, "
            "evidence) SELECT stream_id, 0, 100000, 100000, 'expired', 'e' FROM kafka_stream "
            "WHERE topic = 'orders'"
        )

    missing = await PostgresMissingPartsReader(reading).missing(
        streams=None, since=NOON - DAYS * DAY, until=NOON, limit=5
    )

    assert len(missing.parts) == 1
    _only(reading, "stream_id_kafka_partition_kafka_offse", most_rows=2 * 6)


def _only(reading: Explaining, index: str, *, most_rows: int) -> None:
    scans = reading.scans()
    assert scans
    assert all(kind.startswith(("Index", "Bitmap")) for kind, _, _ in scans), scans
    others = [s for s in scans if index not in s[1] and s[0] != "Bitmap Heap Scan"]
    assert not others
    assert sum(rows for _, _, rows in scans) <= most_rows, scans


def _explained(statement: sql.Composable) -> sql.Composable:
    return sql.SQL("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ") + statement


def _plan(rows: Sequence[Row]) -> Sequence[Mapping[str, Any]]:
    return [part["Plan"] for row in rows for part in row[0]]


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
