"""
The catalog of the source's database, where the settings name that database.

Its default address is nobody's: an address that was not given is never connected to.
"""

from collections.abc import Mapping

from adapters.postgres.column_type_catalog import PostgresColumnTypeCatalog
from adapters.postgres.config import DatabaseConfig
from application.source_types import ColumnTypeCatalog


def source_catalog(
    database: DatabaseConfig, origins: Mapping[str, str]
) -> ColumnTypeCatalog | None:
    """Give the catalog of the source's `database`, if `origins` tell that it was configured."""
    is_given = any(field.startswith("source_database.") for field in origins)
    return PostgresColumnTypeCatalog(database) if is_given else None
