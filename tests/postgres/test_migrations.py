"""Migrations: safe twice at once, safe to kill, and clear about what they cannot do."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import drop_tables, migrate
from adapters.postgres.pool import open_pool
from adapters.postgres.schema_version import check_version
from adapters.postgres.sql_files import wanted_version
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.errors import RepositoryError, SchemaVersionError
from tests.servers.postgres import database_config, postgres_dsn, scratch_database, scratch_role

pytestmark = pytest.mark.postgres

TABLES = {
    "audit_context",
    "audit_gap",
    "audit_logging",
    "audit_redelivery",
    "audit_source",
    "audit_state",
    "control_message",
    "kafka_offset",
    "kafka_stream",
    "processing_error",
}


def rows(config: DatabaseConfig, query: str, *values: object) -> Sequence[tuple[object, ...]]:
    with psycopg.connect(config.conninfo, autocommit=True) as connection:
        path = sql.SQL("SET search_path TO {}").format(sql.Identifier(config.schema))
        connection.execute(path)
        return connection.execute(query.encode(), values or None).fetchall()


def tables_in(config: DatabaseConfig) -> set[object]:
    found = rows(
        config,
        "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition",
        config.schema,
    )
    return {row[0] for row in found}


def test_an_empty_database_gets_every_table_and_view(empty_database: DatabaseConfig) -> None:
    report = migrate(empty_database)

    assert TABLES | {"audit_trail", "audit_accounting"} <= tables_in(empty_database)
    assert (report.found_version, report.version) == (0, wanted_version())
    assert report.partitions_made == 2
    assert report.for_dba == ()


def test_migrating_again_changes_nothing(trail_database: DatabaseConfig) -> None:
    report = migrate(trail_database)

    assert (report.applied, report.partitions_made) == ((), 0)
    assert report.found_version == report.version


def test_a_schema_of_any_name_is_made_and_used(empty_database: DatabaseConfig) -> None:
    config = msgspec.structs.replace(empty_database, schema='My "trail"; --')

    migrate(config)

    assert tables_in(config) >= TABLES
    assert tables_in(empty_database) == set()


async def test_two_that_start_at_once_both_succeed_and_apply_each_version_once(
    empty_database: DatabaseConfig,
) -> None:
    reports = await asyncio.gather(*(asyncio.to_thread(migrate, empty_database) for _ in range(3)))

    assert sorted(len(report.applied) for report in reports) == [0, 0, wanted_version()]
    assert sum(report.partitions_made for report in reports) == 2


@pytest.mark.parametrize("moment", ["CREATE TABLE", "CREATE TRIGGER", "CREATE VIEW", "REVOKE"])
def test_a_migrate_that_is_killed_leaves_the_next_one_nothing_in_the_way(
    empty_database: DatabaseConfig, moment: str
) -> None:
    with psycopg.connect(empty_database.conninfo, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION die() RETURNS event_trigger LANGUAGE plpgsql "
            "AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END'"
        )
        connection.execute(
            sql.SQL(
                "CREATE EVENT TRIGGER death ON ddl_command_start WHEN TAG IN ({}) "
                "EXECUTE FUNCTION die()"
            ).format(sql.Literal(moment))
        )
    with pytest.raises(DatabaseConnectionError):
        migrate(empty_database)
    with psycopg.connect(empty_database.conninfo, autocommit=True) as connection:
        connection.execute("DROP EVENT TRIGGER death")

    report = migrate(empty_database)

    assert len(report.applied) == wanted_version()
    assert tables_in(empty_database) >= TABLES


def test_tables_of_a_newer_program_are_refused(trail_database: DatabaseConfig) -> None:
    make_newer(trail_database)

    with pytest.raises(SchemaVersionError, match="newer than this program") as refused:
        migrate(trail_database)

    assert (refused.value.found, refused.value.wanted) == (9999, wanted_version())


async def test_the_version_check_says_what_was_found_and_what_to_do(
    empty_database: DatabaseConfig,
) -> None:
    async with open_pool(empty_database) as pool, pool.lease() as session:
        with pytest.raises(SchemaVersionError, match="Run `cdc-audit migrate`") as missing:
            await check_version(session)
        migrate(empty_database)
        found = await check_version(session)
        make_newer(empty_database)
        with pytest.raises(SchemaVersionError, match="Install the newer") as newer:
            await check_version(session)

    assert missing.value.found == 0
    assert found == wanted_version()
    assert newer.value.found == 9999


def make_newer(config: DatabaseConfig) -> None:
    with psycopg.connect(config.conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO cdc_audit_migration (migration_hash, migration_id) "
            "VALUES ('hash', '9999_later')"
        )


def test_a_database_that_cannot_hold_every_text_is_refused() -> None:
    name = f"cdc_audit_test_{secrets.token_hex(6)}"
    database = sql.Identifier(name)
    with psycopg.connect(postgres_dsn(), autocommit=True) as server:
        server.execute(
            sql.SQL(
                "CREATE DATABASE {} ENCODING 'LATIN1' "
                "LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            ).format(database)
        )
        try:
            with pytest.raises(RepositoryError, match="LATIN1"):
                migrate(database_config(name))
        finally:
            server.execute(sql.SQL("DROP DATABASE {}").format(database))


def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    config = DatabaseConfig(host=str(tmp_path), password="planted-secret")  # noqa: S106 - to look for it

    with pytest.raises(DatabaseConnectionError, match="sink_db") as away:
        migrate(config)

    assert "planted-secret" not in str(away.value)


def test_a_user_who_may_not_make_tables_is_told_what_a_dba_must_run() -> None:
    with (
        scratch_role("LOGIN") as user,
        scratch_database(migrated=False, username=user) as config,
        pytest.raises(RepositoryError, match="GRANT CREATE, USAGE ON SCHEMA"),
    ):
        migrate(config)


def test_dropping_leaves_nothing_of_ours_and_everything_else(
    trail_database: DatabaseConfig,
) -> None:
    with psycopg.connect(trail_database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE of_somebody_else (id integer)")

    drop_tables(trail_database)

    assert tables_in(trail_database) == {"of_somebody_else"}
    functions = rows(trail_database, "SELECT proname FROM pg_proc WHERE proname LIKE 'audit\\_%'")
    assert list(functions) == []
    assert migrate(trail_database).version == wanted_version()


def test_every_table_view_and_column_says_what_it_is(trail_database: DatabaseConfig) -> None:
    silent = rows(
        trail_database,
        "SELECT c.relname, a.attname FROM pg_class AS c "
        "LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relkind <> 'v' "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') "
        "AND NOT c.relispartition AND c.relname !~ '^cdc_audit_migration' "
        "AND a.attname IS DISTINCT FROM 'one' "
        "AND (obj_description(c.oid) IS NULL "
        "OR a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL)",
    )

    assert list(silent) == []
