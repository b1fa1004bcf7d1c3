"""What the trail keeps of runs of connectors, and what it says of one that went back."""

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.redelivery_books import PostgresRedeliveryBooks
from application.mark_redeliveries import MarkRedeliveries
from domain.errors import RepositoryError
from tests.builders import NOON, SECOND
from tests.contract.test_redeliveries import a_change, deliver
from tests.postgres.trails import a_store, claim, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

RUNS = "SELECT first_offset, run_id, repeats_until, remark IS NOT NULL FROM audit_run ORDER BY 1"


def place(position: int) -> str:
    return f"{position:016X}/{position:016X}"


async def test_a_row_tells_where_each_run_begins_and_how_far_it_may_repeat(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store:
        of: dict[str, Any] = {"stream_id": await claim(store)}
        await deliver(store, [a_change(0, 10, **of), a_change(1, 20, **of)], "a")
        await deliver(store, [a_change(2, 30, **of)], "a")
        await deliver(store, [a_change(3, 30, **of), a_change(4, 40, **of)], "b")

    assert list(rows(trail_database, RUNS)) == [
        (0, "a", None, False),
        (3, "b", place(30), False),
    ]


async def test_newer_changes_at_lower_positions_are_noted_and_not_looked_at_any_more(
    trail_database: DatabaseConfig,
) -> None:
    later = NOON + 10_000 * SECOND
    async with a_store(trail_database) as store:
        of: dict[str, Any] = {"stream_id": await claim(store)}
        await deliver(store, [a_change(0, 1000, **of)], "a")
        await deliver(store, [a_change(1, 10, change_timestamp=later, **of)], "b")
        await deliver(store, [a_change(2, 20, change_timestamp=later, **of)], "b")

    assert list(rows(trail_database, RUNS)) == [
        (0, "a", None, False),
        (1, "b", place(1000), False),
        (2, "b", None, True),
    ]
    (remark,) = rows(trail_database, "SELECT remark FROM audit_run WHERE remark IS NOT NULL")[0]
    assert remark == (
        f"newer changes at lower positions: {place(10)} to {place(10)}, where {place(1000)} was "
        f"reached before. A failover, or another source"
    )


async def test_older_changes_that_repeat_nothing_are_still_looked_at(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store:
        of: dict[str, Any] = {"stream_id": await claim(store)}
        await deliver(store, [a_change(0, 20, **of), a_change(1, 30, **of)], "a")
        await deliver(store, [a_change(2, 10, **of)], "b")  # it was lost on its way before
        await deliver(store, [a_change(3, 20, **of)], "b")

    found = rows(trail_database, "SELECT kafka_offset FROM audit_redelivery")
    assert list(found) == [(3,)]
    assert [remark for *_, remark in rows(trail_database, RUNS)] == [False, False]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_run SET run_id = 'b'", "DELETE FROM audit_run", "TRUNCATE audit_run"],
)
async def test_runs_stay_as_they_were_found(trail_database: DatabaseConfig, statement: str) -> None:
    async with a_store(trail_database) as store:
        await deliver(store, [a_change(0, 10, stream_id=await claim(store))], "a")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(trail_database, statement)


@pytest.fixture
def guarded() -> Generator[DatabaseConfig]:
    with (
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(writer_role=writer, reader_role=reader) as config,
    ):
        yield config


async def test_a_writer_marks_a_reader_verifies_and_only_the_owner_recomputes(
    guarded: DatabaseConfig,
) -> None:
    async with a_store(guarded) as store:
        of: dict[str, Any] = {"stream_id": await claim(store)}
        await deliver(store, [a_change(0, 10, **of)], "a")
        await deliver(store, [a_change(1, 10, **of)], "b")

    async with open_pool(guarded, access=Access.READ) as pool:
        books = PostgresRedeliveryBooks(pool, guarded)
        verified = [run async for run in MarkRedeliveries(books).verify()]
    _, second = [run.interval for run in verified]
    async with open_pool(guarded, access=Access.WRITE) as pool:
        with pytest.raises(RepositoryError, match="permission denied"):
            await PostgresRedeliveryBooks(pool, guarded).replace(second, [])
    async with open_pool(guarded, access=Access.OWN) as pool:
        await PostgresRedeliveryBooks(pool, guarded).replace(second, [])

    assert [(run.marked, len(run.differences)) for run in verified] == [(0, 0), (1, 0)]
    assert rows(guarded, "SELECT * FROM audit_redelivery") == []


TOO_SLOW = """
DO $$ BEGIN EXECUTE replace(
    pg_get_functiondef('audit_deliveries'::regproc),
    'WITH candidate AS', 'SELECT FROM audit_cancel(); WITH candidate AS'
); END $$
"""
CANCEL = """
CREATE FUNCTION audit_cancel() RETURNS integer LANGUAGE plpgsql STABLE AS
$$ BEGIN RAISE EXCEPTION 'too slow' USING ERRCODE = 'query_canceled'; END $$
"""


async def test_rows_are_stored_also_where_looking_for_repetitions_takes_too_long(
    trail_database: DatabaseConfig, caplog: pytest.LogCaptureFixture
) -> None:
    rows(trail_database, CANCEL)
    rows(trail_database, TOO_SLOW)
    async with a_store(trail_database) as store:
        of: dict[str, Any] = {"stream_id": await claim(store)}
        await deliver(store, [a_change(0, 10, **of)], "a")
        await deliver(store, [a_change(1, 10, **of), a_change(2, 20, **of)], "b")

    assert rows(trail_database, "SELECT count(*) FROM audit_logging") == [(3,)]
    assert rows(trail_database, "SELECT * FROM audit_redelivery") == []
    (told,) = [r for r in caplog.records if "redeliveries were not looked for" in r.message]
    assert vars(told)["remedy"] == "cdc-audit verify redeliveries --recompute"
