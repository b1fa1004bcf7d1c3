"""Who may do what: the writer, the reader, and the owner, on the trail and on its partitions."""

from collections.abc import Generator

import msgspec
import psycopg
import pytest
from psycopg import errors, sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.rights import excess_rights
from adapters.postgres.trail_reader import PostgresTrailReader
from application.trail_query import TrailQuery
from tests.builders import (
    DAY,
    NOON,
    a_batch,
    a_consumed_batch,
    a_control_message,
    a_log,
    a_quarantined_record,
    a_record,
)
from tests.postgres.trails import a_reading_pool, a_store, a_trail, claim, keep, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

PARTITION = "audit_logging_2023_11"
CHANGES = [
    statement.format(table)
    for table in ("audit_logging", PARTITION)
    for statement in (
        "UPDATE {} SET change_user = 'nobody'",
        "DELETE FROM {}",
        "TRUNCATE {}",
    )
]


@pytest.fixture
def guarded() -> Generator[DatabaseConfig]:
    with (
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(writer_role=writer, reader_role=reader) as config,
    ):
        yield config


def run_as(config: DatabaseConfig, role: str | None, statement: str) -> None:
    with psycopg.connect(config.conninfo, autocommit=True) as connection:
        if role:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", CHANGES)
async def test_nobody_changes_the_trail(guarded: DatabaseConfig, statement: str) -> None:
    await a_trail(guarded)

    for role in (guarded.writer_role, guarded.reader_role, None):  # None: the owner
        with pytest.raises(errors.InsufficientPrivilege):
            run_as(guarded, role, statement)

    assert rows(guarded, "SELECT count(*) FROM audit_logging WHERE change_user IS NULL") == [(3,)]


@pytest.mark.parametrize("statement", CHANGES)
async def test_a_session_that_plays_replica_is_refused_too(
    guarded: DatabaseConfig, statement: str
) -> None:
    await a_trail(guarded)

    with pytest.raises(errors.InsufficientPrivilege, match="never changed or deleted"):
        run_as(guarded, None, f"SET session_replication_role = replica; {statement}")


async def test_the_writers_role_is_enough_for_all_that_a_store_does(
    guarded: DatabaseConfig,
) -> None:
    async with a_store(guarded) as store:
        await store.begin([a_log(log_end=5)], reset="earliest")
        stream_id = await claim(store)
        year_2150 = a_record(0, stream_id=stream_id, change_timestamp=NOON + 46_000 * DAY)
        control, bad = a_control_message(1, stream_id=stream_id), a_quarantined_record(2)
        bad = msgspec.structs.replace(bad, stream_id=stream_id)
        batch = a_batch(await store.encoder(), [year_2150], control=[control], quarantined=[bad])
        await store.append(batch, a_consumed_batch(batch))
        await keep(store, [a_record(3, stream_id=stream_id, new_data="{broken")])
        await store.claim([a_log(log_start=9, log_end=9)])  # a gap
        await store.claim([a_log(topic_id="life-2")])  # a new stream

    assert rows(guarded, "SELECT count(*) FROM audit_logging") == [(1,)]
    assert rows(guarded, "SELECT count(*) FROM processing_error") == [(2,)]
    assert rows(guarded, "SELECT cause FROM audit_gap ORDER BY id") == [
        ("expired",),
        ("remade_topic",),
    ]


async def test_the_readers_role_is_enough_to_read(guarded: DatabaseConfig) -> None:
    await a_trail(guarded)

    async with a_reading_pool(guarded) as pool:
        reader = PostgresTrailReader(pool, guarded)
        found = await reader.search(TrailQuery(source_table="orders"))
        since, _ = await reader.since((await reader.position()), TrailQuery())

    assert len(found) == 3
    assert list(since) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO kafka_stream (cluster_id, topic) VALUES ('c', 't')",
        "INSERT INTO audit_logging SELECT * FROM audit_logging",
        "UPDATE kafka_offset SET next_offset = 0",
        "SELECT audit_ensure_partitions(ARRAY[1])",
    ],
)
def test_the_reader_writes_nothing(guarded: DatabaseConfig, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        run_as(guarded, guarded.reader_role, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT audit_make_partition(now(), 'day')",
        "SELECT audit_new_incarnation('c', 't')",
        "SELECT audit_take_over('a', 'b')",
        "ALTER TABLE audit_logging DISABLE TRIGGER ALL",
        "CREATE TABLE of_the_writer (id integer)",
        "DELETE FROM kafka_offset",
    ],
)
def test_the_writer_does_no_more_than_write(guarded: DatabaseConfig, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        run_as(guarded, guarded.writer_role, statement)


async def test_sessions_say_which_right_they_have_too_much(guarded: DatabaseConfig) -> None:
    found: list[str | None] = []
    for access in (Access.WRITE, Access.READ, Access.OWN):
        async with open_pool(guarded, access=access) as pool, pool.lease() as session:
            found.append(await excess_rights(session))

    assert found == [None, None, "it is a superuser"]


def an_owner(config: DatabaseConfig, user: str) -> DatabaseConfig:
    """Give the database to `user`, and address it as that user."""
    rows(config, f'ALTER DATABASE "{config.database}" OWNER TO "{user}"')
    return msgspec.structs.replace(config, username=user)


async def test_without_createrole_migrate_goes_on_and_says_what_a_dba_must_run() -> None:
    with (
        scratch_role("LOGIN") as user,
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(migrated=False, writer_role=writer, reader_role=reader) as config,
    ):
        owner = an_owner(config, user)
        report = migrate(owner)
        for statement in report.for_dba:
            rows(config, statement)
        again = migrate(owner)
        await a_trail(owner)

        assert report.for_dba == (
            f'CREATE ROLE "{writer}" NOLOGIN',
            f'GRANT "{writer}" TO "{user}"',
            f'CREATE ROLE "{reader}" NOLOGIN',
            f'GRANT "{reader}" TO "{user}"',
        )
        assert report.version == again.version
        assert again.for_dba == ()


async def test_a_user_with_createrole_makes_the_roles_and_takes_them() -> None:
    with (
        scratch_role("LOGIN", "CREATEROLE") as user,
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(migrated=False, writer_role=writer, reader_role=reader) as config,
    ):
        owner = an_owner(config, user)

        report = migrate(owner)
        await a_trail(owner)

        assert report.for_dba == ()
        async with open_pool(owner, access=Access.OWN) as pool, pool.lease() as session:
            assert await excess_rights(session) == "it owns the trail"
