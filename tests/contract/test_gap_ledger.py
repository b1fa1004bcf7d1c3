"""The ledger of gaps, over the fake and PostgreSQL; and the use case that takes note of one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.trail import MemoryTrail
from adapters.memory.vital_signs import MemoryVitalSigns
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.pool import open_pool
from adapters.postgres.vital_signs import PostgresVitalSigns
from application.acknowledge_gap import AcknowledgeGap
from application.gap_ledger import GapLedger, GapQuery
from application.ports import AuditStore
from application.vital_signs import TOLD_GAPS, AskCondition
from domain.disposition import Tally
from domain.gap import Gap, GapCause, GapOrderError
from domain.transformed import Advance
from tests.builders import a_batch, a_consumed_batch, a_log
from tests.servers.postgres import scratch_database

TOPIC, OTHER = "shop.public.orders", "shop.public.customers"

Opened = tuple[AuditStore, GapLedger, AskCondition]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Opened]:
    """Give a store, and the ledger of its trail."""
    trail = MemoryTrail()
    yield MemoryAuditStore(trail), MemoryGapLedger(trail), MemoryVitalSigns(trail).condition


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Opened]:
    """Give a store, and the ledger of its trail, in a database of its own."""
    with scratch_database() as config:
        async with open_pool(config) as pool:
            store = PostgresAuditStore(pool, config, consumer_group="group")
            condition = PostgresVitalSigns(pool, config).condition
            yield store, PostgresGapLedger(pool, config), condition


EVERY_LEDGER: Sequence[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERY_LEDGER)
async def opened(request: pytest.FixtureRequest) -> AsyncGenerator[Opened]:
    context: AbstractAsyncContextManager[Opened] = request.param()
    async with context as opened:
        yield opened


async def expire(store: AuditStore, topic: str = TOPIC, *, start: int) -> None:
    """Let the log of a topic begin at `start`."""
    await store.claim([a_log(topic=topic, log_start=start, log_end=start)])


async def compact(store: AuditStore) -> None:
    """Store a batch of nothing but a hole in a compacted log."""
    (claim,) = await store.claim([a_log(topic=OTHER)])
    hole = Gap(
        stream_id=claim.partition.stream_id,
        partition=0,
        first_offset=0,
        next_offset=2,
        cause=GapCause.COMPACTED,
        evidence="cleanup.policy is compact",
    )
    advance = Advance(claim.partition, 0, 2, Tally(absent=2), (hole,))
    batch = a_batch(await store.encoder(), advances=[advance])
    await store.append(batch, a_consumed_batch(batch))


async def test_a_trail_that_misses_nothing_has_no_gaps(opened: Opened) -> None:
    _, ledger, condition = opened

    assert await ledger.gaps(GapQuery()) == []
    assert await ledger.find(1) is None
    assert (await condition()).reason is None


async def test_a_gap_tells_its_interval_its_cause_and_what_was_seen(opened: Opened) -> None:
    store, ledger, condition = opened
    await expire(store, start=0)
    await expire(store, start=7)

    (gap,) = await ledger.gaps(GapQuery())
    found = await ledger.find(gap.id)

    assert found == gap
    assert (gap.topic, gap.incarnation, gap.partition) == (TOPIC, 1, 0)
    assert (gap.first_offset, gap.next_offset, gap.cause) == (0, 7, "expired")
    assert "starts at 7, the trail was at 0: 7 offsets were deleted" in gap.evidence
    assert gap.is_open
    assert gap.title == f"gap {gap.id}: topic {TOPIC}, partition 0, offsets 0 to 6 (expired)"
    assert gap.title in ((await condition()).reason or "")


async def test_gaps_come_newest_first_and_a_page_at_a_time(opened: Opened) -> None:
    store, ledger, _ = opened
    for start in (0, 1, 2, 3):
        await expire(store, start=start)

    first = await ledger.gaps(GapQuery(limit=2))
    rest = await ledger.gaps(GapQuery(limit=2, before=first[-1].id))

    assert [gap.first_offset for gap in (*first, *rest)] == [2, 1, 0]


async def test_gaps_are_filtered_by_topic_and_by_whether_they_are_open(opened: Opened) -> None:
    store, ledger, _ = opened
    for start in (0, 3):
        await expire(store, start=start)
    await compact(store)

    of_topic = await ledger.gaps(GapQuery(topic=OTHER))
    still_open = await ledger.gaps(GapQuery(only_open=True))

    assert [gap.cause for gap in of_topic] == ["compacted"]
    assert not of_topic[0].is_open
    assert [gap.cause for gap in still_open] == ["expired"]


async def test_an_acknowledged_gap_is_kept_with_who_and_why_and_is_open_no_more(
    opened: Opened,
) -> None:
    store, ledger, condition = opened
    for start in (0, 3):
        await expire(store, start=start)
    (gap,) = await ledger.gaps(GapQuery())

    done = await AcknowledgeGap(ledger).acknowledge(gap.id, by=" ana ", reason="replayed\n")

    found = await ledger.find(gap.id)
    assert found == done
    assert done.acknowledged is not None
    assert (done.acknowledged.by, done.acknowledged.reason) == ("ana", "replayed")
    assert done.acknowledged.at > 1_700_000_000_000_000
    assert await ledger.gaps(GapQuery(only_open=True)) == []
    assert await ledger.gaps(GapQuery()) == [done]
    assert (await condition()).open_gaps == 0


async def test_a_gap_is_acknowledged_once(opened: Opened) -> None:
    store, ledger, _ = opened
    for start in (0, 3):
        await expire(store, start=start)
    (gap,) = await ledger.gaps(GapQuery())
    done = await AcknowledgeGap(ledger).acknowledge(gap.id, by="ana", reason="replayed")

    with pytest.raises(GapOrderError, match="was acknowledged by ana before"):
        await AcknowledgeGap(ledger).acknowledge(gap.id, by="bo", reason="me too")

    assert await ledger.find(gap.id) == done


async def test_a_gap_that_is_not_there_is_refused(opened: Opened) -> None:
    _, ledger, _ = opened

    with pytest.raises(GapOrderError, match="there is no gap 404"):
        await AcknowledgeGap(ledger).acknowledge(404, by="ana", reason="replayed")


@pytest.mark.parametrize(
    ("by", "reason", "problem"),
    [
        ("ana", " \n", "the reason is missing"),
        ("", "replayed", "who acknowledges it is missing"),
        ("ana", "x" * 2_001, "the reason has 2001 characters"),
    ],
)
async def test_an_acknowledgement_without_name_or_reason_is_refused(
    opened: Opened, by: str, reason: str, problem: str
) -> None:
    store, ledger, _ = opened
    for start in (0, 3):
        await expire(store, start=start)
    (gap,) = await ledger.gaps(GapQuery())

    with pytest.raises(GapOrderError, match=problem):
        await AcknowledgeGap(ledger).acknowledge(gap.id, by=by, reason=reason)

    assert await ledger.gaps(GapQuery(only_open=True)) == [gap]


async def test_health_is_told_the_oldest_open_gaps_and_how_many_more(opened: Opened) -> None:
    store, _, condition = opened
    for start in range(TOLD_GAPS + 3):
        await expire(store, start=start)

    found = await condition()

    assert found.open_gaps == TOLD_GAPS + 2
    assert len(found.gaps) == TOLD_GAPS
    assert "partition 0, offset 0 (expired)" in found.gaps[0]
    assert "; and 2 more. `cdc-audit gap list --open`" in (found.reason or "")
