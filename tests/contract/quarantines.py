"""The same quarantine in memory and in PostgreSQL, with the stores that fill it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import msgspec
import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.quarantine import MemoryQuarantine
from adapters.memory.topic_orders import MemoryTopicOrders
from adapters.memory.trail import MemoryTrail
from adapters.memory.trail_reader import MemoryTrailReader
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.quarantine_ledger import PostgresQuarantineLedger
from adapters.postgres.retry_ledger import PostgresRetryLedger
from adapters.postgres.topic_orders import PostgresTopicOrders
from adapters.postgres.trail_reader import PostgresTrailReader
from application.ports import AuditStore, TrailReader
from application.quarantine_ledger import QuarantineLedger, QuarantineQuery, RetryLedger
from application.topic_orders import TopicOrders
from domain.audit_record import AuditRecord
from domain.control import ControlMessage
from domain.disposition import Tally
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry
from domain.stream import StreamPartition
from domain.transformed import Advance, TransformedBatch
from tests.builders import a_batch, a_consumed_batch, a_quarantined_record
from tests.contract.trail_writing import stream_of
from tests.contract.trails import BROKEN_JSON, GROUP
from tests.postgres.trails import rows
from tests.servers.postgres import scratch_database

WRITER = "writer-1"
"""The writer that has the partitions."""

_ROW = "SELECT {} FROM kafka_offset WHERE stream_id = %s AND partition = 0"
_NAMES = ("audited", "baseline", "control", "skipped", "quarantined", "absent")


class Quarantine(Protocol):
    """A quarantine, seen from the outside."""

    reader: TrailReader
    ledger: QuarantineLedger
    orders: TopicOrders

    async def store(self) -> AuditStore:
        """Make the store of `WRITER`, which runs from now on."""
        ...

    async def retries(self, writer: str = WRITER) -> RetryLedger:
        """Make the ledger of a writer."""
        ...

    async def tally(self, stream_id: int) -> Tally:
        """What became of the offsets of partition 0."""
        ...

    async def unreachable(self) -> tuple[QuarantineLedger, RetryLedger, TopicOrders]:
        """Make ledgers whose database is away."""
        ...


class MemoryQuarantineUnderTest:
    """The fake."""

    def __init__(self) -> None:
        self._trail = MemoryTrail()
        self._running: set[str] = set()
        self.reader: TrailReader = MemoryTrailReader(self._trail)
        self.ledger: QuarantineLedger = self._ledger(WRITER)
        self.orders: TopicOrders = MemoryTopicOrders()

    async def store(self) -> AuditStore:
        store = MemoryAuditStore(self._trail)
        store.writer = WRITER
        self._running.add(WRITER)
        return store

    async def retries(self, writer: str = WRITER) -> RetryLedger:
        return self._ledger(writer)

    async def tally(self, stream_id: int) -> Tally:
        return self._trail.offsets[stream_id, 0].tally

    async def unreachable(self) -> tuple[QuarantineLedger, RetryLedger, TopicOrders]:
        ledger, orders = self._ledger(WRITER), MemoryTopicOrders()
        ledger.available = orders.available = False
        return ledger, ledger, orders

    def _ledger(self, writer: str) -> MemoryQuarantine:
        return MemoryQuarantine(self._trail, writer=writer, running=self._running, refuses=_refused)


class PostgresQuarantineUnderTest:
    """The real one."""

    def __init__(self, config: DatabaseConfig, stack: AsyncExitStack) -> None:
        self.config = config
        self._stack = stack

    async def open(self) -> "PostgresQuarantineUnderTest":
        """Open the pools."""
        readers = await self._stack.enter_async_context(open_pool(self.config, access=Access.READ))
        own = await self._stack.enter_async_context(open_pool(self.config, access=Access.OWN))
        others = await self._stack.enter_async_context(open_pool(self.config, writer="people"))
        self.reader: TrailReader = PostgresTrailReader(readers, self.config)
        self.ledger: QuarantineLedger = PostgresQuarantineLedger(others, self.config)
        self.orders: TopicOrders = PostgresTopicOrders(own, self.config)
        return self

    async def store(self) -> AuditStore:
        pool = await self._stack.enter_async_context(open_pool(self.config, writer=WRITER))
        return PostgresAuditStore(pool, self.config, consumer_group=GROUP, writer=WRITER)

    async def retries(self, writer: str = WRITER) -> RetryLedger:
        pool = await self._stack.enter_async_context(open_pool(self.config, writer=f"{writer} too"))
        return PostgresRetryLedger(pool, self.config, writer=writer)

    async def tally(self, stream_id: int) -> Tally:
        (found,) = rows(self.config, _ROW.format(", ".join(_NAMES)), stream_id)
        return Tally(**dict(zip(_NAMES, found, strict=True)))

    async def unreachable(self) -> tuple[QuarantineLedger, RetryLedger, TopicOrders]:
        away = DatabaseConfig(host="127.0.0.1", port=1, pool_timeout=1, pool_size=1)
        pool = await self._stack.enter_async_context(open_pool(away))
        return (
            PostgresQuarantineLedger(pool, away),
            PostgresRetryLedger(pool, away),
            PostgresTopicOrders(pool, away),
        )


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Quarantine]:
    """Give a quarantine of the fake."""
    yield MemoryQuarantineUnderTest()


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Quarantine]:
    """Give a quarantine in a database of its own."""
    with scratch_database() as config:
        async with AsyncExitStack() as stack:
            yield await PostgresQuarantineUnderTest(config, stack).open()


EVERY_QUARANTINE: Sequence[Any] = [
    in_memory,
    pytest.param(in_postgres, marks=pytest.mark.postgres),
]

OpenQuarantine = Callable[[], AbstractAsyncContextManager[Quarantine]]


async def quarantined(quarantine: Quarantine, *bad: QuarantinedRecord) -> Sequence[QuarantineEntry]:
    """Store a batch of nothing but bad records, or of one; give their entries."""
    store = await quarantine.store()
    stream_id = await stream_of(store)
    records = [
        msgspec.structs.replace(one, stream_id=stream_id)
        for one in bad or (a_quarantined_record(0),)
    ]
    batch = a_batch(await store.encoder(), quarantined=records)
    await store.append(batch, a_consumed_batch(batch))
    return await quarantine.ledger.search(QuarantineQuery(oldest_first=True))


async def a_batch_of(
    quarantine: Quarantine, result: AuditRecord | ControlMessage | None
) -> TransformedBatch:
    """Make the batch of a single record that became `result`; None was skipped."""
    encoder = await (await quarantine.store()).encoder()
    if isinstance(result, AuditRecord):
        return a_batch(encoder, [result])
    if result is not None:
        return a_batch(encoder, control=[result])
    partition = StreamPartition(1, 0, "shop.public.orders")
    return a_batch(encoder, advances=[Advance(partition, 0, 1, Tally(skipped=1))])


def _refused(record: AuditRecord) -> str | None:
    return "invalid input syntax for type json" if record.new_data == BROKEN_JSON else None
