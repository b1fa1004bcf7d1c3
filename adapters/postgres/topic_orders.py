"""
Orders about topics in PostgreSQL, where the running service finds them.

The service only reads them. Whoever gives or ends one does so with the rights of its own user.
"""

from collections.abc import Sequence
from typing import LiteralString

from adapters.postgres.batch_rows import plain_text
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Session, SessionPool
from domain.topic_order import TopicOrder

_ORDER: LiteralString = """
    topic, reason, (extract(EPOCH FROM ordered_at) * 1000000)::bigint, ordered_by,
    (extract(EPOCH FROM ends_at) * 1000000)::bigint
"""

_CURRENT = f"""
SELECT {_ORDER} FROM topic_order
WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > clock_timestamp())
ORDER BY topic
"""  # noqa: S608 - constants

_END = """
UPDATE topic_order SET ended_at = clock_timestamp(), ended_by = session_user
WHERE topic = %s AND ended_at IS NULL
RETURNING ends_at IS NULL OR ends_at > clock_timestamp()
"""

_GIVE = f"""
INSERT INTO topic_order (topic, reason, ends_at)
VALUES (%s, %s, to_timestamp(%s::float8)) RETURNING {_ORDER}
"""  # noqa: S608 - constants

_MICROSECONDS = 1_000_000


class PostgresTopicOrders:
    """
    Keeps orders.

    Args:
        pool: Sessions; giving and ending needs more than the writer's rights.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def current(self) -> Sequence[TopicOrder]:
        with as_repository_error(self._config):
            async with self._pool.lease(check=False) as session:
                cursor = await session.execute(_CURRENT)
                return [_order(*row) async for row in cursor]

    async def give(self, topic: str, *, until: int | None, reason: str | None) -> TopicOrder:
        seconds = None if until is None else until / _MICROSECONDS
        values = [plain_text(topic), reason and plain_text(reason), seconds]
        with as_repository_error(self._config):
            async with self._pool.lease() as session, session.transaction():
                await _end(session, topic)
                row = await (await session.execute(_GIVE, values)).fetchone()
        if row is None:
            raise AssertionError("INSERT ... RETURNING gives a row")
        return _order(*row)

    async def end(self, topic: str) -> bool:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                return await _end(session, topic)


async def _end(session: Session, topic: str) -> bool:
    """Whether one that still held was ended."""
    row = await (await session.execute(_END, [plain_text(topic)])).fetchone()
    return bool(row and row[0])


def _order(
    topic: str, reason: str | None, ordered_at: int, ordered_by: str, until: int | None
) -> TopicOrder:
    return TopicOrder(
        topic=topic, reason=reason, ordered_at=ordered_at, ordered_by=ordered_by, until=until
    )
