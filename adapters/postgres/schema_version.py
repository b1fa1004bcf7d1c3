"""Which version the tables have, and whether this program goes with them."""

from psycopg.errors import UndefinedTable

from adapters.postgres.pool import Session
from adapters.postgres.sql_files import wanted_version
from domain.errors import SchemaVersionError

_APPLIED = "SELECT coalesce(max(left(migration_id, 4)::integer), 0) FROM cdc_audit_migration"


async def check_version(session: Session) -> int:
    """
    Make sure that the tables have the version that this program was made for.

    Returns:
        The version.

    Raises:
        SchemaVersionError: They have another, or do not exist.
    """
    found, wanted = await found_version(session), wanted_version()
    if found != wanted:
        raise SchemaVersionError(found=found, wanted=wanted)
    return found


async def found_version(session: Session) -> int:
    """Give the version of the tables; 0 where there are none."""
    try:
        cursor = await session.execute(_APPLIED)
    except UndefinedTable:
        return 0
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
