"""
Pools of sessions, each for one purpose.

A writer's sessions carry the writer's token in their application_name, so that everyone can see
in pg_stat_activity whether the writer of a partition (`kafka_offset.writer`) still runs.
"""

import asyncio
import enum
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import reason, trouble
from domain.errors import ConnectionError  # noqa: A004 - the documented name

Row = tuple[Any, ...]
Session = AsyncConnection[Row]

WRITER = secrets.token_hex(8)
"""Token of this process: who moved an offset last."""

# The pool tries to connect for so long at a stretch, with growing pauses; then it waits until
# somebody asks again: so the pauses stay short, also in a long outage.
_STRETCH = 3.0
_LOOK_AGAIN = 0.25

LONGEST_SILENCE = 30.0
"""
Seconds that one statement of a writer may go unanswered; a reader's, beyond its own limit.

Longer, and the connection counts as half open: what was sent may or may not have been done, as
with any lost answer. Without a limit such a connection is waited for as long as something on the
way keeps it alive: a proxy, a load balancer, a server that is frozen.
"""


class Access(enum.Enum):
    """What a pool's sessions are for: which role they take, and how long they may take."""

    WRITE = "write"
    READ = "read"
    OWN = "own"


class SessionPool(AsyncConnectionPool[Session]):
    """
    A pool of sessions that are ready to use: search_path, role and limits are set.

    Args:
        config: Where, and how many.
        access: WRITE takes the writer's role; READ the reader's, read-only and with the
            statement timeout; OWN takes none: the rights of the user itself.
        writer: Token of this writer.
    """

    def __init__(
        self, config: DatabaseConfig, *, access: Access = Access.WRITE, writer: str = WRITER
    ) -> None:
        self.config = config
        self.access = access
        self.last_failure: Exception | None = None
        self.failed_at = 0.0
        super().__init__(
            conninfo=config.conninfo,
            kwargs={"autocommit": True, "application_name": f"cdc-audit {writer}"},
            connection_class=_session_class(self),
            min_size=1 if access is Access.READ else config.pool_size,
            max_size=config.pool_size + config.max_overflow,
            timeout=float(config.pool_timeout),
            max_lifetime=float(config.pool_recycle),
            reconnect_timeout=_STRETCH,
            open=False,
            name=f"cdc-audit-{access.value}",
        )

    @asynccontextmanager
    async def lease(
        self, *, longest_wait: float | None = None, check: bool = True
    ) -> AsyncGenerator[Session]:
        """
        Lend a session, outside a transaction: the one that was given back last.

        Args:
            longest_wait: Seconds to wait for a free one; the configured ones if None.
            check: Whether to find out first that it still works; costs a round trip.

        Raises:
            ConnectionError: None could be made, or none was free in time; the text says why.
        """
        session = await self._take(
            self.config.pool_timeout if longest_wait is None else longest_wait
        )
        while check and not await _works(session):
            await self.putconn(session)
            session = await self._take(self.config.pool_timeout)
        try:
            yield session
        finally:
            await self._give_back(session)

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - psycopg_pool's own
        """Close all connections, also while the event loop ends and has cancelled all tasks."""
        idle = list(self._pool)
        try:
            await super().close(timeout)
        except asyncio.CancelledError:  # of its workers: it leaves its connections open then
            for connection in idle:
                await connection.close()
            raise

    async def _give_back(self, session: Session) -> None:
        """
        Put it in front of the others, where psycopg_pool puts it behind them.

        Its server process has plans, catalog and shared pages at hand; one that waited for nine
        others has not. Batches that went round ten sessions took the database 5 % longer.
        """
        await self.putconn(session)
        if self._pool and self._pool[-1] is session:
            self._pool.rotate(1)

    async def _take(self, longest_wait: float) -> Session:
        begun = time.monotonic()
        while True:
            left = begun + longest_wait - time.monotonic()
            try:
                return await self.getconn(timeout=max(0.001, min(_LOOK_AGAIN, left)))
            except PoolTimeout as error:
                if left <= _LOOK_AGAIN or self._failed_since(begun):
                    raise self._none_came(longest_wait) from self.last_failure or error
            except psycopg.Error as error:  # the pool is closed or overcrowded
                raise trouble(error, self.config) from error

    def _failed_since(self, begun: float) -> bool:
        crowded = isinstance(self.last_failure, psycopg.errors.TooManyConnections)
        return self.last_failure is not None and self.failed_at >= begun and not crowded

    def _none_came(self, waited: float) -> ConnectionError:
        if self.last_failure:
            return trouble(self.last_failure, self.config)
        return ConnectionError(
            f"all {self.max_size} connections to the database {self.config.address} were busy for "
            f"{waited:g} s. Raise pool_size or max_overflow, or look for slow statements."
        )


