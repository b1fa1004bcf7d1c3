"""
Who may do what: a writer that inserts and never changes the trail, a reader that only reads.

Roles belong to the whole server and outlive the database. A user that may not make them is told
the SQL for one who may; everything else goes on.
"""

from collections.abc import Sequence

import psycopg
from psycopg import errors, sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Session

Row = tuple[object, ...]

_WRITER = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT INSERT ON audit_logging, audit_source, audit_gap TO {role}",
    "GRANT INSERT ON audit_context, audit_redelivery, audit_run, control_message TO {role}",
    "GRANT INSERT ON processing_error, kafka_stream, kafka_offset TO {role}",
    "GRANT INSERT ON processing_error_event TO {role}",
    "GRANT UPDATE ON kafka_offset TO {role}",
    "GRANT UPDATE (columns) ON audit_source TO {role}",
    "GRANT UPDATE (topic_id) ON kafka_stream TO {role}",
    "GRANT UPDATE (begun_at, begun_with, begun_by) ON audit_state TO {role}",
    "GRANT UPDATE (acknowledged_at, acknowledged_by, acknowledged_reason) ON audit_gap TO {role}",
    "GRANT UPDATE (raw_key, raw_value, raw_headers) ON processing_error TO {role}",
    "GRANT UPDATE (key_size, value_size, encryption_key_id) ON processing_error TO {role}",
    "GRANT UPDATE (error_type, error_message, accounted) ON processing_error TO {role}",
    "GRANT UPDATE (retry_count, next_retry_at) ON processing_error TO {role}",
    "GRANT UPDATE (resolved_at, resolution, resolution_note) ON processing_error TO {role}",
    "GRANT USAGE ON SEQUENCE audit_api_offset TO {role}",
    "GRANT EXECUTE ON FUNCTION audit_ensure_partitions(integer []) TO {role}",
    "GRANT INSERT ON access_token, access_log, ended_session TO {role}",
    "GRANT UPDATE (revoked_at, last_used_at) ON access_token TO {role}",
)
_READER = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "REVOKE ALL ON access_token FROM {role}",
)

_ROLE_EXISTS = "SELECT FROM pg_roles WHERE rolname = %s"
_MAY_TAKE = "SELECT pg_has_role(current_user, %s, 'MEMBER')"
_MAY_USE = "SELECT has_schema_privilege(%s, %s, 'USAGE')"

_EXCESS = """
SELECT CASE
    WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'it is a superuser'
    WHEN pg_has_role(current_user, c.relowner, 'USAGE') THEN 'it owns the trail'
    WHEN has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
        THEN 'it may change or delete what the trail holds'
END
FROM pg_class AS c WHERE c.oid = 'audit_logging'::regclass
"""


def grant_rights(connection: psycopg.Connection[Row], config: DatabaseConfig) -> Sequence[str]:
    """
    Make the configured roles and give each its rights. Doing it again changes nothing.

    Returns:
        The SQL that somebody with more rights must run, in order; mostly none.
    """
    left: list[str] = []
    for name, grants in ((config.writer_role, _WRITER), (config.reader_role, _READER)):
        if name is None:
            continue
        role = sql.Identifier(name)
        if not _found(connection, _ROLE_EXISTS, name):
            create = sql.SQL("CREATE ROLE {} NOLOGIN").format(role)
            if not _done(connection, create):
                take = sql.SQL("GRANT {} TO {}").format(role, sql.Identifier(config.username))
                left += [create.as_string(connection), take.as_string(connection)]
                continue
        left += _take_role(connection, name)
        for grant in grants:
            connection.execute(
                sql.SQL(grant).format(schema=sql.Identifier(config.schema), role=role)
            )
        if not _truth(connection, _MAY_USE, name, config.schema):
            usage = sql.SQL(grants[0]).format(schema=sql.Identifier(config.schema), role=role)
            left.append(usage.as_string(connection))
    return left


async def excess_rights(session: Session) -> str | None:
    """Say which right this session has that a writer of the trail does not need; None if none."""
    cursor = await session.execute(_EXCESS)
    row = await cursor.fetchone()
    return str(row[0]) if row and row[0] else None


def _take_role(connection: psycopg.Connection[Row], name: str) -> Sequence[str]:
    if _truth(connection, _MAY_TAKE, name):
        return ()
    grant = sql.SQL("GRANT {} TO {}").format(
        sql.Identifier(name), sql.Identifier(connection.info.user)
    )
    return () if _done(connection, grant) else (grant.as_string(connection),)


def _done(connection: psycopg.Connection[Row], statement: sql.Composed) -> bool:
    try:
        with connection.transaction():
            connection.execute(statement)
    except errors.InsufficientPrivilege:
        return False
    except (errors.DuplicateObject, errors.UniqueViolation):  # made by another database's migrate
        return True
    return True


def _found(connection: psycopg.Connection[Row], query: str, *values: str) -> bool:
    return connection.execute(query.encode(), values).fetchone() is not None


def _truth(connection: psycopg.Connection[Row], query: str, *values: str) -> bool:
    row = connection.execute(query.encode(), values).fetchone()
    return bool(row and row[0])
