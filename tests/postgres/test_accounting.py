"""What somebody did to the database behind the trail's back is found, and named by its offset."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from tests.postgres.trails import a_store, a_trail, claim, rows

pytestmark = pytest.mark.postgres

Verify = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def verify(
    trail_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Verify:
    """Run the command on the trail, and give its exit status and what it printed."""
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal, or a pipe: nothing is cut

    async def run(*options: str) -> tuple[int, str]:
        command = ["verify", "accounting", *options]
        status = await asyncio.to_thread(main, command)  # it makes an event loop of its own
        return status, capsys.readouterr().out

    return run


def tamper(config: DatabaseConfig, statement: str) -> None:
    """Do what the trail refuses, as its owner who has disabled all triggers first."""
    with psycopg.connect(config.conninfo) as connection:
        path = sql.SQL("SET search_path TO {}").format(sql.Identifier(config.schema))
        connection.execute(path)
        for table in ("audit_logging", "audit_logging_2023_11", "kafka_offset"):
            disable = sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER")
            connection.execute(disable.format(sql.Identifier(table)))
        connection.execute(statement.encode())


async def test_a_trail_that_fits_is_said_to(trail_database: DatabaseConfig, verify: Verify) -> None:
    await a_trail(trail_database)

    status, told = await verify()

    assert status == 0
    assert told.split()[-1] == "fits"
    assert "quarantined" in told
    assert "…" not in told
    assert "DIFFERS" not in told


async def test_a_topic_that_is_misspelt_does_not_fit(
    trail_database: DatabaseConfig, verify: Verify
) -> None:
    await a_trail(trail_database)

    status, told = await verify("--topic", "no-such-topic")

    assert (status, told) == (1, "")


async def test_a_row_that_was_deleted_is_named(
    trail_database: DatabaseConfig, verify: Verify
) -> None:
    await a_trail(trail_database)
    tamper(trail_database, "DELETE FROM audit_logging WHERE kafka_offset = 1")

    status, told = await verify()

    assert status == 1
    assert "3 audited were counted, and 2 rows are there (offsets 1)" in told


async def test_a_row_that_was_added_is_named(
    trail_database: DatabaseConfig, verify: Verify
) -> None:
    await a_trail(trail_database)
    columns = rows(
        trail_database,
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_name = 'audit_logging' AND column_name <> 'kafka_offset'",
    )[0][0]
    tamper(
        trail_database,
        f"INSERT INTO audit_logging (kafka_offset, {columns}) "  # noqa: S608 - names of columns
        f"SELECT 7, {columns} FROM audit_logging WHERE kafka_offset = 1",
    )

    status, told = await verify("--json")

    found: dict[str, Any] = msgspec.json.decode(told)
    assert (status, found["fits"]) == (1, False)
    assert found["partitions"][0]["differences"] == [
        {
            "what": "1 rows are outside the offsets that the trail answers for",
            "offsets": [[7, 8]],
        }
    ]


async def test_counters_that_were_changed_are_found(
    trail_database: DatabaseConfig, verify: Verify
) -> None:
    await a_trail(trail_database)
    tamper(trail_database, "UPDATE kafka_offset SET audited = 2, absent = 1 WHERE audited = 3")

    status, told = await verify()

    assert status == 1
    assert "2 audited were counted, and 3 rows are there" in told
    assert "0 offsets have no row, and 1 may have none: 1 absent" in told


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE kafka_offset SET audited = 2 WHERE audited = 3",
        "UPDATE kafka_offset SET absent = 1 WHERE audited = 3",
        "UPDATE kafka_offset SET next_offset = 4 WHERE audited = 3",
    ],
)
async def test_counts_that_do_not_add_up_are_refused_to_everybody(
    trail_database: DatabaseConfig, change: str
) -> None:
    await a_trail(trail_database)

    with pytest.raises(psycopg.errors.CheckViolation, match="kafka_offset_accounting"):
        tamper(trail_database, change)


async def test_a_running_service_is_no_matter(
    trail_database: DatabaseConfig, verify: Verify
) -> None:
    await a_trail(trail_database)
    async with a_store(trail_database) as store:
        await claim(store)

        rows_of_view = rows(
            trail_database,
            "SELECT accounted, unaccounted, holds FROM audit_accounting WHERE accounted > 0",
        )

    assert (await verify())[0] == 0
    assert rows_of_view == [(3, 0, True)]
