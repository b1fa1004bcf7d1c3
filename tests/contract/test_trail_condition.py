"""What a trail is known to miss, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.trail import MemoryTrail
from adapters.memory.vital_signs import MemoryVitalSigns
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from adapters.postgres.vital_signs import PostgresVitalSigns
from application.ports import AuditStore
from application.vital_signs import AskCondition, TrailCondition
from domain.disposition import Tally
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.gap import Gap, GapCause
from tests.builders import a_batch, a_consumed_batch, a_log, a_quarantined_record, advances_of
from tests.servers.postgres import scratch_database

Opened = tuple[AuditStore, AskCondition]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Opened]:
    """Give a store and the condition of its trail."""
    trail = MemoryTrail()
    yield MemoryAuditStore(trail), MemoryVitalSigns(trail).condition


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Opened]:
    """Give a store and the condition of its trail, in a database of its own."""
    with scratch_database() as config:
        async with open_pool(config) as pool:
            store = PostgresAuditStore(pool, config, consumer_group="group")
            yield store, PostgresVitalSigns(pool, config).condition


EVERY_TRAIL: Sequence[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERY_TRAIL)
async def opened(request: pytest.FixtureRequest) -> AsyncGenerator[Opened]:
    context: AbstractAsyncContextManager[Opened] = request.param()
    async with context as opened:
        yield opened


async def test_an_empty_trail_misses_nothing(opened: Opened) -> None:
    _, condition = opened

    found = await condition()

    assert found == TrailCondition()
    assert not found.incomplete


async def test_open_quarantine_is_counted(opened: Opened) -> None:
    store, condition = opened
    (claim,) = await store.claim([a_log(log_end=10)])
    bad = [a_quarantined_record(o, stream_id=claim.partition.stream_id) for o in range(3)]
    batch = a_batch(await store.encoder(), quarantined=bad)

    await store.append(batch, a_consumed_batch(batch))

    found = await condition()
    assert (found.open_quarantine, found.open_gaps) == (3, 0)
    assert found.incomplete


async def test_gaps_that_lose_changes_are_counted_and_compacted_ones_are_not(
    opened: Opened,
) -> None:
    store, condition = opened
    (claim,) = await store.claim([a_log(log_end=10, compacted=True)])
    stream_id = claim.partition.stream_id
    bad = [a_quarantined_record(o, stream_id=stream_id) for o in (0, 3)]
    hole = Gap(
        stream_id=stream_id,
        partition=0,
        first_offset=1,
        next_offset=3,
        cause=GapCause.COMPACTED,
        evidence="no record between 0 and 3",
    )
    advances = advances_of([], quarantined=bad, gaps=[hole])
    batch = a_batch(await store.encoder(), quarantined=bad, advances=advances)
    await store.append(batch, a_consumed_batch(batch))

    await store.claim([a_log(log_start=7, log_end=10)])

    assert (await condition()).open_gaps == 1


@pytest.mark.postgres
async def test_what_somebody_resolved_or_acknowledged_is_not_counted() -> None:
    with scratch_database() as config:
        async with open_pool(config) as pool:
            async with pool.lease() as session:
                await session.execute(
                    "INSERT INTO processing_error (stream_id, kafka_partition, kafka_offset, "
                    "topic, error_type, error_message, resolved_at) "
                    "VALUES (1, 0, 0, 't', 'E', 'm', now()), (1, 0, 1, 't', 'E', 'm', NULL)"
                )
                await session.execute(
                    "INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, "
                    "next_offset, cause, evidence, acknowledged_at, acknowledged_by, "
                    "acknowledged_reason) VALUES "
                    "(1, 0, 0, 1, 'expired', 'e', now(), 'ana', 'replayed'), "
                    "(1, 0, 1, 2, 'expired', 'e', NULL, NULL, NULL)"
                )

            found = await PostgresVitalSigns(pool, config).condition()

    assert (found.open_quarantine, found.open_gaps) == (1, 1)


async def test_what_became_of_every_offset_is_summed_up(opened: Opened) -> None:
    store, condition = opened
    for partition in (0, 1):
        await store.claim([a_log(partition)])
        await store.claim([a_log(partition, log_start=2, log_end=9)])

    found = await condition()

    assert (found.offsets, found.unaccounted) == (Tally(absent=4), 0)


async def test_a_database_that_is_away_is_said_to_be_away() -> None:
    away = DatabaseConfig(host="127.0.0.1", port=1, pool_timeout=1, pool_size=1)

    async with open_pool(away) as pool:
        with pytest.raises(DatabaseConnectionError, match=r"127\.0\.0\.1:1"):
            await PostgresVitalSigns(pool, away).condition()


@pytest.mark.postgres
async def test_connections_are_counted_as_they_are_used() -> None:
    with scratch_database() as config:
        async with open_pool(config) as pool:
            await pool.wait()
            signs = PostgresVitalSigns(pool, config)
            before = signs.pool_usage()

            async with pool.lease():
                during = signs.pool_usage()

    assert (before.size, before.idle) == (1, 1)
    assert (during.size, during.idle, during.waiting, during.limit) == (1, 0, 0, 8)
