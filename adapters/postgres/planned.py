"""
One statement, with settings of the planner that hold for it alone, in one round trip.

    set_config(..., true) ─▶ statement ─▶ sync          what is sent at once is one transaction

PostgreSQL plans over all partitions of the trail, with all their indexes, which takes longer than
most questions take to answer. A plan that is kept is made once for each session; which partitions
it can leave out is then found when it is executed. PostgreSQL would not choose such a plan by
itself: it expects no less of one for the very values.

Nothing is compiled (jit): over so many partitions that takes seconds, and what the planner was told
to avoid counts as costly enough for it where it cannot be avoided.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import IsolationLevel, sql

from adapters.postgres.pool import Row, Session

KEPT = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
"""The plan is kept, whatever the values."""

ANEW = {"plan_cache_mode": "auto", "jit": "off"}
"""The plan is PostgreSQL's choice: for what takes longer than planning."""

IN_ORDER = {"enable_sort": "off", "enable_bitmapscan": "off"}
"""
An index gives the rows in order, and LIMIT stops it early.

The planner takes a key for rarer than it may be: it would read all of its rows, and sort.
"""

_SET = sql.SQL("set_config({}, {}, true)")


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


async def planned_rows(
    session: Session,
    settings: Mapping[str, str],
    statement: sql.Composable,
    parameters: Mapping[str, Any],
) -> Sequence[Row]:
    """
    Execute `statement` with `settings`, and give all its rows.

    Args:
        session: In no pipeline. In a transaction, `settings` hold until that ends, or until they
            are set again.
        settings: Settings by name.
        statement: One statement.
        parameters: Its values.
    """
    every = [_SET.format(sql.Literal(name), sql.Literal(to)) for name, to in settings.items()]
    is_kept = settings.get("plan_cache_mode") == KEPT["plan_cache_mode"]
    async with session.pipeline():
        await session.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(every)))
        cursor = await session.execute(
            sql.Composed([statement]), parameters, prepare=True if is_kept else None
        )
    return await cursor.fetchall()
