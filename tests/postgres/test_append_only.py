"""
What each table refuses, and to whom: every table of the trail's schema is named here, once.

    table ──▶ refused to everybody, the owner and a superuser too ──▶ what the writer may change

A new table fails the first test until somebody has decided what it refuses.
"""

import asyncio
from collections.abc import Generator, Sequence

import msgspec
import psycopg
import pytest
from psycopg import errors, sql

from adapters.postgres.config import DatabaseConfig
from tests.builders import a_batch, a_consumed_batch, a_control_message, a_quarantined_record
from tests.postgres.trails import a_store, a_trail, claim, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

PARTITION = "audit_logging_2023_11"


class Refusals(msgspec.Struct, frozen=True):
    """
    What a table refuses.

    Attributes:
        everybody: Statements that nobody gets through, whatever rights they have.
        writer_changes: Columns that the writer's role may update.
    """

    everybody: Sequence[str]
    writer_changes: frozenset[str] = frozenset()


NEVER = ("UPDATE", "DELETE", "TRUNCATE")
KEPT = ("DELETE", "TRUNCATE")
ACKNOWLEDGED = frozenset({"acknowledged_at", "acknowledged_by", "acknowledged_reason"})
RETRIED = frozenset(
    {
        *("raw_key", "raw_value", "raw_headers", "key_size", "value_size", "encryption_key_id"),
        *("error_type", "error_message", "accounted", "retry_count", "next_retry_at"),
        *("resolved_at", "resolution", "resolution_note"),
    }
)
MOVED = frozenset(
    {
        *("stream_id", "partition", "first_offset", "next_offset", "consumer_group", "writer"),
        *("audited", "baseline", "control", "skipped", "quarantined", "absent"),
        *("first_seen", "moved_at"),
    }
)

TABLES = {
    "audit_logging": Refusals(NEVER),
    PARTITION: Refusals(NEVER),
    "control_message": Refusals(NEVER),
    "audit_run": Refusals(NEVER),
    "audit_context": Refusals(NEVER),
    "access_log": Refusals(NEVER),
    "ended_session": Refusals(NEVER),
    "processing_error_event": Refusals(NEVER),
    "processing_error": Refusals(KEPT, RETRIED),
    "audit_gap": Refusals(KEPT, ACKNOWLEDGED),
    "kafka_offset": Refusals(KEPT, MOVED),
    "kafka_stream": Refusals(KEPT, frozenset({"topic_id"})),
    "audit_source": Refusals(KEPT, frozenset({"columns"})),
    "audit_state": Refusals(KEPT, frozenset({"begun_at", "begun_with", "begun_by"})),
    "access_token": Refusals(KEPT, frozenset({"revoked_at", "last_used_at"})),
    "topic_order": Refusals(KEPT),
    # `cdc-audit redelivery` looks again, and removes the marks that were wrong
    "audit_redelivery": Refusals(("UPDATE", "TRUNCATE")),
    # the version of the schema, which is the migrations' own
    "cdc_audit_migration": Refusals(()),
    "cdc_audit_migration_format": Refusals(()),
    "cdc_audit_migration_log": Refusals(()),
}
REFUSED = [(table, event) for table, refusals in TABLES.items() for event in refusals.everybody]

# Row triggers fire for rows only: each table that the store leaves empty gets one.
ONE_ROW_EACH = """
INSERT INTO audit_run (stream_id, kafka_partition, first_offset) VALUES (1, 0, 0);
INSERT INTO audit_context (stream_id, kafka_partition, kafka_offset, cluster_id, source_name,
    transaction_id, change_timestamp) VALUES (1, 0, 0, 'c', 's', '7', now());
INSERT INTO access_log (who, via, action, query, status) VALUES ('ada', 'token', 'GET /', '', 200);
INSERT INTO access_token (name, role, secret_hash, created_at, expires_at)
    VALUES ('ada', 'reader', 'hash', now(), now());
INSERT INTO ended_session (session_hash) VALUES ('hash');
INSERT INTO topic_order (topic) VALUES ('orders');
INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
    VALUES (1, 0, 3, 4, 'expired', 'seen');
INSERT INTO audit_source (source_table) VALUES ('others');
INSERT INTO audit_redelivery (stream_id, kafka_partition, kafka_offset, first_stream_id,
    first_kafka_partition, first_kafka_offset, certainty) VALUES (1, 0, 1, 1, 0, 0, 'possible');
INSERT INTO processing_error_event (error_id, kind) SELECT id, 'failed' FROM processing_error;
"""


