"""Verifying marks of redeliveries and making them anew, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.redelivery import MemoryRedeliveryBooks
from adapters.memory.trail import MemoryTrail
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.redelivery_books import PostgresRedeliveryBooks
from application.mark_redeliveries import MarkRedeliveries, RedeliveryBooks, VerifiedRun
from application.ports import AuditStore
from domain.redelivery import Certainty, Redelivery
from tests.contract.test_redeliveries import a_change, deliver
from tests.contract.trail_writing import stream_of
from tests.postgres.trails import a_store
from tests.servers.postgres import scratch_database

Opened = tuple[AuditStore, RedeliveryBooks]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Opened]:
    trail = MemoryTrail()
    yield MemoryAuditStore(trail), MemoryRedeliveryBooks(trail)


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Opened]:
    with scratch_database() as config:
        async with a_store(config) as store, open_pool(config, access=Access.OWN) as pool:
            yield store, PostgresRedeliveryBooks(pool, config)


@pytest.fixture(params=[in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)])
async def opened(request: pytest.FixtureRequest) -> AsyncGenerator[Opened]:
    opening: AbstractAsyncContextManager[Opened] = request.param()
    async with opening as opened:
        yield opened


async def deliver_twice(store: AuditStore) -> int:
    """Two changes of one run, and both once more of another; give the stream."""
    stream_id = await stream_of(store)
    of: dict[str, Any] = {"stream_id": stream_id}
    await deliver(store, [a_change(0, 10, **of), a_change(1, 20, **of)], "a")
    await deliver(store, [a_change(2, 10, **of), a_change(3, 20, **of)], "b")
    return stream_id


async def verified(books: RedeliveryBooks, **options: Any) -> Sequence[VerifiedRun]:  # noqa: ANN401 - of the use case
    return [run async for run in MarkRedeliveries(books).verify(**options)]


async def test_what_the_store_marked_is_what_should_be(opened: Opened) -> None:
    store, books = opened
    await deliver_twice(store)

    runs = await verified(books)

    assert [(r.interval.run, r.interval.first_offset, r.interval.next_offset) for r in runs] == [
        ("a", 0, 2),
        ("b", 2, 4),
    ]
    assert [run.marked for run in runs] == [0, 2]
    assert not any(run.differences for run in runs)


async def test_a_mark_that_lacks_one_that_is_wrong_and_one_too_much_are_named(
    opened: Opened,
) -> None:
    store, books = opened
    s = await deliver_twice(store)
    first, second = await books.runs()
    wrong = Redelivery((s, 0, 3), (s, 0, 0), Certainty.POSSIBLE, "")
    await books.replace(first, [Redelivery((s, 0, 1), (s, 0, 0), Certainty.CERTAIN, "")])
    await books.replace(second, [wrong])

    runs = await verified(books)

    assert [difference.text for run in runs for difference in run.differences] == [
        f"{s}-0-1: should be no redelivery, is a certain redelivery of {s}-0-0",
        f"{s}-0-2: should be a certain redelivery of {s}-0-0, is no redelivery",
        f"{s}-0-3: should be a certain redelivery of {s}-0-1, is a possible redelivery of {s}-0-0",
    ]
    assert await books.marks_in(second) == [wrong]


async def test_recomputing_sets_right_what_differs(opened: Opened) -> None:
    store, books = opened
    await deliver_twice(store)
    first, second = await books.runs()
    marks = await books.marks_in(second)
    await books.replace(first, [Redelivery(marks[0].first, marks[1].first, Certainty.CERTAIN, "")])
    await books.replace(second, [])

    told = await verified(books, recompute=True)
    again = await verified(books)

    assert [len(run.differences) for run in told] == [1, 2]
    assert not any(run.differences for run in again)
    assert [(m.later, m.first) for m in await books.marks_in(second)] == [
        (m.later, m.first) for m in marks
    ]


async def test_only_a_topic_that_is_named_is_looked_at(opened: Opened) -> None:
    store, books = opened
    await deliver_twice(store)

    assert len(await verified(books, topic="shop.public.orders")) == 2
    assert await verified(books, topic="shop.public.customers") == []
