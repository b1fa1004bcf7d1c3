"""The same trail in memory and in PostgreSQL: stores over it, a reader, and what it holds."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.trail import MemoryTrail
from adapters.memory.trail_readers import memory_readers
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, SessionPool, open_pool
from adapters.postgres.trail_readers import postgres_readers
from application.ports import AuditStore, SourceCatalog, TrailReader
from application.questions import TrailReaders
from domain.audit_record import AuditRecord
from domain.disposition import Tally
from tests.servers.postgres import scratch_database

BROKEN_JSON = '{"id":1,'
"""As an image, PostgreSQL refuses it; the fake is told to."""

GROUP = "cdc_audit_consumer"


class Trail(Protocol):
    """One trail, seen from the outside."""

    reader: TrailReader
    catalog: SourceCatalog
    readers: TrailReaders

    async def store(self, group: str = GROUP) -> AuditStore:
        """Make the store of another process."""
        ...

    async def unreachable_store(self) -> AuditStore:
        """Make a store whose database is away."""
        ...

    async def tally(self, stream_id: int, partition: int) -> Tally:
        """What became of the offsets of a stream partition."""
        ...

    async def quarantine(self) -> Sequence[tuple[int, bytes | None, bytes | None, str]]:
        """Offset, key, value and error type of each quarantined record, sorted."""
        ...

    async def control(self) -> Sequence[tuple[int, str, str | None]]:
        """Offset, kind and payload of each control message, sorted."""
        ...

    async def gaps(self) -> Sequence[tuple[int, int, int, int, str]]:
        """Stream, partition, first and next offset and cause of each gap, sorted."""
        ...

    async def redeliveries(self) -> Sequence[tuple[int, int, str]]:
        """Offset of each row that repeats another, the other's offset, and how certain, sorted."""
        ...


class MemoryTrailUnderTest:
    """The fake's trail."""

    def __init__(self) -> None:
        self._trail = MemoryTrail()
        self.readers = memory_readers(self._trail)
        self.reader: TrailReader = self.readers.trail
        self.catalog: SourceCatalog = self.readers.catalog

    async def store(self, group: str = GROUP) -> AuditStore:
        return MemoryAuditStore(self._trail, group=group, refuses=_refused)

    async def unreachable_store(self) -> AuditStore:
        store = MemoryAuditStore(self._trail)
        store.available = False
        return store

    async def tally(self, stream_id: int, partition: int) -> Tally:
        return self._trail.offsets[stream_id, partition].tally

    async def quarantine(self) -> Sequence[tuple[int, bytes | None, bytes | None, str]]:
        return sorted(
            (q.kafka_offset, q.key, q.value, q.error_type) for q in self._trail.quarantine.values()
        )

    async def control(self) -> Sequence[tuple[int, str, str | None]]:
        return sorted((m.kafka_offset, str(m.kind), m.payload) for m in self._trail.control)

    async def gaps(self) -> Sequence[tuple[int, int, int, int, str]]:
        return sorted(
            (g.stream_id, g.partition, g.first_offset, g.next_offset, g.cause.value)
            for g in self._trail.gaps
        )

    async def redeliveries(self) -> Sequence[tuple[int, int, str]]:
        found = self._trail.redeliveries.values()
        return sorted((r.later[2], r.first[2], r.certainty.value) for r in found)


class PostgresTrailUnderTest:
    """The real trail."""

    def __init__(self, config: DatabaseConfig, stack: AsyncExitStack, readers: SessionPool) -> None:
        self.config = config
        self._stack = stack
        self._readers = readers
        self._stores = 0
        self.readers = postgres_readers(readers, config)
        self.reader: TrailReader = self.readers.trail
        self.catalog: SourceCatalog = self.readers.catalog

    async def store(self, group: str = GROUP) -> AuditStore:
        self._stores += 1
        writer = f"writer-{self._stores}"
        pool = await self._stack.enter_async_context(open_pool(self.config, writer=writer))
        return PostgresAuditStore(pool, self.config, consumer_group=group, writer=writer)

    async def unreachable_store(self) -> AuditStore:
        away = DatabaseConfig(host="127.0.0.1", port=1, pool_timeout=1, pool_size=1)
        pool = await self._stack.enter_async_context(open_pool(away))
        return PostgresAuditStore(pool, away, consumer_group=GROUP)

    async def tally(self, stream_id: int, partition: int) -> Tally:
        found = await self._rows(
            "SELECT audited, baseline, control, skipped, quarantined, absent FROM kafka_offset "
            "WHERE stream_id = %s AND partition = %s",
            stream_id,
            partition,
        )
        names = ("audited", "baseline", "control", "skipped", "quarantined", "absent")
        return Tally(**dict(zip(names, found[0], strict=True)))

    async def quarantine(self) -> Sequence[tuple[int, bytes | None, bytes | None, str]]:
        return await self._rows(
            "SELECT kafka_offset, raw_key, raw_value, error_type FROM processing_error ORDER BY 1"
        )

    async def control(self) -> Sequence[tuple[int, str, str | None]]:
        return await self._rows(
            "SELECT kafka_offset, kind, payload::text FROM control_message ORDER BY 1"
        )

    async def gaps(self) -> Sequence[tuple[int, int, int, int, str]]:
        return await self._rows(
            "SELECT stream_id, kafka_partition, first_offset, next_offset, cause FROM audit_gap "
            "ORDER BY 1, 2, 3, 4"
        )

    async def redeliveries(self) -> Sequence[tuple[int, int, str]]:
        return await self._rows(
            "SELECT kafka_offset, first_kafka_offset, certainty FROM audit_redelivery ORDER BY 1"
        )

    async def _rows(self, query: str, *values: int) -> Sequence[Any]:
        async with self._readers.lease() as session:
            return await (await session.execute(query.encode(), values or None)).fetchall()


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Trail]:
    """Give a trail of the fake."""
    yield MemoryTrailUnderTest()


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Trail]:
    """Give a trail in a database of its own."""
    with scratch_database() as config:
        async with AsyncExitStack() as stack:
            readers = await stack.enter_async_context(open_pool(config, access=Access.READ))
            yield PostgresTrailUnderTest(config, stack, readers)


EVERY_TRAIL: Sequence[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]

OpenTrail = Callable[[], AbstractAsyncContextManager[Trail]]


def _refused(record: AuditRecord) -> str | None:
    return "invalid input syntax for type json" if record.new_data == BROKEN_JSON else None
