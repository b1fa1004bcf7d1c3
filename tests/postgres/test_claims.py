"""A claim beside a writer that is still storing: what is judged is what is taken."""

import asyncio

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from tests.postgres.trails import a_store, a_trail, claim, rows
from tests.processes import wait_until

pytestmark = pytest.mark.postgres

ABSENT = "UPDATE kafka_offset SET next_offset = next_offset + 100, absent = absent + 100"
STORE = "UPDATE kafka_offset SET next_offset = next_offset + 5, audited = audited + 5"
POSITION = "SELECT next_offset, audited, absent FROM kafka_offset WHERE consumer_group > ''"
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


async def test_a_batch_that_is_stored_while_its_partition_is_claimed_is_not_taken_back(
    trail_database: DatabaseConfig,
) -> None:
    def it_waits() -> bool:
        return bool(rows(trail_database, WAITING, trail_database.database))

    await a_trail(trail_database, 3)
    rows(trail_database, ABSENT)  # of which a wrong claim could take some back, unnoticed

    with psycopg.connect(trail_database.conninfo) as predecessor:
        predecessor.execute(STORE.encode())
        async with a_store(trail_database, writer="heir") as heir:
            claiming = asyncio.create_task(claim(heir))
            await asyncio.to_thread(wait_until, it_waits, what="a claim that waits")
            predecessor.commit()
            await claiming

    assert rows(trail_database, POSITION) == [(108, 8, 100)]
