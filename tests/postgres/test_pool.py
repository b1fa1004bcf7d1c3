"""A pool of sessions: which one it lends."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import SessionPool, open_pool
from tests.pipelines import until
from tests.servers.postgres import trail_database

pytestmark = pytest.mark.postgres

__all__ = ["trail_database"]


@pytest.fixture
async def pool(trail_database: DatabaseConfig) -> AsyncGenerator[SessionPool]:
    """Give a pool of three sessions, all connected."""
    config = msgspec.structs.replace(trail_database, pool_size=3, max_overflow=0)
    async with open_pool(config) as pool:
        await pool.wait()
        yield pool


async def lent(pool: SessionPool) -> int:
    async with pool.lease() as session:
        return session.info.backend_pid


async def test_one_borrower_after_the_other_gets_the_same_session(pool: SessionPool) -> None:
    assert len({await lent(pool) for _ in range(5)}) == 1


async def test_the_session_that_was_given_back_last_is_lent_first(pool: SessionPool) -> None:
    async with pool.lease() as first:
        async with pool.lease() as second:
            pass
        again = await lent(pool)

    assert again == second.info.backend_pid
    assert await lent(pool) == first.info.backend_pid


async def test_who_waits_for_a_session_gets_the_one_that_is_given_back(pool: SessionPool) -> None:
    async with pool.lease(), pool.lease():
        async with pool.lease() as third:
            waiting = asyncio.create_task(lent(pool))
            await until(lambda: pool.get_stats()["requests_waiting"] == 1)

        assert await waiting == third.info.backend_pid
