"""
One statement, with settings of the planner that hold for it alone, in one round trip.

    set_config(..., true) ─▶ statement ─▶ sync          what is sent at once is one transaction

PostgreSQL plans over all partitions of the trail, with all their indexes, which takes longer than
most questions take to answer. A plan that is kept is made once for each session; which partitions
it can leave out is then found when it is executed. PostgreSQL would not choose such a plan by
itself: it expects no less of one for the very values.

Nothing is compiled (jit): over so many partitions that takes seconds, and what the planner was told
to avoid counts as costly enough for it where it cannot be avoided. Nor do parallel workers start
for a plan that is kept: it is costed for all partitions, and starting them takes longer than
looking into the few that are left.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import IsolationLevel, sql

from adapters.postgres.pool import Row, Session

Settings = Mapping[str, str | None]
"""Settings by name; None is what the session has."""

KEPT: Settings = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""The plan is kept, whatever the values."""

ANEW: Settings = {"plan_cache_mode": "auto", "jit": "off", "max_parallel_workers_per_gather": None}
"""The plan is PostgreSQL's choice: for what takes longer than planning."""

BY_INDEX: Settings = {"enable_seqscan": "off"}
"""A plan that is kept must not depend on how little was there when it was made."""

IN_ORDER: Settings = {"enable_sort": "off", "enable_bitmapscan": "off"}
"""
An index gives the rows in order, and LIMIT stops it early.

The planner takes a key for rarer than it may be: it would read all of its rows, and sort.
"""

_SET = b"""
SELECT set_config(name, value, true) FROM unnest(%s::text [], %s::text []) AS s (name, value)
"""


@asynccontextmanager
async def one_snapshot(session: Session) -> AsyncGenerator[None]:
    """Let all statements see the trail at one moment."""
    before = session.isolation_level
    await session.set_isolation_level(IsolationLevel.REPEATABLE_READ)  # told by BEGIN itself
    try:
        async with session.transaction():
            yield
    finally:
        await session.set_isolation_level(before)


def settings_of(settings: Settings) -> tuple[bytes, Sequence[Sequence[str | None]]]:
    """The statement that lets `settings` hold until the transaction ends, and its values."""
    return _SET, (list(settings), list(settings.values()))


async def planned_rows(
    session: Session,
    settings: Settings,
    statement: sql.Composable,
    parameters: Mapping[str, Any],
) -> Sequence[Row]:
    """
    Execute `statement` with `settings`, and give all its rows.

    Args:
        session: In no pipeline. In a transaction, `settings` hold until that ends, or until they
            are set again.
        settings: What the planner is told, and how long it may take.
        statement: One statement.
        parameters: Its values.
    """
    is_kept = settings.get("plan_cache_mode") == KEPT["plan_cache_mode"]
    async with session.pipeline():
        await session.execute(*settings_of(settings))
        cursor = await session.execute(
            sql.Composed([statement]), parameters, prepare=True if is_kept else None
        )
    return await cursor.fetchall()
