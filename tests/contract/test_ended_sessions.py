"""The contract of `EndedSessions`, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.access import MemoryEndedSessions
from adapters.postgres.access_store import PostgresEndedSessions
from adapters.postgres.pool import open_pool
from application.ended_sessions import EndedSessions
from tests.servers.postgres import scratch_database, scratch_role

Two = tuple[EndedSessions, EndedSessions]
"""The same sessions, as two processes know them."""


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Two]:
    ended = MemoryEndedSessions()
    yield ended, ended


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Two]:
    with scratch_role() as writer, scratch_database(writer_role=writer) as config:
        async with open_pool(config) as one, open_pool(config) as other:
            yield PostgresEndedSessions(one, config), PostgresEndedSessions(other, config)


EVERY: list[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERY)
async def two(request: pytest.FixtureRequest) -> AsyncGenerator[Two]:
    opened: Callable[[], AbstractAsyncContextManager[Two]] = request.param
    async with opened() as two:
        yield two


async def test_a_session_that_ended_in_one_process_has_ended_in_every_other(two: Two) -> None:
    here, there = two

    await here.end(b"a" * 32)

    assert await there.has_ended(b"a" * 32)
    assert not await there.has_ended(b"b" * 32)


async def test_a_session_may_be_ended_again(two: Two) -> None:
    here, there = two

    await here.end(b"a" * 32)
    await there.end(b"a" * 32)

    assert await here.has_ended(b"a" * 32)
