"""A trail that cannot be read: somebody holds its lock, and the readers' time is short."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, SessionPool, open_pool
from tests.servers.postgres import scratch_database

SECONDS = 0.2
"""What a statement of the readers may take."""


@asynccontextmanager
async def a_locked_trail() -> AsyncGenerator[tuple[SessionPool, DatabaseConfig]]:
    """Give readers' sessions, and their database, while the trail is locked."""
    with scratch_database(statement_timeout=SECONDS) as config:
        async with (
            open_pool(config, access=Access.OWN) as owner,
            owner.lease() as session,
            session.transaction(),
            open_pool(config, access=Access.READ) as pool,
        ):
            await session.execute("LOCK TABLE audit_logging IN ACCESS EXCLUSIVE MODE")
            yield pool, config
