"""
The source's database, and its catalog where the settings name that database.

Its default address is nobody's: an address that was not given is never connected to.
"""

from collections.abc import Mapping
from typing import Literal

from adapters.postgres.config import DatabaseConfig
from application.source_types import ColumnTypeCatalog


class SourceDatabaseConfig(DatabaseConfig, kw_only=True):
    """
    How to reach the source's database.

    Attributes:
        kind: What it is; the port's default is that of the kind.
    """

    kind: Literal["postgresql", "mysql", "mariadb"] = "postgresql"


def source_catalog(
    database: SourceDatabaseConfig, origins: Mapping[str, str]
) -> ColumnTypeCatalog | None:
    """Give the catalog of the source's `database`, if `origins` tell that it was configured."""
    if not any(field.startswith("source_database.") for field in origins):
        return None
    if database.kind == "postgresql":
        return _in_postgres(database)
    return _in_mysql(database, has_port="source_database.port" in origins)


def _in_postgres(database: DatabaseConfig) -> ColumnTypeCatalog:
    from adapters.postgres.column_type_catalog import (  # noqa: PLC0415 - a driver only where meant
        PostgresColumnTypeCatalog,
    )

    return PostgresColumnTypeCatalog(database)


def _in_mysql(database: DatabaseConfig, *, has_port: bool) -> ColumnTypeCatalog:
    from adapters.mysql.column_type_catalog import (  # noqa: PLC0415 - likewise
        DEFAULT_PORT,
        MySqlAddress,
        MySqlColumnTypeCatalog,
    )

    return MySqlColumnTypeCatalog(
        MySqlAddress(
            host=database.host,
            port=database.port if has_port else DEFAULT_PORT,
            username=database.username,
            password=database.password,
            sslmode=database.sslmode,
            sslrootcert=database.sslrootcert,
            sslcert=database.sslcert,
            sslkey=database.sslkey,
        )
    )
