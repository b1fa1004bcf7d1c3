"""
The documented ways to the trail's database for programs, with the process's own settings.

    app_config.sink_database ──▶ one manager for each event loop ──▶ get_session, repositories
"""

import asyncio
import weakref
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from adapters.postgres import migrations
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.database import DatabaseManager, Repositories, get_database_manager
from adapters.postgres.pool import Session
from domain.errors import ConfigurationError
from entrypoints.settings import AppConfig, Environment, app_config

_FEW = 1
"""Connections that are opened for a program before it asks: it may ask once, and end."""


class _OfLoop:
    """The manager of one event loop, closed when the loop ends."""

    def __init__(self) -> None:
        self._config: DatabaseConfig | None = None
        self._manager: DatabaseManager | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def manager(self, config: DatabaseConfig) -> DatabaseManager:
        async with self._lock:
            if self._manager is None or self._config != config:
                if self._keeper is not None:
                    self._keeper.cancel()
                    await asyncio.wait({self._keeper})
                self._manager = await _opened(config)
                self._keeper = asyncio.create_task(_keep(self._manager), name="cdc-audit-sessions")
                self._config = msgspec.structs.replace(config)  # a setting may be assigned later
            return self._manager


async def _opened(config: DatabaseConfig) -> DatabaseManager:
    few = msgspec.structs.replace(
        config,
        pool_size=min(_FEW, config.pool_size),
        max_overflow=config.pool_size + config.max_overflow - min(_FEW, config.pool_size),
    )
    return await get_database_manager(few)


async def _keep(manager: DatabaseManager) -> None:
    """
    Close `manager` when we are cancelled: at the latest by the loop, which does so when it ends.

    It must be then, and not after: the pool's own tasks outlive being cancelled when they are
    connecting, and the loop would wait for them for ever.
    """
    try:
        await asyncio.Event().wait()
    finally:
        await manager.close()


_managers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = (
    weakref.WeakKeyDictionary()
)


@asynccontextmanager
async def get_session() -> AsyncGenerator[Session]:
    """
    Lend a psycopg connection in a transaction: committed at the end, rolled back on an error.

    Raises:
        ConnectionError: The database cannot be reached, or all connections are busy.
    """
    manager = await _manager()
    async with manager.session() as session:
        yield session


@asynccontextmanager
async def get_repository_session() -> AsyncGenerator[Repositories]:
    """
    Lend the repositories of audit logs, offsets and errors, in one transaction.

    Raises:
        ConnectionError: The database cannot be reached, or all connections are busy.
    """
    manager = await _manager()
    async with manager.repositories() as repositories:
        yield repositories


async def create_tables(config: AppConfig | None = None) -> None:
    """
    Make all tables, or bring them to this program's version: as `cdc-audit migrate` does.

    Args:
        config: The settings; the process's own if None.

    Raises:
        SchemaVersionError: The tables are newer than this program.
        RepositoryError: The server refused; the text says what to do.
    """
    chosen = app_config if config is None else config
    await asyncio.to_thread(migrations.migrate, chosen.sink_database)


async def drop_tables(config: AppConfig | None = None) -> None:
    """
    Drop all tables, and the trail with them. In DEVELOPMENT only.

    Args:
        config: The settings; the process's own if None.

    Raises:
        ConfigurationError: The environment is not DEVELOPMENT: nothing was dropped.
    """
    chosen = app_config if config is None else config
    if chosen.environment is not Environment.DEVELOPMENT:
        raise ConfigurationError(
            "environment",
            f"it is {chosen.environment.value}, and an audit trail is dropped in development only. "
            f"Whoever must, drops the schema as its owner, by hand.",
        )
    await asyncio.to_thread(migrations.drop_tables, chosen.sink_database)


async def _manager() -> DatabaseManager:
    loop = asyncio.get_running_loop()
    if loop not in _managers:
        _managers[loop] = _OfLoop()
    return await _managers[loop].manager(app_config.sink_database)
