"""The contract of `ColumnTypeCatalog`, over the fake, PostgreSQL and MariaDB."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import msgspec
import psycopg
import pytest
from psycopg import sql

from adapters.memory.column_type_catalog import MemoryColumnTypeCatalog
from adapters.mysql.column_type_catalog import MySqlColumnTypeCatalog
from adapters.postgres.column_type_catalog import PostgresColumnTypeCatalog
from adapters.postgres.config import DatabaseConfig
from application.source_types import ColumnTypeCatalog
from domain.errors import RepositoryError
from domain.source_types import SourceType
from tests.servers.mariadb import execute, mariadb_address, scratch_mariadb
from tests.servers.postgres import scratch_database

Texts = Mapping[str, str]


class Source(Protocol):
    """A source's database, and its catalog."""

    @property
    def catalog(self) -> ColumnTypeCatalog:
        """The catalog."""
        ...

    def full_name(self, table: str) -> str:
        """The name of a table as the catalog has it."""
        ...

    def create(self, table: str, columns: Texts) -> None:
        """Make a table."""
        ...

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        ...

    def go_away(self) -> None:
        """Be away from now on."""
        ...


class MemorySource:
    """The fake."""

    def __init__(self) -> None:
        self.catalog = MemoryColumnTypeCatalog()

    def full_name(self, table: str) -> str:
        """The name of a table as the catalog has it."""
        return f"shop.public.{table}"

    def create(self, table: str, columns: Texts) -> None:
        """Make a table."""
        types = {column: SourceType(text) for column, text in columns.items()}
        self.catalog.tables[self.full_name(table)] = types

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        self.catalog.tables[self.full_name(table)][column] = SourceType(text)

    def go_away(self) -> None:
        """Be away from now on."""
        self.catalog.available = False


class PostgresSource:
    """A real database."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        self.catalog = PostgresColumnTypeCatalog(config)

    def full_name(self, table: str) -> str:
        """The name of a table as the catalog has it."""
        return f"{self._config.database}.public.{table}"

    def create(self, table: str, columns: Texts) -> None:
        """Make a table."""
        inside = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(text))  # pyright: ignore[reportArgumentType] - types of the tests
            for name, text in columns.items()
        ]
        self._execute(
            sql.SQL("CREATE TABLE {} ({})").format(
                sql.Identifier(table), sql.SQL(", ").join(inside)
            )
        )

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        statement = sql.SQL("ALTER TABLE {} ALTER COLUMN {} TYPE {}")
        self._execute(
            statement.format(
                sql.Identifier(table),
                sql.Identifier(column),
                sql.SQL(text),  # pyright: ignore[reportArgumentType] - likewise
            )
        )

    def go_away(self) -> None:
        """Be away from now on."""
        self.catalog = PostgresColumnTypeCatalog(DatabaseConfig(host="127.0.0.1", port=1))

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self._config.conninfo, autocommit=True) as connection:
            connection.execute(statement)


class MariaDbSource:
    """A database of a real MariaDB."""

    def __init__(self, database: str) -> None:
        self._database = database
        self.catalog = MySqlColumnTypeCatalog(mariadb_address())

    def full_name(self, table: str) -> str:
        """The name of a table as the catalog has it."""
        return f"{self._database}.{table}"

    def create(self, table: str, columns: Texts) -> None:
        """Make a table."""
        inside = ", ".join(f"`{name}` {text}" for name, text in columns.items())
        execute(self._database, f"CREATE TABLE `{table}` ({inside})")

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        execute(self._database, f"ALTER TABLE `{table}` MODIFY `{column}` {text}")

    def go_away(self) -> None:
        """Be away from now on."""
        away = msgspec.structs.replace(self.catalog.address, port=1)
        self.catalog = MySqlColumnTypeCatalog(away)


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Source]:
    yield MemorySource()


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Source]:
    with scratch_database(migrated=False) as config:
        yield PostgresSource(config)


@asynccontextmanager
async def in_mariadb() -> AsyncGenerator[Source]:
    with scratch_mariadb() as database:
        yield MariaDbSource(database)


OpenSource = Callable[[], AbstractAsyncContextManager[Source]]


EVERY_SOURCE = [
    in_memory,
    pytest.param(in_postgres, marks=pytest.mark.postgres),
    pytest.param(in_mariadb, marks=pytest.mark.mariadb),
]


@pytest.fixture(params=EVERY_SOURCE)
async def source(request: pytest.FixtureRequest) -> AsyncGenerator[Source]:
    opened: OpenSource = request.param
    async with opened() as source:
        yield source


async def texts(source: Source) -> Mapping[str, Texts]:
    types = await source.catalog.types()
    return {
        table: {name: kind.text for name, kind in columns.items()}
        for table, columns in types.items()
    }


async def test_a_source_without_tables_has_no_types(source: Source) -> None:
    assert await source.catalog.types() == {}


async def test_every_column_has_its_type_under_the_full_name_of_its_table(source: Source) -> None:
    source.create("orders", {"due": "date", "größe €": "text"})
    source.create("we.ird", {"Due": "date"})

    types = await texts(source)

    assert types == {
        source.full_name("orders"): {"due": "date", "größe €": "text"},
        source.full_name("we.ird"): {"Due": "date"},
    }


async def test_a_type_is_that_of_now(source: Source) -> None:
    source.create("orders", {"due": "date"})
    before = await texts(source)

    source.alter("orders", "due", "text")

    assert before == {source.full_name("orders"): {"due": "date"}}
    assert await texts(source) == {source.full_name("orders"): {"due": "text"}}


async def test_a_source_that_is_away_is_a_repository_error(source: Source) -> None:
    source.go_away()

    with pytest.raises(RepositoryError):
        await source.catalog.types()
