"""Looking after the quarantine with the writer's rights, and what those do not give."""

from collections.abc import Generator

import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.quarantine_ledger import PostgresQuarantineLedger
from adapters.postgres.retry_ledger import PostgresRetryLedger
from adapters.postgres.topic_orders import PostgresTopicOrders
from domain.errors import RepositoryError
from domain.quarantine_entry import RetryFailure
from tests.builders import a_batch, a_consumed_batch, a_quarantined_record, a_record
from tests.postgres.trails import a_store, claim, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

FAILURE = RetryFailure("ValidationError", "still no JSON")


@pytest.fixture
def guarded() -> Generator[DatabaseConfig]:
    """A trail whose service has the writer's rights only."""
    with (
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(writer_role=writer, reader_role=reader) as config,
    ):
        yield config


async def test_the_writers_rights_are_enough_to_retry_and_to_resolve(
    guarded: DatabaseConfig,
) -> None:
    async with a_store(guarded) as store, open_pool(guarded, writer="people") as pool:
        stream_id = await claim(store)
        bad = [a_quarantined_record(o, stream_id=stream_id) for o in range(3)]
        batch = a_batch(await store.encoder(), quarantined=bad)
        await store.append(batch, a_consumed_batch(batch))
        retries = PostgresRetryLedger(pool, guarded, writer="writer")
        ledger = PostgresQuarantineLedger(pool, guarded)

        entries = await retries.claim_due(limit=9, first_delay=0.0, lease=60.0)
        mended = a_batch(await store.encoder(), [a_record(0, stream_id=stream_id)])
        refused = await retries.place(entries[0], mended)
        await retries.fail(entries[1], FAILURE, delay=60.0)
        await retries.put_back([entries[1]], delay=60.0)
        resolved = await ledger.resolve([entries[2].error_id], reason="known")
        history = await ledger.history(entries[1].error_id)

    assert refused is None
    assert list(resolved) == [entries[2].error_id]
    assert [event.kind for event in history] == ["quarantined", "failed"]


async def test_who_runs_is_known_with_the_writers_rights(guarded: DatabaseConfig) -> None:
    async with a_store(guarded) as store, open_pool(guarded, writer="people") as pool:
        stream_id = await claim(store)
        bad = a_quarantined_record(0, stream_id=stream_id)
        batch = a_batch(await store.encoder(), quarantined=[bad])
        await store.append(batch, a_consumed_batch(batch))
        another = PostgresRetryLedger(pool, guarded, writer="another")

        while_it_runs = await another.claim_due(limit=9, first_delay=0.0, lease=0.0)
    async with open_pool(guarded, writer="people") as pool:
        another = PostgresRetryLedger(pool, guarded, writer="another")
        afterwards = await another.claim_due(limit=9, first_delay=0.0, lease=0.0)

    assert list(while_it_runs) == []
    assert len(afterwards) == 1


async def test_the_service_reads_orders_and_cannot_give_any(guarded: DatabaseConfig) -> None:
    async with open_pool(guarded, access=Access.OWN) as own, open_pool(guarded) as pool:
        await PostgresTopicOrders(own, guarded).give("orders", until=None, reason=None)
        orders = PostgresTopicOrders(pool, guarded)

        (found,) = await orders.current()
        with pytest.raises(RepositoryError, match=r"may not do this in .*permission denied"):
            await orders.give("others", until=None, reason=None)

    assert found.topic == "orders"
    assert rows(guarded, "SELECT count(*) FROM topic_order") == [(1,)]


async def test_the_reader_sees_the_quarantine_and_resolves_nothing(
    guarded: DatabaseConfig,
) -> None:
    async with open_pool(guarded, access=Access.READ) as pool:
        ledger = PostgresQuarantineLedger(pool, guarded)

        nothing = await ledger.find(1)
        with pytest.raises(RepositoryError, match="read-only transaction"):
            await ledger.resolve([1], reason="none")

    assert nothing is None