@pytest.fixture(scope="module")
def filled() -> Generator[DatabaseConfig]:
    """A trail with a row in every table; every test leaves it as it was."""
    with (
        scratch_role() as writer,
        scratch_role() as reader,
        scratch_database(writer_role=writer, reader_role=reader) as config,
    ):
        asyncio.run(_fill(config))
        rows(config, ONE_ROW_EACH)
        yield config


async def _fill(config: DatabaseConfig) -> None:
    await a_trail(config)
    async with a_store(config, writer="another") as store:
        stream_id = await claim(store, 1)
        batch = a_batch(
            await store.encoder(),
            control=[a_control_message(0, stream_id=stream_id, kafka_partition=1)],
            quarantined=[a_quarantined_record(1, stream_id=stream_id, kafka_partition=1)],
        )
        await store.append(batch, a_consumed_batch(batch))


def attempt(config: DatabaseConfig, statement: sql.Composed, *, role: str | None = None) -> None:
    """Run a statement as `role`, or as a superuser and owner who plays a replica."""
    with psycopg.connect(config.conninfo, autocommit=True) as connection:
        if role is None:
            connection.execute("SET session_replication_role = replica")
        else:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.execute(statement)


def change(config: DatabaseConfig, table: str, event: str) -> sql.Composed:
    """A statement that would change every row of `table`, or remove them all."""
    name = sql.Identifier(table)
    if event == "DELETE":
        return sql.SQL("DELETE FROM {}").format(name)
    if event == "TRUNCATE":
        return sql.SQL("TRUNCATE {} CASCADE").format(name)
    ((column,),) = rows(
        config,
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND attidentity = '' AND NOT attisdropped ORDER BY attnum LIMIT 1",
        table,
    )
    return sql.SQL("UPDATE {} SET {} = {}").format(name, *[sql.Identifier(column)] * 2)


def count(config: DatabaseConfig, table: str) -> int:
    with psycopg.connect(config.conninfo) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_every_table_is_named(filled: DatabaseConfig) -> None:
    found = rows(
        filled,
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = current_schema()::regnamespace",
    )

    others = {name for (name,) in found if not name.startswith("audit_logging_2")} - set(TABLES)
    assert others == set(), "say in TABLES what they refuse, and make triggers that do"
    assert PARTITION in {name for (name,) in found}


@pytest.mark.parametrize(("table", "event"), REFUSED)
def test_what_is_refused_is_refused_to_an_owner_who_plays_replica(
    filled: DatabaseConfig, table: str, event: str
) -> None:
    before = count(filled, table)

    with pytest.raises(errors.InsufficientPrivilege, match="is refused: what the audit trail"):
        attempt(filled, change(filled, table, event))

    assert before > 0
    assert count(filled, table) == before


@pytest.mark.parametrize("table", [t for t, r in TABLES.items() if "TRUNCATE" in r.everybody])
def test_a_plain_truncate_is_refused_by_a_reference_or_by_us(
    filled: DatabaseConfig, table: str
) -> None:
    statement = sql.SQL("TRUNCATE {}").format(sql.Identifier(table))

    with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported)):
        attempt(filled, statement)


@pytest.mark.parametrize("table", TABLES)
def test_the_writer_and_the_reader_delete_nothing(filled: DatabaseConfig, table: str) -> None:
    for role in (filled.writer_role, filled.reader_role):
        for event in KEPT:
            with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
                attempt(filled, change(filled, table, event), role=role)


@pytest.mark.parametrize(("table", "refusals"), TABLES.items())
def test_the_writer_changes_these_columns_only_and_the_reader_none(
    filled: DatabaseConfig, table: str, refusals: Refusals
) -> None:
    assert changed_by(filled, table, filled.writer_role) == refusals.writer_changes
    assert changed_by(filled, table, filled.reader_role) == frozenset()


def changed_by(config: DatabaseConfig, table: str, role: str | None) -> frozenset[str]:
    """The columns that a role may update, by the database's own books."""
    found = rows(
        config,
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')",
        table,
        role,
    )
    return frozenset(name for (name,) in found)
