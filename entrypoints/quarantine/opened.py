"""What the commands work with, opened over one or two connections, and closed after use."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from adapters.postgres.pool import Access, open_pool
from adapters.postgres.quarantine_ledger import PostgresQuarantineLedger
from adapters.postgres.topic_orders import PostgresTopicOrders
from application.quarantine_ledger import QuarantineLedger, QuarantineQuery
from application.rebuilt_record import RebuildRecord
from application.retry_quarantined import RetryQuarantined
from application.topic_orders import TopicOrders
from domain.quarantine_entry import QuarantineEntry
from entrypoints.container import Container, resolved, started
from entrypoints.settings import AppConfig

PAGE = 100
"""Entries that are read together."""


class Retrying(msgspec.Struct, frozen=True):
    """
    What retries.

    Attributes:
        ledger: The quarantine.
        retry: Retries one entry.
    """

    ledger: QuarantineLedger
    retry: RetryQuarantined


@asynccontextmanager
async def open_ledger(config: AppConfig, *, is_writing: bool) -> AsyncGenerator[QuarantineLedger]:
    """Open the quarantine, with the rights of the reader or of the writer."""
    database = msgspec.structs.replace(config.sink_database, pool_size=1)
    access = Access.WRITE if is_writing else Access.READ
    async with open_pool(database, access=access) as pool:
        yield PostgresQuarantineLedger(pool, database)


@asynccontextmanager
async def open_retrying(config: AppConfig) -> AsyncGenerator[Retrying]:
    """Open what the service retries with, and the quarantine."""
    container = Container(config=_modest(config))
    async with started(container):
        retries = await resolved(container.retries)
        ledger = await resolved(container.quarantine)
        async with retries.opened() as retry:
            yield Retrying(ledger, retry)


@asynccontextmanager
async def open_orders(config: AppConfig) -> AsyncGenerator[TopicOrders]:
    """Open the orders, with the rights of the user itself: the service's roles may not give any."""
    database = msgspec.structs.replace(config.sink_database, pool_size=1)
    async with open_pool(database, access=Access.OWN) as pool:
        yield PostgresTopicOrders(pool, database)


def open_rebuild(config: AppConfig) -> RebuildRecord:
    """Give what rebuilds records with the service's keys, and reads them again from Kafka."""
    container = Container(config=config)
    return RebuildRecord(
        container.finder(),
        container.protection(),
        max_record_bytes=config.consumer.max_record_bytes,
    )


async def matching(
    ledger: QuarantineLedger, query: QuarantineQuery
) -> AsyncIterator[Sequence[QuarantineEntry]]:
    """All that `query` matches, page by page, oldest first, whatever happens to them meanwhile."""
    behind: int | None = None
    while True:
        page = msgspec.structs.replace(query, oldest_first=True, behind=behind, limit=PAGE)
        found = await ledger.search(page)
        if found:
            yield found
        if len(found) < PAGE:
            return
        behind = found[-1].error_id


def _modest(config: AppConfig) -> AppConfig:
    database = msgspec.structs.replace(config.sink_database, pool_size=1)
    return msgspec.structs.replace(config, sink_database=database)
