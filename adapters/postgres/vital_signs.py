"""Numbers of a PostgreSQL trail that are asked for when somebody looks."""

from collections.abc import Sequence

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.gap_ledger import COUNT_OPEN_GAPS, OPEN_GAPS, ledger_gap
from adapters.postgres.pool import Session, SessionPool
from application.vital_signs import TOLD_GAPS, PoolUsage, TrailCondition
from domain.disposition import Tally

# The partial index on open errors answers the first; gaps are few.
_CONDITION = f"""
SELECT (SELECT count(*) FROM processing_error WHERE resolved_at IS NULL),
    ({COUNT_OPEN_GAPS}),
    coalesce(sum(abs(unaccounted)), 0)::bigint,
    {", ".join(f"coalesce(sum({name}), 0)::bigint" for name in Tally.__struct_fields__)}
FROM audit_accounting
"""  # noqa: S608 - constants


class PostgresVitalSigns:
    """
    Tells what a trail is known to miss, and how busy its connections are.

    Args:
        pool: Sessions that may read the trail.
        config: The same database; for messages.
    """

    def __init__(self, pool: SessionPool, config: DatabaseConfig) -> None:
        self._pool = pool
        self._config = config

    async def condition(self) -> TrailCondition:
        """
        Count open quarantine and open gaps that lose changes.

        Raises:
            ConnectionError: The database cannot be reached.
        """
        with as_repository_error(self._config):
            async with self._pool.lease(check=False) as session:
                cursor = await session.execute(_CONDITION.encode())
                row = await cursor.fetchone()
                assert row is not None, "an aggregate gives a row"  # noqa: S101 - for the checker
                quarantine, gaps, unaccounted, *counts = row
                titles = await _titles(session) if gaps else ()
        return TrailCondition(
            open_quarantine=quarantine,
            open_gaps=gaps,
            gaps=titles,
            offsets=Tally(**dict(zip(Tally.__struct_fields__, counts, strict=True))),
            unaccounted=unaccounted,
        )

    def pool_usage(self) -> PoolUsage:
        """Count connections as they are now. Asks nobody."""
        numbers = self._pool.get_stats()
        return PoolUsage(
            size=numbers.get("pool_size", 0),
            idle=numbers.get("pool_available", 0),
            waiting=numbers.get("requests_waiting", 0),
            limit=numbers.get("pool_max", 0),
        )


async def _titles(session: Session) -> Sequence[str]:
    cursor = await session.execute(OPEN_GAPS.encode(), [TOLD_GAPS])
    return tuple([ledger_gap(row).title async for row in cursor])
