"""
The documented way to the database for programs: sessions, repositories, health.

    DatabaseManager ── session() ──▶ a connection in a transaction
                    ── repositories() ──▶ the three repositories on one such connection
    DatabaseService ── the manager, and the store and the reader that the service uses
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.repositories import (
    AuditLoggingRepository,
    KafkaOffsetRepository,
    ProcessingErrorRepository,
)
from adapters.postgres.rights import excess_rights
from adapters.postgres.schema_version import check_version
from adapters.postgres.trail_reader import PostgresTrailReader
from application.consumer_config import ConsumerConfig

Repositories = tuple[AuditLoggingRepository, KafkaOffsetRepository, ProcessingErrorRepository]


class DatabaseManager:
    """
    A pool of sessions, and what programs do with them. Close it after use.

    Args:
        config: Which database, and how many connections.
        pool: Sessions to use; a pool of its own if None.
    """

    def __init__(self, config: DatabaseConfig, pool: SessionPool | None = None) -> None:
        self.config = config
        self.pool = SessionPool(config) if pool is None else pool

    async def open(self) -> None:
        """Begin to connect, in the background. Opening again changes nothing."""
        await self.pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections. Closing again changes nothing."""
        if not self.pool.closed:
            await self.pool.close(timeout=5.0)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        """
        Lend a connection in a transaction: committed at the end, rolled back on an error.

        Raises:
            ConnectionError: The database cannot be reached, or all connections are busy.
        """
        async with self.pool.lease() as session, session.transaction():
            yield session

    @asynccontextmanager
    async def repositories(self) -> AsyncGenerator[Repositories]:
        """
        Lend the three repositories on one connection, in one transaction.

        Raises:
            ConnectionError: The database cannot be reached, or all connections are busy.
        """
        async with self.session() as session:
            yield (
                AuditLoggingRepository(session, self.config),
                KafkaOffsetRepository(session, self.config),
                ProcessingErrorRepository(session, self.config),
            )

    def pool_numbers(self) -> dict[str, int]:
        """Count connections: ``size``, ``checked_in`` (free) and ``checked_out`` (in use)."""
        numbers = self.pool.get_stats()
        size, free = numbers["pool_size"], numbers["pool_available"]
        return {"size": size, "checked_in": free, "checked_out": size - free}


class DatabaseService:
    """
    What a service does with the trail's database.

    Args:
        db_manager: The database.
        consumer_config: Settings of the pipeline: how often quarantined records are retried.
    """

    def __init__(self, db_manager: DatabaseManager, consumer_config: ConsumerConfig) -> None:
        self.db_manager = db_manager
        self.consumer_config = consumer_config

    def store(self, consumer_group: str) -> PostgresAuditStore:
        """Make the store of the pipeline, which writes for `consumer_group`."""
        return PostgresAuditStore(
            self.db_manager.pool,
            self.db_manager.config,
            consumer_group=consumer_group,
            max_retries=self.consumer_config.max_retries,
        )

    def reader(self) -> PostgresTrailReader:
        """Make a reader of the trail on the same connections."""
        return PostgresTrailReader(self.db_manager.pool, self.db_manager.config)

    async def check_health(self) -> dict[str, Any]:
        """
        Ask the database for the tables' version, and count the pool's connections.

        Returns:
            ``{"connection_pool": {"size": ..., "checked_in": ..., "checked_out": ...}}``, with
            ``excess_rights`` where the user has rights that a writer of the trail does not need.

        Raises:
            ConnectionError: The database cannot be reached.
            SchemaVersionError: The tables are not of this program's version.
        """
        with as_repository_error(self.db_manager.config):
            async with self.db_manager.pool.lease(check=False) as session:
                await check_version(session)
                excess = await excess_rights(session)
        found: dict[str, Any] = {"connection_pool": self.db_manager.pool_numbers()}
        if excess:
            found["excess_rights"] = excess
        return found

    async def close(self) -> None:
        """Close all connections."""
        await self.db_manager.close()


async def get_database_manager(config: DatabaseConfig) -> DatabaseManager:
    """Make a manager for a database and begin to connect. Close it after use."""
    manager = DatabaseManager(config)
    await manager.open()
    return manager
