"""Questions use the trail's indexes, and stop when they have enough, in a trail that is filled."""

import time
from collections.abc import AsyncGenerator, Awaitable, Generator

import msgspec
import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.trail_reader import PostgresTrailReader
from adapters.postgres.trail_readers import postgres_readers
from adapters.postgres.window_widths import RememberedWidths
from application.questions import TrailReaders
from application.trail_query import Cursor, TrailQuery
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity
from tests.builders import DAY, SECOND
from tests.postgres.executed_plans import ExecutedPlans, explained_pool
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

ORDERS = SourceTable("postgresql", "shop", "shop", "public", "orders")
BUSY = RowIdentity(ORDERS, '{"id":1}')
CHANGES = 200_000
DAYS = 90
_BY_INDEX = {"Index Scan", "Index Scan Backward", "Index Only Scan", "Bitmap Index Scan"}
NOW = time.time_ns() // 1000
"""Where the trail ends, as most do: searches begin to look there."""

_FILL = """
INSERT INTO audit_logging (
    stream_id, kafka_partition, kafka_offset, change_timestamp, connector, source_name,
    source_database, source_schema, source_table, operation, record_key, key_hash, new_data,
    transaction_id, headers
)
SELECT s.stream_id, 0, i,
    to_timestamp(%(now)s) - (%(changes)s - i) * interval '1 day' * %(days)s / %(changes)s,
    'postgresql', 'shop', 'shop', 'public', 'orders',
    CASE WHEN i %% 50000 = 20 THEN 'DELETE' WHEN i %% 70000 = 9 THEN 'TRUNCATE' ELSE 'UPDATE' END,
    CASE WHEN i %% 10 = 0 THEN '{"id":1}' ELSE format('{"id":%%s}', i %% 5000) END,
    CASE WHEN i %% 10 = 0 THEN %(busy)s ELSE hashtextextended((i %% 5000)::text, 0) END,
    '{"id":1,"status":"paid"}', (i / 5)::text,
    CASE WHEN i %% 3 = 0 THEN '[["traceparent","00-1"]]'::json END
FROM generate_series(1, %(changes)s) AS i, kafka_stream AS s WHERE s.topic = 'orders'
"""
_STREAM = "INSERT INTO kafka_stream (cluster_id, topic) VALUES ('cluster', 'orders')"
_STANDS = """
INSERT INTO kafka_offset (stream_id, partition, first_offset, next_offset, audited)
SELECT stream_id, 0, 1, %(changes)s + 1, %(changes)s FROM kafka_stream WHERE topic = 'orders'
"""
_GAP = """
INSERT INTO audit_gap (
    stream_id, kafka_partition, first_offset, next_offset, cause, evidence
) SELECT stream_id, 0, 100000, 100000, 'expired', 'e' FROM kafka_stream WHERE topic = 'orders'
"""
_MET = """
INSERT INTO audit_source VALUES ('postgresql', 'shop', 'shop', 'public', 'orders', '{id,status}')
"""


class Asked(msgspec.Struct, frozen=True):
    """
    A trail with many changes of one row, and some of many others.

    Attributes:
        readers: Read it.
        plans: What was executed for them.
        stream: Its one stream.
    """

    readers: TrailReaders
    plans: ExecutedPlans
    stream: int

    async def of(self, question: Awaitable[object]) -> ExecutedPlans:
        """The plans of one question."""
        self.plans.clear()
        await question
        return self.plans


