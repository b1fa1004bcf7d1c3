"""Sessions for those who read the trail, and the errors that they may meet."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.planned import BY_INDEX, IN_ORDER, KEPT, one_snapshot, planned_rows
from adapters.postgres.pool import Session, SessionPool

Row = tuple[Any, ...]


class Reading:
    """
    Lends sessions.

    Args:
        pool: Sessions with the reader's rights and limits.
        config: The same database; for messages.

    Attributes:
        config: The same.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self.config = config

    @property
    def most_sessions(self) -> int:
        """How many sessions may be lent at a time."""
        return self._pool.max_size

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        """Lend a session; the driver's errors become those of repositories."""
        with as_repository_error(self.config):
            async with self._pool.lease() as session:
                yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Session]:
        """Lend a session in which all statements see the trail at one moment."""
        async with self.session() as session, one_snapshot(session):
            yield session

    async def ordered_rows(
        self, statement: sql.Composable, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        """Execute one statement that an index gives in order, and that LIMIT stops early."""
        async with self.session() as session:
            return await planned_rows(session, {**KEPT, **IN_ORDER}, statement, parameters)

    async def kept_rows(
        self, statement: sql.Composable, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        """Execute one statement that indexes answer, whatever its values, with a kept plan."""
        async with self.session() as session:
            return await planned_rows(session, {**KEPT, **BY_INDEX}, statement, parameters)

    async def rows(
        self, statement: sql.Composable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Execute one statement, and give all its rows."""
        async with self.session() as session:
            cursor = await session.execute(sql.Composed([statement]), parameters)
            return await cursor.fetchall()
