"""A trail in a real database with something in it, for tests of the database itself."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql

from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, SessionPool, open_pool
from domain.audit_record import AuditRecord
from domain.quarantine import QuarantinedRecord
from tests.builders import a_batch, a_consumed_batch, a_log, a_record

GROUP = "cdc_audit_consumer"


@asynccontextmanager
async def a_store(
    config: DatabaseConfig, *, writer: str = "writer"
) -> AsyncGenerator[PostgresAuditStore]:
    """Open a store on a pool of its own, as a process has it."""
    async with open_pool(config, writer=writer) as pool:
        yield PostgresAuditStore(pool, config, consumer_group=GROUP, writer=writer)


async def claim(store: PostgresAuditStore, *partitions: int) -> int:
    """Claim partitions of one topic, 0 if none is named, and give its stream."""
    claims = await store.claim([a_log(p, log_end=1_000_000) for p in partitions or (0,)])
    return claims[0].partition.stream_id


async def keep(
    store: PostgresAuditStore, records: Sequence[AuditRecord]
) -> Sequence[QuarantinedRecord]:
    """Store records in one batch; give those that PostgreSQL refused."""
    batch = a_batch(await store.encoder(), records)
    return await store.append(batch, a_consumed_batch(batch))


async def a_trail(config: DatabaseConfig, count: int = 3) -> int:
    """Store some records, and give their stream."""
    async with a_store(config) as store:
        stream_id = await claim(store)
        await keep(store, [a_record(o, stream_id=stream_id) for o in range(count)])
    return stream_id


@asynccontextmanager
async def a_reading_pool(config: DatabaseConfig) -> AsyncGenerator[SessionPool]:
    """Open a pool as the page has it."""
    async with open_pool(config, access=Access.READ) as pool:
        yield pool


def rows(config: DatabaseConfig, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
    """Ask the database as its superuser, in the trail's schema, and commit."""
    with psycopg.connect(config.conninfo, autocommit=True) as connection:
        path = sql.SQL("SET search_path TO {}").format(sql.Identifier(config.schema))
        connection.execute(path)
        cursor = connection.execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []
