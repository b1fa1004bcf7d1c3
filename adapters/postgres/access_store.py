"""Tokens, ended sessions and the access log in PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import sql

from adapters.postgres.batch_rows import plain_text
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Session, SessionPool
from adapters.postgres.time_text import time_text
from application.access_log import Look
from application.access_tokens import NewToken
from domain.access import AccessToken, Role, TableScope

_SELECTED = sql.SQL("""
id, name, role, tables,
(extract(epoch FROM created_at) * 1000000)::bigint,
(extract(epoch FROM expires_at) * 1000000)::bigint,
(extract(epoch FROM revoked_at) * 1000000)::bigint,
(extract(epoch FROM last_used_at) * 1000000)::bigint
""")

_ADD = sql.SQL("""
INSERT INTO access_token (name, role, tables, secret_hash, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING {}
""").format(_SELECTED)
_FIND = sql.SQL("SELECT {} FROM access_token WHERE secret_hash = %s").format(_SELECTED)
_GET = sql.SQL("SELECT {} FROM access_token WHERE id = %s").format(_SELECTED)
_LIST = sql.SQL("SELECT {} FROM access_token ORDER BY id DESC").format(_SELECTED)
_REVOKE = "UPDATE access_token SET revoked_at = %s WHERE id = %s AND revoked_at IS NULL"
_NOTE_USE = "UPDATE access_token SET last_used_at = %s WHERE id = %s"

_END = "INSERT INTO ended_session (session_hash) VALUES (%s) ON CONFLICT DO NOTHING"
_HAS_ENDED = "SELECT FROM ended_session WHERE session_hash = %s"

_WRITE = """
INSERT INTO access_log (who, via, address, action, query, status, row_count)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_LATEST = """
SELECT who, via, address, action, query, status, row_count
FROM access_log ORDER BY id DESC LIMIT %s
"""


class PostgresTokenStore:
    """
    Keeps tokens in `access_token`.

    Args:
        pool: Sessions with the writer's rights.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def add(self, token: NewToken, secret_hash: bytes) -> AccessToken:
        values = (
            token.name,
            token.role.value,
            list(token.tables.patterns),
            secret_hash,
            time_text(token.created_at),
            time_text(token.expires_at),
        )
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(_ADD, values)
            return _token(await cursor.fetchone() or ())

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        return await self._one(_FIND, secret_hash)

    async def get(self, token_id: int) -> AccessToken | None:
        return await self._one(_GET, token_id)

    async def list(self) -> Sequence[AccessToken]:
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(_LIST)
            return [_token(row) async for row in cursor]

    async def revoke(self, token_id: int, at: int) -> bool:
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(_REVOKE, [time_text(at), token_id])
            return cursor.rowcount > 0

    async def note_use(self, token_id: int, at: int) -> None:
        async with _session(self._pool, self._config) as session:
            await session.execute(_NOTE_USE, [time_text(at), token_id])

    async def _one(self, query: sql.Composed, value: object) -> AccessToken | None:
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(query, [value])
            row = await cursor.fetchone()
        return None if row is None else _token(row)


class PostgresEndedSessions:
    """
    Keeps ended sessions in `ended_session`.

    Args:
        pool: Sessions with the writer's rights.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def end(self, session_hash: bytes) -> None:
        async with _session(self._pool, self._config) as session:
            await session.execute(_END, [session_hash])

    async def has_ended(self, session_hash: bytes) -> bool:
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(_HAS_ENDED, [session_hash])
            return await cursor.fetchone() is not None


class PostgresAccessLog:
    """
    Keeps looks in `access_log`, for ever.

    Args:
        pool: Sessions with the writer's rights.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def write(self, look: Look) -> None:
        values = (look.who, look.via, look.address, look.action, look.query)
        texts = [None if text is None else plain_text(text) for text in values]
        async with _session(self._pool, self._config) as session:
            await session.execute(_WRITE, [*texts, look.status, look.row_count])

    async def latest(self, limit: int) -> Sequence[Look]:
        async with _session(self._pool, self._config) as session:
            cursor = await session.execute(_LATEST, [limit])
            return [_look(row) async for row in cursor]


@asynccontextmanager
async def _session(pool: SessionPool, config: DatabaseConfig) -> AsyncGenerator[Session]:
    with as_repository_error(config):
        async with pool.lease() as session:
            yield session


def _token(row: Sequence[Any]) -> AccessToken:
    number, name, role, tables, created, expires, revoked, used = row
    return AccessToken(
        id=number,
        name=name,
        role=Role(role),
        tables=TableScope(tuple(tables)),
        created_at=created,
        expires_at=expires,
        revoked_at=revoked,
        last_used_at=used,
    )


def _look(row: Sequence[Any]) -> Look:
    who, via, address, action, query, status, row_count = row
    return Look(
        who=who,
        via=via,
        address=address,
        action=action,
        query=query,
        status=status,
        row_count=row_count,
    )
