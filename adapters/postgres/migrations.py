"""
Brings the tables to the version that this program was made for.

    lock ──▶ schema ──▶ pending versions, each in one transaction ──▶ partitions ahead ──▶ rights

Safe when two start at once: the second waits for the lock, and finds nothing left to do. Safe to
kill: the lock dies with its session, and a version is there whole or not at all.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.rights import grant_rights
from adapters.postgres.yoyo_backend import OneTransactionBackend, known_migrations
from domain.errors import RepositoryError, SchemaVersionError

Row = tuple[object, ...]

OLDEST_SERVER = 150_000

_OURS = """
SELECT format('DROP %s IF EXISTS %s CASCADE',
    CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
    c.oid::regclass)
FROM pg_class AS c
WHERE c.relnamespace = quote_ident(current_schema())::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'S')
    AND (c.relname ~ '^(audit_|cdc_audit_migration|processing_error)'
        OR c.relname IN ('kafka_stream', 'kafka_offset', 'control_message', 'topic_order',
            'access_token', 'access_log', 'ended_session'))
    AND NOT c.relispartition AND NOT EXISTS (
        SELECT FROM pg_depend AS d -- a sequence of an identity column goes with its table
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S'
            AND d.deptype = 'i'
    )
UNION ALL
SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure)
FROM pg_proc AS p
WHERE p.pronamespace = quote_ident(current_schema())::regnamespace AND p.proname ~ '^audit_'
"""


class MigrationReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What `migrate` did.

    Attributes:
        database: Where, without credentials.
        schema: Schema of the tables.
        found_version: Version before; 0 where there were no tables.
        version: Version now.
        applied: Names of the versions that were applied, in order.
        partitions_made: How many partitions of the trail were made.
        for_dba: SQL that somebody with more rights must run; then `migrate` again. Mostly none.
    """

    database: str
    schema: str
    found_version: int
    version: int
    applied: tuple[str, ...] = ()
    partitions_made: int = 0
    for_dba: tuple[str, ...] = ()


def migrate(config: DatabaseConfig) -> MigrationReport:
    """
    Bring the tables to this program's version, make partitions ahead, and set the rights.

    Raises:
        SchemaVersionError: The tables are newer than this program.
        RepositoryError: The server is too old, not UTF-8, or refused; the text says what to do.
        ConnectionError: The database cannot be reached.
    """
    with _exclusively(config) as connection:
        _make_schema(connection, config)
        backend = OneTransactionBackend(connection, config.schema)
        known = known_migrations()
        backend.ensure_internal_schema_updated()
        done = set(backend.get_applied_migration_hashes())
        found = _newest_applied(connection)
        if found > max(known):
            raise SchemaVersionError(found=found, wanted=max(known))
        pending = [m for m in known.values() if m.hash not in done]
        for migration in pending:
            backend.apply(migration)
        with connection.transaction():
            made = _make_partitions(connection, config)
            for_dba = grant_rights(connection, config)
    return MigrationReport(
        database=config.address,
        schema=config.schema,
        found_version=found,
        version=max(known),
        applied=tuple(m.id for m in pending),
        partitions_made=made,
        for_dba=tuple(for_dba),
    )


def drop_tables(config: DatabaseConfig) -> Sequence[str]:
    """
    Drop every table, view and function of ours, and all they hold. For development only.

    Returns:
        The statements that were run.

    Raises:
        RepositoryError: The database refused.
        ConnectionError: The database cannot be reached.
    """
    with _exclusively(config) as connection, connection.transaction():
        statements = [str(row[0]) for row in connection.execute(_OURS.encode())]
        for statement in statements:
            connection.execute(statement.encode())
    return statements


@contextmanager
def _exclusively(config: DatabaseConfig) -> Generator[psycopg.Connection[Row]]:
    with (
        as_repository_error(config),
        psycopg.connect(config.conninfo, autocommit=True) as connection,
    ):
        _require_server(connection)
        connection.execute(
            sql.SQL("SET search_path TO {}, pg_temp").format(sql.Identifier(config.schema))
        )
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended('cdc-audit migrate ' || %s, 0))",
            [config.schema],
        )
        yield connection


def _require_server(connection: psycopg.Connection[Row]) -> None:
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise RepositoryError(
            f"the server is PostgreSQL {version // 10_000}; 15 or newer is needed."
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise RepositoryError(
            f"the database's encoding is {encoding}, which cannot hold every text. Make one with "
            "`CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0`."
        )


def _make_schema(connection: psycopg.Connection[Row], config: DatabaseConfig) -> None:
    found = connection.execute(
        "SELECT has_schema_privilege(oid, 'CREATE'), current_user FROM pg_namespace "
        "WHERE nspname = %s",
        [config.schema],
    ).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(config.schema)))
    elif not found[0]:
        raise RepositoryError(
            f"user {found[1]} may not make tables in schema {config.schema!r}. Let a DBA run "
            f'`GRANT CREATE, USAGE ON SCHEMA "{config.schema}" TO "{found[1]}"`, or set another '
            "`schema`, which is made if it does not exist."
        )


def _newest_applied(connection: psycopg.Connection[Row]) -> int:
    row = connection.execute(
        "SELECT coalesce(max(left(migration_id, 4)::integer), 0) FROM cdc_audit_migration"
    ).fetchone()
    return int(str(row[0])) if row else 0


def _make_partitions(connection: psycopg.Connection[Row], config: DatabaseConfig) -> int:
    connection.execute("UPDATE audit_state SET partition_by = %s", [config.partition_by])
    row = connection.execute("SELECT audit_ensure_partitions(audit_days_ahead())").fetchone()
    return int(str(row[0])) if row else 0