@asynccontextmanager
async def open_pool(
    config: DatabaseConfig, *, access: Access = Access.WRITE, writer: str = WRITER
) -> AsyncGenerator[SessionPool]:
    """
    Open a pool, and close it after use. It connects in the background, also after an outage.

    Args:
        config: Where, and how many.
        access: Which role the sessions take, and their limits.
        writer: Token of this writer.
    """
    pool = SessionPool(config, access=access, writer=writer)
    try:
        await pool.open(wait=False)
        yield pool
    finally:
        await pool.close(timeout=5.0)


def session_settings(config: DatabaseConfig, access: Access) -> sql.Composed:
    """Give the statements that make a new connection a session of ours."""
    role = {Access.WRITE: config.writer_role, Access.READ: config.reader_role, Access.OWN: None}
    statements: list[sql.Composable] = [
        sql.SQL("SET search_path TO {}, pg_temp").format(sql.Identifier(config.schema)),
        sql.SQL("SET timezone TO 'UTC'"),
        # Whoever vanishes in the middle must not hold the offsets of a partition for ever.
        sql.SQL("SET idle_in_transaction_session_timeout TO '120s'"),
        sql.SQL("SET tcp_keepalives_idle TO 30"),
        sql.SQL("SET tcp_keepalives_interval TO 10"),
        sql.SQL("SET tcp_keepalives_count TO 3"),
    ]
    if access is Access.READ:
        milliseconds = sql.Literal(int(config.statement_timeout * 1000))
        statements += [
            sql.SQL("SET default_transaction_read_only TO on"),
            sql.SQL("SET statement_timeout TO {}").format(milliseconds),
        ]
    if chosen := role[access]:
        statements.append(sql.SQL("SET ROLE {}").format(sql.Identifier(chosen)))
    return sql.SQL("; ").join(statements)


def _session_class(pool: SessionPool) -> type[Session]:
    """Make the pool's class of connections: one that is not ready never reaches the pool."""
    readers = pool.config.statement_timeout if pool.access is Access.READ else 0.0

    class PreparedSession(AsyncConnection[Row]):
        async def wait(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - psycopg's own
            limit = asyncio.timeout(LONGEST_SILENCE + readers)
            try:
                async with limit:
                    return await super().wait(*args, **kwargs)
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise psycopg.OperationalError(
                    f"no answer within {LONGEST_SILENCE + readers:g} s"
                ) from error

        @classmethod
        async def connect(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - psycopg's own
            connection: Self | None = None
            try:
                connection = await super().connect(*args, **kwargs)
                await connection.execute(session_settings(pool.config, pool.access))
            except (psycopg.Error, asyncio.CancelledError) as error:
                if connection:
                    await connection.close()
                if isinstance(error, psycopg.Error):
                    pool.last_failure, pool.failed_at = error, time.monotonic()
                    raise psycopg.OperationalError(reason(error, pool.config)) from error
            else:
                pool.last_failure = None
                return connection
            # A new one: the traceback of the old one keeps a half-made connection open.
            raise asyncio.CancelledError

    return PreparedSession


async def _works(session: Session) -> bool:
    with suppress(psycopg.Error):
        await session.execute("")
        return True
    return False
