"""The books of a trail, over the fake and PostgreSQL; and what recounting them finds."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.bookkeeping import MemoryBookkeeping
from adapters.memory.trail import MemoryTrail
from adapters.postgres.accounting import PostgresBookkeeping
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.pool import Access, open_pool
from application.bookkeeping import Bookkeeping
from application.ports import AuditStore
from application.verify_accounting import VerifiedPartition, VerifyAccounting
from domain.account import Trace
from domain.disposition import Disposition, Tally
from domain.operation import OperationTypeEnum
from domain.stream import StreamPartition
from tests.builders import (
    a_batch,
    a_consumed_batch,
    a_control_message,
    a_log,
    a_quarantined_record,
    a_record,
)
from tests.servers.postgres import scratch_database

TOPIC = "shop.public.orders"
Opened = tuple[AuditStore, Bookkeeping]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Opened]:
    """Give a store, and the books of its trail."""
    trail = MemoryTrail()
    yield MemoryAuditStore(trail), MemoryBookkeeping(trail)


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Opened]:
    """Give a store, and the books of its trail, in a database of its own."""
    with scratch_database() as config:
        async with open_pool(config) as pool, open_pool(config, access=Access.READ) as readers:
            store = PostgresAuditStore(pool, config, consumer_group="group")
            yield store, PostgresBookkeeping(readers, config)


EVERY_TRAIL: Sequence[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERY_TRAIL)
async def opened(request: pytest.FixtureRequest) -> AsyncGenerator[Opened]:
    context: AbstractAsyncContextManager[Opened] = request.param()
    async with context as opened:
        yield opened


async def fill(store: AuditStore) -> StreamPartition:
    """Store one of each: absent 0 and 1, baseline 2, audited 3 and 4, control 5, quarantined 6."""
    await store.claim([a_log()])
    (claim,) = await store.claim([a_log(log_start=2, log_end=7)])
    stream_id = claim.partition.stream_id
    records = [
        a_record(2, stream_id=stream_id, operation=OperationTypeEnum.SNAPSHOT),
        a_record(3, stream_id=stream_id),
        a_record(4, stream_id=stream_id),
    ]
    batch = a_batch(
        await store.encoder(),
        records,
        control=[a_control_message(5, stream_id=stream_id)],
        quarantined=[a_quarantined_record(6, stream_id=stream_id)],
    )
    await store.append(batch, a_consumed_batch(batch))
    return claim.partition


async def test_a_trail_of_nothing_has_no_partitions(opened: Opened) -> None:
    _, bookkeeping = opened

    assert await bookkeeping.partitions() == []


async def test_the_counters_and_the_gaps_are_told(opened: Opened) -> None:
    store, bookkeeping = opened
    partition = await fill(store)

    assert await bookkeeping.partitions() == [partition]
    async with bookkeeping.open(partition) as books:
        account, gaps = books.account, books.gaps

    assert (account.partition, account.cluster_id) == (partition, "cluster")
    assert account.topic_id == "life-1"
    assert (account.first_offset, account.next_offset, account.unaccounted) == (0, 7, 0)
    assert account.tally == Tally(audited=2, baseline=1, control=1, quarantined=1, absent=2)
    assert [(gap.first_offset, gap.next_offset, gap.cause) for gap in gaps] == [(0, 2, "expired")]


@pytest.mark.parametrize("whole", [False, True])
async def test_every_row_is_a_trace_in_the_order_of_offsets(opened: Opened, whole: bool) -> None:  # noqa: FBT001 - a parameter of the test
    store, bookkeeping = opened
    partition = await fill(store)

    async with bookkeeping.open(partition) as books:
        traces = [trace async for trace in books.traces(whole=whole)]

    assert [(trace.offset, trace.disposition) for trace in traces] == [
        (2, Disposition.BASELINE),
        (3, Disposition.AUDITED),
        (4, Disposition.AUDITED),
        (5, Disposition.CONTROL),
        (6, Disposition.QUARANTINED),
    ]
    expected = [a_record(3, stream_id=partition.stream_id)] if whole else [None]
    assert [trace.record for trace in traces if trace.offset == 3] == expected


async def test_a_trail_that_fits_has_no_differences(opened: Opened) -> None:
    store, bookkeeping = opened
    partition = await fill(store)

    (found,) = await verified(bookkeeping)

    assert found.account.partition == partition
    assert found.rows == 5
    assert found.differences == ()


async def test_only_the_topic_that_is_asked_for_is_verified(opened: Opened) -> None:
    store, bookkeeping = opened
    await fill(store)
    await store.claim([a_log(topic="other", topic_id="life-9")])

    found = await verified(bookkeeping, topic="other")

    assert [part.account.partition.topic for part in found] == ["other"]


async def test_what_is_stored_while_it_is_verified_changes_nothing(opened: Opened) -> None:
    store, bookkeeping = opened
    partition = await fill(store)

    async with bookkeeping.open(partition) as books:
        batch = a_batch(await store.encoder(), [a_record(7, stream_id=partition.stream_id)])
        await store.append(batch, a_consumed_batch(batch))
        traces: list[Trace] = [trace async for trace in books.traces()]

    assert [trace.offset for trace in traces] == [2, 3, 4, 5, 6]
    assert books.account.next_offset == 7


async def verified(
    bookkeeping: Bookkeeping, *, topic: str | None = None
) -> Sequence[VerifiedPartition]:
    steps = [step async for step in VerifyAccounting(bookkeeping).run(topic)]
    return [step.verified for step in steps if step.verified is not None]
