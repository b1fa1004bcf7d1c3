"""What PostgreSQL itself keeps of gaps: found once, acknowledged once, never changed or deleted."""

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.pool import Access, open_pool
from application.gap_ledger import GapQuery
from domain.errors import RepositoryError
from tests.postgres.trails import a_trail, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

FOUND = """
INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
VALUES (%s, 0, 3, 7, 'expired', 'seen')
"""
ACKNOWLEDGE = """
UPDATE audit_gap
SET acknowledged_at = now(), acknowledged_by = 'ana', acknowledged_reason = 'replayed'
"""


async def test_a_gap_is_acknowledged_once(trail_database: DatabaseConfig) -> None:
    rows(trail_database, FOUND, await a_trail(trail_database))
    rows(trail_database, ACKNOWLEDGE)

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="by ana before: that stays"):
        rows(trail_database, "UPDATE audit_gap SET acknowledged_reason = 'another'")


@pytest.mark.parametrize(
    "change",
    ["cause = 'compacted'", "next_offset = 4", "evidence = 'nothing'", "kafka_partition = 1"],
)
async def test_what_was_found_is_never_changed(trail_database: DatabaseConfig, change: str) -> None:
    rows(trail_database, FOUND, await a_trail(trail_database))

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="stays as it was found"):
        rows(trail_database, f"UPDATE audit_gap SET {change}")  # noqa: S608 - of this test


@pytest.mark.parametrize("statement", ["DELETE FROM audit_gap", "TRUNCATE audit_gap"])
async def test_a_gap_is_never_deleted(trail_database: DatabaseConfig, statement: str) -> None:
    rows(trail_database, FOUND, await a_trail(trail_database))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(trail_database, statement)


async def test_an_acknowledgement_says_who_and_why(trail_database: DatabaseConfig) -> None:
    rows(trail_database, FOUND, await a_trail(trail_database))

    with pytest.raises(psycopg.errors.CheckViolation, match="audit_gap_acknowledged"):
        rows(trail_database, "UPDATE audit_gap SET acknowledged_at = now()")


async def test_the_writer_acknowledges_and_the_reader_only_reads() -> None:
    with (
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(writer_role=writer, reader_role=reader) as config,
    ):
        rows(config, FOUND, await a_trail(config))
        async with open_pool(config, access=Access.READ) as readers:
            (gap,) = await PostgresGapLedger(readers, config).gaps(GapQuery())
            with pytest.raises(RepositoryError):
                await PostgresGapLedger(readers, config).acknowledge(gap.id, by="x", reason="y")

        async with open_pool(config) as writers:
            done = await PostgresGapLedger(writers, config).acknowledge(
                gap.id, by="ana", reason="replayed"
            )

    assert gap.acknowledged is None
    assert done is not None
    assert not done.is_open
