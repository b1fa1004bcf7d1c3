"""The ledger of gaps in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from adapters.postgres.batch_rows import plain_text
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Session, SessionPool
from application.gap_ledger import GapQuery
from domain.gap import Acknowledgement, LedgerGap

GAPS = """
SELECT g.id, g.kind, s.topic, s.incarnation, g.stream_id, g.kafka_partition, g.first_offset,
    g.next_offset, g.cause, g.evidence, (extract(epoch FROM g.first_seen) * 1000000)::bigint,
    (extract(epoch FROM g.acknowledged_at) * 1000000)::bigint, g.acknowledged_by,
    g.acknowledged_reason
FROM audit_gap AS g JOIN kafka_stream AS s USING (stream_id)
"""

_OPEN = "g.acknowledged_at IS NULL AND g.cause <> 'compacted'"

_LIST = f"""{GAPS}
WHERE (NOT %(only_open)s OR ({_OPEN}))
    AND (%(topic)s::text IS NULL OR s.topic = %(topic)s::text)
    AND (%(before)s::bigint IS NULL OR g.id < %(before)s::bigint)
ORDER BY g.id DESC LIMIT %(limit)s
"""

OPEN_GAPS = f"{GAPS} WHERE {_OPEN} ORDER BY g.id LIMIT %s"
"""The open gaps, the oldest first."""

COUNT_OPEN_GAPS = f"SELECT count(*) FROM audit_gap AS g WHERE {_OPEN}"  # noqa: S608 - constants

_FIND = f"{GAPS} WHERE g.id = %s"

_ACKNOWLEDGE = """
UPDATE audit_gap
SET acknowledged_at = clock_timestamp(), acknowledged_by = %s, acknowledged_reason = %s
WHERE id = %s AND acknowledged_at IS NULL
"""


class PostgresGapLedger:
    """
    Reads gaps, and takes note of them.

    Args:
        pool: Sessions that may read the trail, and for `acknowledge` write it.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def gaps(self, query: GapQuery) -> Sequence[LedgerGap]:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                cursor = await session.execute(
                    _LIST.encode(),
                    {
                        "only_open": query.only_open,
                        "topic": query.topic and plain_text(query.topic),
                        "before": query.before,
                        "limit": query.limit,
                    },
                )
                return [ledger_gap(row) async for row in cursor]

    async def find(self, gap_id: int) -> LedgerGap | None:
        with as_repository_error(self._config):
            async with self._pool.lease() as session:
                return await _find(session, gap_id)

    async def acknowledge(self, gap_id: int, *, by: str, reason: str) -> LedgerGap | None:
        with as_repository_error(self._config):
            async with self._pool.lease() as session, session.transaction():
                cursor = await session.execute(
                    _ACKNOWLEDGE, [plain_text(by), plain_text(reason), gap_id]
                )
                return await _find(session, gap_id) if cursor.rowcount else None


def ledger_gap(row: tuple[Any, ...]) -> LedgerGap:
    """Make a gap of a row of `OPEN_GAPS`."""
    *fields, at, by, reason = row
    acknowledged = None if at is None else Acknowledgement(at=at, by=by, reason=reason)
    names = LedgerGap.__struct_fields__[: len(fields)]
    return LedgerGap(**dict(zip(names, fields, strict=True)), acknowledged=acknowledged)


async def _find(session: Session, gap_id: int) -> LedgerGap | None:
    row = await (await session.execute(_FIND.encode(), [gap_id])).fetchone()
    return ledger_gap(row) if row else None
