"""A plan that is kept is made once for a session, and what it needs is set for it alone."""

from collections.abc import AsyncGenerator

import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.planned import ANEW, IN_ORDER, KEPT, one_snapshot, planned_rows
from adapters.postgres.pool import Access, Session, open_pool
from tests.servers.postgres import trail_database

pytestmark = pytest.mark.postgres

__all__ = ["trail_database"]

QUESTION = sql.SQL("SELECT count(*) FROM audit_logging WHERE key_hash = %(key_hash)s")
PLANS = """
SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%key_hash%'
"""
SETTINGS = """
SELECT current_setting('plan_cache_mode'), current_setting('enable_sort'),
    current_setting('transaction_isolation')
"""


@pytest.fixture
async def session(trail_database: DatabaseConfig) -> AsyncGenerator[Session]:
    """Give a reader's session."""
    async with open_pool(trail_database, access=Access.READ) as pool, pool.lease() as lent:
        yield lent


async def test_a_kept_plan_is_used_from_the_first_time_on(session: Session) -> None:
    for key_hash in (1, 2, 3):
        rows = await planned_rows(session, KEPT, QUESTION, {"key_hash": key_hash})
        assert rows == [(0,)]

    plans = await (await session.execute(PLANS)).fetchall()

    assert plans == [(3, 0)]


async def test_settings_hold_for_the_statement_alone(session: Session) -> None:
    inside = await planned_rows(session, {**KEPT, **IN_ORDER}, sql.SQL(SETTINGS), {})

    after = await (await session.execute(SETTINGS)).fetchall()

    assert inside == [("force_generic_plan", "off", "read committed")]
    assert after == [("auto", "on", "read committed")]


async def test_a_snapshot_is_one_for_all_its_statements_and_ends(session: Session) -> None:
    async with one_snapshot(session):
        await planned_rows(session, {**KEPT, **IN_ORDER}, QUESTION, {"key_hash": 1})
        inside = await planned_rows(session, ANEW, sql.SQL(SETTINGS), {})

    after = await (await session.execute(SETTINGS)).fetchall()

    assert inside == [("auto", "off", "repeatable read")]
    assert after == [("auto", "on", "read committed")]
