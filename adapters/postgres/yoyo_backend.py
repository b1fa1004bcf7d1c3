"""
yoyo on our own connection, with three of its habits changed.

- Its lock is a row that a killed process leaves behind: the caller holds an advisory lock, which
  dies with the connection.
- It runs a migration and marks it in two transactions on two connections: a kill between them
  wedges the next run. Here both happen in one.
- It logs who ran it from the password database and from DNS, which containers may not have.
"""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, read_migrations

Row = tuple[object, ...]

MIGRATION_TABLE = "cdc_audit_migration"
_PACKAGE = "package:adapters.postgres:versions"


class OneTransactionBackend(PostgresqlPsycopgBackend):
    """
    Runs migrations on a connection that is open, in one schema.

    Args:
        connection: In autocommit mode; stays open.
        schema: Where the tables go.
    """

    log_table = "cdc_audit_migration_log"
    version_table = "cdc_audit_migration_format"

    def __init__(self, connection: psycopg.Connection[Row], schema: str) -> None:
        self._given = connection
        self._schema = schema
        database = connection.info.dbname
        uri = DatabaseURI("postgresql+psycopg", None, None, None, None, database, {})
        super().__init__(uri, MIGRATION_TABLE)

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Row]:  # noqa: ARG002 - yoyo's own
        """Hand out the connection that was given."""
        return self._given

    def init_connection(self, connection: psycopg.Connection[Row]) -> None:
        """Resolve unqualified names in our schema, and nowhere before it."""
        path = sql.SQL("SET search_path TO {}, pg_temp").format(sql.Identifier(self._schema))
        connection.execute(path)

    @contextmanager
    def lock(self, timeout: float = 10) -> Generator[None]:  # noqa: ARG002 - yoyo's own
        """Do nothing: the caller holds the lock."""
        yield

    def get_log_data(
        self, migration: Migration | None = None, operation: str = "apply"
    ) -> dict[str, object]:
        """Log the database's user and clock, not the machine's."""
        found = self._given.execute(
            "SELECT gen_random_uuid()::text, session_user::text, "
            "clock_timestamp() AT TIME ZONE 'UTC'"
        ).fetchone()
        if not found:
            raise AssertionError("a SELECT without FROM gives one row")
        number, user, now = found
        return {
            "id": number,
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": user,
            "hostname": "",
            "created_at_utc": now,
            "operation": operation,
        }

    def apply(self, migration: Migration) -> None:
        """Run one migration and mark it as done: both or neither."""
        with self.transaction():
            migration.process_steps(self, "apply")
            self.log_migration(migration, "apply")
            self.mark_one(migration, log=False)


def known_migrations() -> dict[int, Migration]:
    """Every version that this program brings, by number, in order."""
    found = {int(m.id[:4]): m for m in read_migrations(_PACKAGE) if m.id[:4].isdigit()}
    return dict(sorted(found.items()))
