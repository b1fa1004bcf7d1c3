"""A writer that went silent in the middle of a transaction does not hold up its heir."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.evictions import LOOK_EVERY
from tests.postgres.trails import a_store, a_trail, claim, rows

pytestmark = pytest.mark.postgres

LOCK = "SELECT FROM kafka_offset FOR UPDATE"
COPY = "COPY control_message (stream_id, kafka_partition, kafka_offset) FROM STDIN"


@asynccontextmanager
async def a_silent_session(
    config: DatabaseConfig, name: str, *statements: str
) -> AsyncGenerator[psycopg.AsyncConnection]:
    """Give a session that has sent `statements` in a transaction, and says nothing more."""
    session = await psycopg.AsyncConnection.connect(config.conninfo, application_name=name)
    try:
        for statement in ("BEGIN", *statements):
            session.pgconn.exec_(statement.encode())  # psycopg would ask for the COPY's data
        yield session
    finally:
        await session.close()


def runs(config: DatabaseConfig, session: psycopg.AsyncConnection) -> bool:
    """Whether the server still has the session."""
    pid = session.info.backend_pid
    return bool(rows(config, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))


@pytest.mark.parametrize("statements", [(LOCK,), (LOCK, COPY)], ids=["idle", "in a COPY"])
async def test_a_writer_that_is_silent_in_a_transaction_is_ended_for_its_heir(
    statements: tuple[str, ...], trail_database: DatabaseConfig
) -> None:
    await a_trail(trail_database)

    async with (
        a_silent_session(trail_database, "cdc-audit zombie", *statements) as zombie,
        a_store(trail_database, writer="heir") as heir,
    ):
        stream_id = await claim(heir)

        assert stream_id > 0
        assert not runs(trail_database, zombie)


async def test_a_session_that_is_no_writer_is_waited_for(trail_database: DatabaseConfig) -> None:
    await a_trail(trail_database)

    async with (
        a_silent_session(trail_database, "psql", LOCK) as somebody,
        a_store(trail_database, writer="heir") as heir,
    ):
        claiming = asyncio.create_task(claim(heir))
        await asyncio.wait({claiming}, timeout=3 * LOOK_EVERY)  # time enough to be ended
        was_waiting = not claiming.done()
        await somebody.commit()
        await claiming

        assert was_waiting
        assert runs(trail_database, somebody)
