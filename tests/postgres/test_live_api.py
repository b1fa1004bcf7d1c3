"""Live changes over HTTP from PostgreSQL, where the writer that began first commits last."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import psycopg
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from entrypoints.http.page_app import page_app
from entrypoints.http.site import trail_site
from tests.builders import a_log
from tests.contract.trail_writing import claimed, keep, orders
from tests.contract.trails import PostgresTrailUnderTest, in_postgres
from tests.processes import PATIENCE
from tests.unit.http.test_events_stream import Follower, followed

pytestmark = pytest.mark.postgres

_HELD = "SELECT FROM kafka_offset WHERE partition = 0 FOR UPDATE"
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@asynccontextmanager
async def held_offset(config: DatabaseConfig) -> AsyncGenerator[psycopg.AsyncConnection]:
    """Hold the offset of partition 0: whoever stores records of it cannot commit meanwhile."""
    async with await psycopg.AsyncConnection.connect(config.conninfo) as holder:
        schema = sql.SQL("SET search_path TO {}").format(sql.Identifier(config.schema))
        await holder.execute(schema)
        await holder.execute(_HELD)
        yield holder
        await holder.rollback()


async def until_somebody_waits(config: DatabaseConfig) -> None:
    """Return when a writer waits for a lock."""
    async with await psycopg.AsyncConnection.connect(config.conninfo, autocommit=True) as watcher:
        async with asyncio.timeout(PATIENCE):
            while True:
                row = await (await watcher.execute(_WAITING)).fetchone()
                if row is not None and row[0]:
                    return


async def ids(follower: Follower, count: int) -> list[str]:
    """The ids of the next changes."""
    return [msgspec.json.decode((await follower.change())["data"])["id"] for _ in range(count)]


async def test_a_stream_misses_nothing_of_a_writer_that_began_first_and_commits_last() -> None:
    async with in_postgres() as trail:
        assert isinstance(trail, PostgresTrailUnderTest)
        first, second = await trail.store(), await trail.store()
        (claim,) = await claimed(first, a_log(0, log_end=100))
        await claimed(second, a_log(1, log_end=100))
        stream = claim.partition.stream_id
        app = page_app(trail_site(trail.readers, live_interval=0.01))

        async with followed(app) as follower:
            async with held_offset(trail.config):
                late = asyncio.create_task(keep(first, orders(stream, 0, 1)))
                await until_somebody_waits(trail.config)
                await keep(second, orders(stream, 0, 1, 2, partition=1))
                before = await ids(follower, 3)
            await late
            after = await ids(follower, 2)
            await keep(second, orders(stream, 3, partition=1))
            last = await ids(follower, 1)

    assert before == [f"{stream}-1-{offset}" for offset in (0, 1, 2)]
    assert after == [f"{stream}-0-{offset}" for offset in (0, 1)]
    assert last == [f"{stream}-1-3"]
