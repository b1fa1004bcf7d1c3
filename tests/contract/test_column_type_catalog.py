"""The contract of `ColumnTypeCatalog`, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import psycopg
import pytest
from psycopg import sql

from adapters.memory.column_type_catalog import MemoryColumnTypeCatalog
from adapters.postgres.column_type_catalog import PostgresColumnTypeCatalog
from adapters.postgres.config import DatabaseConfig
from application.source_types import ColumnTypeCatalog
from domain.errors import RepositoryError
from domain.source_types import SourceType
from tests.servers.postgres import scratch_database

Texts = Mapping[str, str]


class Source(Protocol):
    """A source's database, and its catalog."""

    @property
    def catalog(self) -> ColumnTypeCatalog:
        """The catalog."""
        ...

    @property
    def database(self) -> str:
        """Name of the database."""
        ...

    def create(self, table: str, columns: Texts) -> None:
        """Make a table in the schema ``public``."""
        ...

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        ...

    def go_away(self) -> None:
        """Be away from now on."""
        ...


class MemorySource:
    """The fake."""

    database = "shop"

    def __init__(self) -> None:
        self.catalog = MemoryColumnTypeCatalog()

    def create(self, table: str, columns: Texts) -> None:
        """Make a table in the schema ``public``."""
        types = {column: SourceType(text) for column, text in columns.items()}
        self.catalog.tables[f"shop.public.{table}"] = types

    def alter(self, table: str, column: str, text: str) -> None:
        """Give a column another type."""
        self.catalog.tables[f"shop.public.{table}"][column] = SourceType(text)

    def go_away(self) -> None:
        """Be away from now on."""
        self.catalog.available = False


class PostgresSource:
    """A real database."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        self.database = config.database
        self.catalog = PostgresColumnTypeCatalog(config)

    def create(self, table: str, columns: Texts) -> None:
        """Make a table in the schema ``public``."""
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
        self._execute(sql.SQL("DROP SCHEMA public CASCADE"))
        self.catalog = PostgresColumnTypeCatalog(
            DatabaseConfig(host="127.0.0.1", port=1, database=self.database)
        )

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self._config.conninfo, autocommit=True) as connection:
            connection.execute(statement)


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Source]:
    yield MemorySource()


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Source]:
    with scratch_database(migrated=False) as config:
        yield PostgresSource(config)


OpenSource = Callable[[], AbstractAsyncContextManager[Source]]


@pytest.fixture(params=[in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)])
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
    source.create("orders", {"id": "bigint", "größe €": "numeric(10,2)"})
    source.create("we.ird", {"tags": "text[]"})

    types = await texts(source)

    assert types == {
        f"{source.database}.public.orders": {"id": "bigint", "größe €": "numeric(10,2)"},
        f"{source.database}.public.we.ird": {"tags": "text[]"},
    }


async def test_a_type_is_that_of_now(source: Source) -> None:
    source.create("orders", {"amount": "numeric(10,2)"})
    before = await texts(source)

    source.alter("orders", "amount", "numeric(12,4)")

    assert before != await texts(source)
    assert await texts(source) == {f"{source.database}.public.orders": {"amount": "numeric(12,4)"}}


async def test_a_source_that_is_away_is_a_repository_error(source: Source) -> None:
    source.go_away()

    with pytest.raises(RepositoryError):
        await source.catalog.types()
