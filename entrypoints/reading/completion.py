"""Names of tables for the shell's completion."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.trail_reader import PostgresTrailReader
from domain.errors import CdcAuditError
from entrypoints.reading.dsn import read_dsn
from entrypoints.settings import load_config

_PATIENCE = 2
"""Seconds; nobody waits longer for a completion."""


def tables(dsn: str | None, config: Path | None, incomplete: str) -> list[str]:
    """Tables that begin with `incomplete`; none where the trail cannot be asked at once."""
    try:
        database = read_dsn(dsn) if dsn else load_config(config).sink_database
        return [name for name in asyncio.run(_names(database)) if name.startswith(incomplete)]
    except (CdcAuditError, typer.BadParameter, TimeoutError):
        return []


async def _names(config: DatabaseConfig) -> Sequence[str]:
    hasty = msgspec.structs.replace(
        config, pool_size=1, pool_timeout=_PATIENCE, connect_timeout=_PATIENCE
    )
    async with asyncio.timeout(_PATIENCE), open_pool(hasty, access=Access.READ) as pool:
        sources = await PostgresTrailReader(pool, hasty).sources()
    return sorted({name for s in sources for name in (s.source_table or "", s.full_name) if name})
