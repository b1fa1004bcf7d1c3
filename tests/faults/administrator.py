"""What somebody with every right does to the trail's database, past the service."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from adapters.postgres.config import DatabaseConfig

# The service, not the tests: a writer's sessions carry its token.
_SESSIONS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^cdc-audit .'
"""
_WAITING = f"SELECT count(*) FROM ({_SESSIONS} AND wait_event_type = 'Lock') AS waiting"  # noqa: S608 - constants


class Administrator:
    """
    A superuser.

    Args:
        database: The trail's.
    """

    def __init__(self, database: DatabaseConfig) -> None:
        self._database = database

    def run(self, statement: str) -> None:
        """Run a statement in a session of its own."""
        with self.session() as session:
            session.execute(statement.encode())

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask in a session of its own."""
        with self.session() as session:
            return session.execute(query.encode()).fetchall()

    def set_for_all(self, name: str, value: str | None) -> None:
        """Give a setting to all sessions that begin from now on; None takes it back."""
        setting = sql.SQL("SET {} TO {}") if value is not None else sql.SQL("RESET {}")
        names = [sql.Identifier(name), *([sql.Literal(value)] if value is not None else [])]
        alter = sql.SQL("ALTER DATABASE {} ").format(sql.Identifier(self._database.database))
        with self.session() as session:
            session.execute(alter + setting.format(*names))

    def service_sessions(self) -> list[int]:
        """Process ids of the service's sessions."""
        return [pid for (pid,) in self.ask(_SESSIONS)]

    def end_service_sessions(self) -> None:
        """End the service's sessions, as ``pg_terminate_backend`` does."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM ({_SESSIONS}) AS sessions")  # noqa: S608 - constants

    def service_waits_for_lock(self) -> bool:
        """Whether a session of the service waits for a lock."""
        return bool(self.ask(_WAITING)[0][0])

    @contextmanager
    def session(self, database: str | None = None) -> Generator[psycopg.Connection[Any]]:
        """Give a session, outside a transaction."""
        at = msgspec.structs.replace(self._database, database=database or self._database.database)
        with psycopg.connect(
            at.conninfo, autocommit=True, application_name="administrator"
        ) as session:
            session.execute("SET default_transaction_read_only TO off; SET statement_timeout TO 0")
            yield session
