"""
Waiting for a predecessor that will never finish.

    claim ──waits for a lock──▶ who holds us up? ──a writer that says nothing, twice──▶ its end

A writer that is frozen or cut off in the middle of a transaction keeps the rows of its offsets
locked, and no limit of PostgreSQL's ends a COPY whose client is silent: while the machine of a
stopped process answers keep-alives, its heir would wait for ever. Kafka has given the partitions
to the heir: what the other left open can only be rolled back, or it would be fenced.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import psycopg

from adapters.postgres.pool import Session, SessionPool
from domain.errors import ConnectionError  # noqa: A004 - the documented name

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks: a healthy writer is silent in a transaction for milliseconds."""

_SILENT = """
SELECT pid FROM pg_stat_activity
WHERE pid = ANY(pg_blocking_pids(%s)) AND wait_event = 'ClientRead'
    AND application_name ~ '^cdc-audit .'
"""

# A writer's role may not end sessions; the user behind it may end those of the same user.
_OURSELVES = "SET LOCAL ROLE NONE"
_END = "SELECT pg_terminate_backend(pid) FROM unnest(%s::integer []) AS silent (pid)"


@asynccontextmanager
async def evicting_the_silent(pool: SessionPool, waiting: Session) -> AsyncGenerator[None]:
    """End sessions of other writers that hold up `waiting`, while the context lasts."""
    watch = asyncio.create_task(_watch(pool, waiting.info.backend_pid))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(pool: SessionPool, waiting: int) -> None:
    seen: set[int] = set()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        with suppress(ConnectionError, psycopg.Error):
            async with pool.lease() as session, session.transaction():
                await session.execute(_OURSELVES)
                silent = {pid async for (pid,) in await session.execute(_SILENT, [waiting])}
                if gone := sorted(seen & silent):
                    logger.warning("ended sessions that hold us up", extra={"sessions": len(gone)})
                    await session.execute(_END, [gone])
                seen = silent
