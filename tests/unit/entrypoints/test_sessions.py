"""Sessions for programs: one transaction each, one manager for each event loop."""

import asyncio
import gc
import warnings
from collections.abc import Iterator

import msgspec
import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Session
from domain.errors import ConfigurationError
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.operation import OperationTypeEnum
from entrypoints.sessions import create_tables, drop_tables, get_repository_session, get_session
from entrypoints.settings import AppConfig, Environment, app_config, forget_app_config
from tests.processes import wait_until
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

MAKE = "CREATE TABLE notes (text text)"
ADD = "INSERT INTO notes VALUES ('one')"
COUNT = "SELECT count(*) FROM notes"
WHERE = "SELECT current_database()"
TABLES = "SELECT count(*) FROM pg_class WHERE relname = 'audit_logging'"


class AProgramError(Exception):
    """Something that the program itself raises inside a session."""


@pytest.fixture(autouse=True)
def _settings_of_this_test_alone() -> Iterator[None]:
    forget_app_config()
    yield
    forget_app_config()


@pytest.fixture
def database(empty_database: DatabaseConfig) -> DatabaseConfig:
    """The process's own settings name an empty database."""
    app_config.sink_database = empty_database
    return empty_database


async def value(session: Session, query: str) -> object:
    row = await (await session.execute(query.encode())).fetchone()
    return row[0] if row else None


def count(database: DatabaseConfig, query: str) -> object:
    """Ask on a connection of our own."""
    with psycopg.connect(database.conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("turns", [0, 1, 2, 4, 8, 16])
def test_a_loop_ends_though_its_pool_is_just_connecting(
    database: DatabaseConfig, turns: int
) -> None:
    app_config.sink_database = msgspec.structs.replace(database, pool_timeout=1)

    async def look_and_leave() -> None:
        looking = asyncio.create_task(look())
        for _ in range(turns):
            await asyncio.sleep(0)
        looking.cancel()

    async def look() -> None:
        async with get_session() as session:
            await value(session, WHERE)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        asyncio.run(look_and_leave())
        gc.collect()

    assert [str(w.message) for w in warned] == []
    wait_until(lambda: others_on(database) == 0, what="the end of all connections")


@pytest.mark.usefixtures("database")
async def test_what_a_session_did_is_committed_at_its_end(database: DatabaseConfig) -> None:
    async with get_session() as session:
        await session.execute(MAKE)
        await session.execute(ADD)

    assert count(database, COUNT) == 1


async def test_an_error_rolls_back_all_that_the_session_did(database: DatabaseConfig) -> None:
    async with get_session() as session:
        await session.execute(MAKE)

    async def fail_after_adding() -> None:
        async with get_session() as session:
            await session.execute(ADD)
            raise AProgramError

    with pytest.raises(AProgramError):
        await fail_after_adding()

    assert count(database, COUNT) == 0


async def test_a_statement_that_the_database_refuses_spoils_no_later_session(
    database: DatabaseConfig,
) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with get_session() as session:
            await session.execute(COUNT)

    async with get_session() as session:
        assert await value(session, WHERE) == database.database


async def test_sessions_at_the_same_time_have_connections_of_their_own(
    database: DatabaseConfig,
) -> None:
    async with get_session() as first, get_session() as second:
        await first.execute(MAKE)

        assert first is not second
        assert await value(second, "SELECT to_regclass('notes') IS NULL") is True

    assert count(database, COUNT) == 0


async def test_repositories_share_one_transaction(trail_database: DatabaseConfig) -> None:
    app_config.sink_database = trail_database

    async def fail_after_both() -> None:
        async with get_repository_session() as (audit, _, errors):
            await audit.create_audit_log(
                source_table="people", operation_type=OperationTypeEnum.INSERT, new_data={"id": 1}
            )
            await errors.create_error(
                topic="t", partition=0, offset=1, error_type="E", error_message="m"
            )
            raise AProgramError

    with pytest.raises(AProgramError):
        await fail_after_both()

    async with get_repository_session() as (audit, _, errors):
        assert await audit.get_audit_logs() == []
        assert await errors.get_retryable_errors() == []


def test_connections_are_closed_with_the_loop_that_they_belong_to(
    database: DatabaseConfig,
) -> None:
    async def use() -> Session:
        async with get_session() as session:
            await value(session, WHERE)
        return session

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        first, second = asyncio.run(use()), asyncio.run(use())
        gc.collect()

    assert (first.closed, second.closed) == (True, True)
    assert first is not second
    assert [str(w.message) for w in warned] == []
    wait_until(lambda: others_on(database) == 0, what="the end of all connections")


@pytest.mark.usefixtures("database")
async def test_one_loop_uses_its_connections_again() -> None:
    used: set[object] = set()
    for _ in range(10):
        async with get_session() as session:
            used.add(await value(session, "SELECT pg_backend_pid()"))

    assert len(used) <= 2  # the pool makes one more while the first is awaited


async def test_settings_that_were_read_anew_are_used(
    database: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with get_session() as before:
        assert await value(before, WHERE) == database.database

    with scratch_database(migrated=False) as other:
        for field in ("host", "port", "username", "password", "database"):
            name = f"CDC_AUDIT_SINK_DATABASE_{field.upper()}"
            monkeypatch.setenv(name, str(getattr(other, field)))
        forget_app_config()
        async with get_session() as after:
            assert await value(after, WHERE) == other.database

    assert before.closed
    wait_until(lambda: others_on(database) == 0, what="the end of the old connections")


async def test_a_setting_that_was_assigned_is_used(database: DatabaseConfig) -> None:
    app_config.sink_database = msgspec.structs.replace(database)
    async with get_session() as before:
        assert await value(before, WHERE) == database.database

    app_config.sink_database.database = "postgres"
    async with get_session() as after:
        assert await value(after, WHERE) == "postgres"

    assert before.closed


async def test_a_database_that_is_away_is_an_error_of_ours(database: DatabaseConfig) -> None:
    app_config.sink_database = msgspec.structs.replace(database, host="127.0.0.1", port=1)

    with pytest.raises(DatabaseConnectionError, match=r"127\.0\.0\.1:1"):
        async with get_session():
            pass


async def test_tables_are_made_and_dropped(database: DatabaseConfig) -> None:
    await create_tables()
    made = count(database, TABLES)
    await create_tables()
    await drop_tables()

    assert made == 1
    assert count(database, TABLES) == 0


async def test_tables_of_given_settings_are_made_there(empty_database: DatabaseConfig) -> None:
    app_config.sink_database = msgspec.structs.replace(empty_database, port=1)
    given = AppConfig(sink_database=empty_database)

    await create_tables(given)
    made = count(empty_database, TABLES)
    await drop_tables(given)

    assert made == 1
    assert count(empty_database, TABLES) == 0


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
@pytest.mark.parametrize("is_given", [True, False])
async def test_tables_are_dropped_in_development_only(
    trail_database: DatabaseConfig, environment: Environment, *, is_given: bool
) -> None:
    app_config.environment = environment
    app_config.sink_database = trail_database
    given = AppConfig(environment=environment, sink_database=trail_database) if is_given else None

    with pytest.raises(ConfigurationError, match=environment.value) as caught:
        await drop_tables(given)

    assert caught.value.field == "environment"
    assert count(trail_database, TABLES) == 1


def others_on(database: DatabaseConfig) -> object:
    """How many connections there are besides the one that asks."""
    return count(
        database,
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'",
    )
