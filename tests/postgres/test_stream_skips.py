"""Moving a partition forward by hand: a gap, accounted for, and never under a running writer."""

import asyncio
from typing import Any

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.stream_skips import Skip, skip_offsets
from domain.errors import RepositoryError
from domain.gap import GapCause
from tests.builders import a_log, a_record
from tests.postgres.trails import a_store, a_trail, claim, keep, rows
from tests.processes import wait_until
from tests.servers.postgres import scratch_role

pytestmark = pytest.mark.postgres

TOPIC = "shop.public.orders"
ACCOUNTING = """
SELECT first_offset, next_offset, audited, absent, unaccounted FROM audit_accounting
WHERE topic = 'shop.public.orders'
"""
STORE = "UPDATE kafka_offset SET next_offset = next_offset + 5, audited = audited + 5"
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
GAPS = "SELECT id, first_offset, next_offset, cause, evidence FROM audit_gap"


def an_order(**fields: Any) -> Skip:  # noqa: ANN401 - any field
    values: dict[str, Any] = {"topic": TOPIC, "partition": 0, "to_offset": 7, "reason": "damaged"}
    values.update(fields)
    return Skip(**values)


async def test_what_is_skipped_is_a_gap_and_is_accounted_for(
    trail_database: DatabaseConfig,
) -> None:
    stream_id = await a_trail(trail_database)

    skipped = skip_offsets(trail_database, an_order())

    assert (skipped.stream_id, skipped.first_offset, skipped.next_offset) == (stream_id, 3, 7)
    assert rows(trail_database, ACCOUNTING) == [(0, 7, 3, 4, 0)]
    ((number, first, following, cause, evidence),) = rows(trail_database, GAPS)
    assert (number, first, following, cause) == (skipped.gap_id, 3, 7, "operator_skip")
    assert evidence.endswith("moved the trail from offset 3 to 7: damaged")


async def test_the_trail_is_read_on_behind_what_was_skipped(
    trail_database: DatabaseConfig,
) -> None:
    stream_id = await a_trail(trail_database)
    skip_offsets(trail_database, an_order(cause=GapCause.CORRUPT, from_offset=3))

    async with a_store(trail_database) as store:
        (claimed,) = await store.claim([a_log(log_end=9)])
        await keep(store, [a_record(7, stream_id=stream_id)])

    assert claimed.next_offset == 7
    assert rows(trail_database, ACCOUNTING) == [(0, 8, 4, 4, 0)]
    assert [gap[3] for gap in rows(trail_database, GAPS)] == ["corrupt"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"to_offset": 3}, "the trail stands at offset 3: it cannot go back to 3"),
        ({"to_offset": 1}, "the trail stands at offset 3: it cannot go back to 1"),
        ({"from_offset": 2}, "the trail stands at offset 3, not at 2. Nothing was skipped"),
        ({"partition": 9}, f"the trail has no partition 9 of topic {TOPIC}"),
        ({"topic": "other"}, "the trail has no topic 'other'"),
        ({"cluster_id": "other"}, f"the trail knows topic {TOPIC!r} of the clusters cluster"),
        ({"reason": " "}, "the reason is missing"),
    ],
)
async def test_an_order_that_does_not_fit_is_refused(
    trail_database: DatabaseConfig, fields: dict[str, Any], problem: str
) -> None:
    await a_trail(trail_database)

    with pytest.raises(RepositoryError, match=problem):
        skip_offsets(trail_database, an_order(**fields))

    assert rows(trail_database, ACCOUNTING) == [(0, 3, 3, 0, 0)]
    assert rows(trail_database, GAPS) == []


async def test_a_partition_that_a_running_service_writes_is_not_skipped_over_its_head(
    trail_database: DatabaseConfig,
) -> None:
    await a_trail(trail_database)
    async with a_store(trail_database, writer="deadbeef") as store:
        await claim(store)

        with pytest.raises(RepositoryError, match=r"the service 'cdc-audit deadbeef' \(its sess"):
            skip_offsets(trail_database, an_order())

    assert rows(trail_database, GAPS) == []


async def test_a_running_service_that_gave_the_partition_up_is_not_in_the_way(
    trail_database: DatabaseConfig,
) -> None:
    await a_trail(trail_database)
    async with a_store(trail_database, writer="deadbeef") as store:
        (claimed,) = await store.claim([a_log(log_end=9)])
        await store.give_up([claimed.partition])

        skip_offsets(trail_database, an_order())
        (again,) = await store.claim([a_log(log_end=9)])

    assert again.next_offset == 7


async def test_only_the_writer_itself_gives_a_partition_up(trail_database: DatabaseConfig) -> None:
    await a_trail(trail_database)
    async with (
        a_store(trail_database, writer="first") as first,
        a_store(trail_database, writer="second") as second,
    ):
        (claimed,) = await first.claim([a_log(log_end=9)])
        await second.claim([a_log(log_end=9)])

        await first.give_up([claimed.partition])

        with pytest.raises(RepositoryError, match="the service 'cdc-audit second'"):
            skip_offsets(trail_database, an_order())


async def test_a_batch_that_is_being_stored_is_waited_for_and_counts(
    trail_database: DatabaseConfig,
) -> None:
    def it_waits() -> bool:
        return bool(rows(trail_database, WAITING, trail_database.database))

    await a_trail(trail_database)

    with psycopg.connect(trail_database.conninfo) as batch:
        batch.execute(STORE.encode())
        skipping = asyncio.create_task(
            asyncio.to_thread(skip_offsets, trail_database, an_order(from_offset=3))
        )
        await asyncio.to_thread(wait_until, it_waits, what="a skip that waits")
        batch.commit()
        with pytest.raises(RepositoryError, match="the trail stands at offset 8, not at 3"):
            await skipping

    assert rows(trail_database, ACCOUNTING) == [(0, 8, 8, 0, 0)]
    assert rows(trail_database, GAPS) == []


async def test_the_writer_of_the_trail_may_not_skip(trail_database: DatabaseConfig) -> None:
    await a_trail(trail_database)
    with scratch_role("LOGIN") as role:
        rows(trail_database, f"GRANT USAGE ON SCHEMA {trail_database.schema} TO {role}")

        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="audit_skip"):
            rows(trail_database, f"SET ROLE {role}; SELECT audit_skip(1, 0, 7, 'corrupt', 'x')")
        rows(trail_database, f"REVOKE USAGE ON SCHEMA {trail_database.schema} FROM {role}")
