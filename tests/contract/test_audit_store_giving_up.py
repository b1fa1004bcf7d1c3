"""Letting go of partitions that are stopped, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator

import pytest

from domain.errors import ConnectionError as DatabaseConnectionError
from domain.stream import StreamPartition
from tests.builders import a_batch, a_consumed_batch, a_log, a_record
from tests.contract.trails import EVERY_TRAIL, Trail


@pytest.fixture(params=EVERY_TRAIL)
async def trail(request: pytest.FixtureRequest) -> AsyncGenerator[Trail]:
    async with request.param() as trail:
        yield trail


async def test_what_was_given_up_is_claimed_again_where_it_stood(trail: Trail) -> None:
    store = await trail.store()
    (claim,) = await store.claim([a_log()])
    batch = a_batch(await store.encoder(), [a_record(0, stream_id=claim.partition.stream_id)])
    await store.append(batch, a_consumed_batch(batch))

    await store.give_up([claim.partition])
    await store.give_up([claim.partition])
    (again,) = await store.claim([a_log(log_end=5)])

    assert again.partition == claim.partition
    assert again.next_offset == 1


async def test_what_another_has_claimed_meanwhile_stays_with_it(trail: Trail) -> None:
    first, second = await trail.store(), await trail.store()
    (claim,) = await first.claim([a_log()])
    await second.claim([a_log()])

    await first.give_up([claim.partition])

    batch = a_batch(await second.encoder(), [a_record(0, stream_id=claim.partition.stream_id)])
    await second.append(batch, a_consumed_batch(batch))
    await second.append(batch, a_consumed_batch(batch))  # its answer was lost: still its own
    assert (await trail.tally(claim.partition.stream_id, 0)).audited == 1


async def test_a_database_that_is_away_is_said_to_be_away(trail: Trail) -> None:
    store = await trail.unreachable_store()

    with pytest.raises(DatabaseConnectionError):
        await store.give_up([StreamPartition(1, 0, "shop.public.orders")])
