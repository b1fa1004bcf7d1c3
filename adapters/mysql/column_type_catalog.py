"""
The types of the columns of a MySQL or MariaDB server, from its catalog: of all its databases.

The server tells when a table was made or rebuilt, in whole seconds; what it does not tell it for
is left out. PyMySQL waits in a thread.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any

import msgspec
import pymysql

from domain.errors import ConnectionError  # noqa: A004 - the documented name
from domain.source_types import SourceType, SourceTypes

DEFAULT_PORT = 3306

_PATIENCE = 3
"""Seconds to wait for a connection, and for an answer: batches wait for both."""

_UNKNOWN_VARIABLE = 1193
_UNCACHED = "SET SESSION information_schema_stats_expiry = 0"
"""MySQL keeps what it told of tables for a day; MariaDB has no such setting."""

_COLUMNS = """
SELECT c.table_schema, c.table_name, c.column_name, c.column_type, UNIX_TIMESTAMP(t.create_time)
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE t.table_type = 'BASE TABLE' AND t.create_time IS NOT NULL
  AND c.table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
"""


class MySqlAddress(msgspec.Struct, frozen=True, kw_only=True):
    """
    How to reach a server.

    Attributes:
        host: Host name, or address.
        port: Port.
        username: User.
        password: Password. A secret.
        sslmode: As libpq has it: ``disable``, ``prefer``, ``require``, ``verify-ca``,
            ``verify-full``.
        sslrootcert: Certificates to trust, PEM.
        sslcert: Our certificate, PEM.
        sslkey: Our key, PEM.
    """

    host: str
    port: int = DEFAULT_PORT
    username: str
    password: str
    sslmode: str = "prefer"
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None

    def __repr__(self) -> str:
        return f"MySqlAddress({self.username}@{self.host}:{self.port})"


class MySqlColumnTypeCatalog:
    """
    Reads the catalog, with a connection of its own for each look.

    Args:
        address: The source's server.

    Attributes:
        address: The same.
    """

    def __init__(self, address: MySqlAddress) -> None:
        self.address = address

    async def types(self) -> SourceTypes:
        tables: dict[str, dict[str, SourceType]] = {}
        for database, table, column, text, changed_at in await asyncio.to_thread(self._columns):
            kind = SourceType(text, changed_at=int(changed_at))
            tables.setdefault(f"{database}.{table}", {})[column] = kind
        return tables

    def _columns(self) -> Sequence[tuple[Any, ...]]:
        address = self.address
        try:
            connection = pymysql.connect(
                host=address.host,
                port=address.port,
                user=address.username,
                password=address.password,
                charset="utf8mb4",
                connect_timeout=_PATIENCE,
                read_timeout=_PATIENCE,
                ssl=_context(address),
                ssl_disabled=address.sslmode == "disable",
            )
            with connection, connection.cursor() as cursor:
                _execute_uncached(cursor)
                cursor.execute(_COLUMNS)
                return cursor.fetchall()
        except (pymysql.MySQLError, OSError, RuntimeError) as error:
            where = f"{address.host}:{address.port}"
            text = str(error.args[-1] if error.args else type(error).__name__)
            raise ConnectionError(
                f"the database server {where} cannot be asked now: {text}"
            ) from error


def _execute_uncached(cursor: pymysql.cursors.Cursor) -> None:
    try:
        cursor.execute(_UNCACHED)
    except pymysql.OperationalError as error:
        if error.args[0] != _UNKNOWN_VARIABLE:
            raise


def _context(address: MySqlAddress) -> ssl.SSLContext | None:
    """What TLS must be like; None lets PyMySQL use it where the server has it."""
    if address.sslmode in {"disable", "allow", "prefer"}:
        return None
    context = ssl.create_default_context(cafile=address.sslrootcert)
    context.check_hostname = address.sslmode == "verify-full"
    if address.sslmode == "require" and address.sslrootcert is None:
        context.verify_mode = ssl.CERT_NONE
    if address.sslcert is not None:
        context.load_cert_chain(address.sslcert, address.sslkey)
    return context