@pytest.fixture(scope="module")
def filled() -> Generator[DatabaseConfig]:
    """Fill a trail, once for all questions: they change nothing."""
    values = {"now": NOW / SECOND, "changes": CHANGES, "days": DAYS, "busy": BUSY.key_hash}
    with scratch_database() as config:
        with psycopg.connect(config.conninfo, autocommit=True) as server:
            server.execute(_STREAM)
            days = [NOW // DAY - ago for ago in range(DAYS + 2)]
            server.execute("SELECT audit_ensure_partitions(%s)", [days])
            for statement in (_FILL, _STANDS):
                server.execute(statement.encode(), values)
            for statement in (_MET, _GAP, "ANALYZE audit_logging"):
                server.execute(statement.encode())
        yield config


@pytest.fixture
async def asked(filled: DatabaseConfig) -> AsyncGenerator[Asked]:
    """Give the trail in a session that has no plans yet."""
    async with explained_pool(filled) as (pool, plans):
        readers = postgres_readers(pool, filled)
        (standing,) = (p for p in await readers.health.accounting() if p.topic == "orders")
        plans.clear()
        yield Asked(readers, plans, standing.stream_id)


async def test_questions_of_a_row_find_what_they_need_by_indexes(asked: Asked) -> None:
    rows = asked.readers.rows

    newest = await rows.changes_of(BUSY, limit=51)
    page = await rows.changes_of(BUSY, before=newest[-1].place, limit=51)
    oldest = await rows.changes_of(BUSY, after=newest[-1].place, oldest_first=True, limit=10)
    assert (len(newest), len(page), len(oldest)) == (51, 51, 10)
    _only(asked.plans, "key_hash_change_timestamp", most_rows=3 * 53)

    asked.plans.clear()
    assert len(await rows.turns_of(BUSY)) == CHANGES // 50_000
    _only(asked.plans, "key_hash_change_timestamp_idx1", most_rows=10)

    asked.plans.clear()
    since = NOW - DAYS * DAY
    assert len(await rows.truncates_of(ORDERS, since=since, until=None, limit=9)) == 3
    _only(asked.plans, "change_timestamp_idx", most_rows=10)


async def test_a_transaction_is_found_by_its_id(asked: Asked) -> None:
    transactions = asked.readers.transactions
    identity = TransactionIdentity("cluster", "shop", "shop", "39999")

    ((found, at),) = await transactions.transactions("39999", source_name=None, limit=5)
    assert found == identity
    assert len(await transactions.changes_in(identity, at=at, limit=100)) == 5
    _only(asked.plans, "transaction_id", most_rows=5 * 4)

    query = TrailQuery(transaction_id="39998")
    _only(await asked.of(asked.readers.trail.search(query)), "transaction_id", most_rows=5)
    counted = asked.readers.counter.count(query, at_most=1_000)
    _only(await asked.of(counted), "transaction_id", most_rows=5)


@pytest.mark.parametrize("key", ['{"id":1}', "1"])
async def test_a_search_for_a_key_is_answered_by_the_index_of_keys(asked: Asked, key: str) -> None:
    one_of = TrailQuery(record_key=key, source_table="orders", limit=51, since=NOW - 3 * DAY)
    trail, counter = asked.readers.trail, asked.readers.counter

    found = await trail.search(one_of)
    counted = await counter.count(one_of, at_most=100)

    assert (len(found), counted.number, counted.is_exact) == (51, 100, False)
    _only(asked.plans, "key_hash_change_timestamp", most_rows=2 * CHANGES // 10 * 3 // DAYS)


@pytest.mark.parametrize(
    ("query", "most_rows"),
    [
        (TrailQuery(), 1_000),
        (TrailQuery(source_table="orders"), 1_000),
        (TrailQuery(source_table="orders", since=NOW - 30 * DAY, until=NOW - 20 * DAY), 1_000),
    ],
)
async def test_a_search_looks_at_little_more_than_it_gives(
    asked: Asked, query: TrailQuery, most_rows: int
) -> None:
    assert len(await asked.readers.trail.search(query)) == query.limit

    _only(asked.plans, "change_timestamp_idx", most_rows=most_rows)


async def test_a_search_that_was_made_before_looks_once(filled: DatabaseConfig) -> None:
    query = TrailQuery(source_table="orders")
    async with explained_pool(filled) as (pool, plans):
        reader = PostgresTrailReader(pool, filled, widths=RememberedWidths(seconds=30))
        found = await reader.search(query)
        looks = len(_looks(plans))
        plans.clear()

        again = await reader.search(query)

    assert looks > 1
    assert len(_looks(plans)) == 1
    assert again == found


async def test_a_search_whose_guess_takes_too_long_is_made_without_it(
    filled: DatabaseConfig,
) -> None:
    query = TrailQuery(source_table="orders")
    widths = RememberedWidths(seconds=0.001)
    widths.learn(query, 10 * DAY)
    async with explained_pool(filled) as (pool, plans):
        reader = PostgresTrailReader(pool, filled, widths=widths)

        found = await reader.search(query)

    assert len(found) == query.limit
    read = [scan.rows for scan in plans.scans() if scan.node == "Bitmap Heap Scan"]
    assert sum(read) < CHANGES * 10 // DAYS
    guess = widths.guess_for(query)
    assert guess
    assert guess.width < DAY


async def test_one_change_and_live_changes_are_found_by_their_place(asked: Asked) -> None:
    trail = asked.readers.trail

    assert await trail.find(asked.stream, 0, CHANGES // 2) is not None
    _only(asked.plans, "stream_id_kafka_partition_kafka_offse", most_rows=1)

    asked.plans.clear()
    behind = Cursor(((asked.stream, 0, CHANGES - 500),))
    followed, _ = await trail.since(behind, TrailQuery(source_table="orders", limit=200))
    assert len(followed) == 200
    _only(asked.plans, "stream_id_kafka_partition_kafka_offse", most_rows=2 * 201)


async def test_what_is_missing_is_found_without_reading_the_trail(asked: Asked) -> None:
    missing = await asked.readers.missing.missing(
        streams=None, since=NOW - DAYS * DAY, until=NOW, limit=5
    )

    assert len(missing.parts) == 1
    _only(asked.plans, "stream_id_kafka_partition_kafka_offse", most_rows=2 * 6)


def _looks(plans: ExecutedPlans) -> list[int]:
    """How many rows each executed statement of the trail gave."""
    return [plan["Actual Rows"] for plan in plans.plans if "audit_logging" in str(plan)]


def _only(plans: ExecutedPlans, index: str, *, most_rows: int) -> None:
    """Only this index was used, and not for more rows; in an empty partition any will do."""
    scans = plans.scans()
    assert scans
    assert not plans.start_workers()
    assert all(scan.node.startswith(("Index", "Bitmap")) for scan in scans), scans
    assert not [s for s in scans if s.rows and index not in s.name and s.node in _BY_INDEX]
    heap = [scan for scan in scans if scan.node != "Bitmap Index Scan"]
    assert 0 < sum(scan.rows for scan in heap) <= most_rows, scans
