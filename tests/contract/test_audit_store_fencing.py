"""The contract of `AuditStore.append` with rivals: who may move an offset, and who is fenced."""

import pytest

from domain.disposition import Tally
from domain.errors import FencedError
from tests.builders import a_batch, a_log, a_quarantined_record
from tests.contract.trail_writing import claimed, offsets_in, orders, stored, stream_of
from tests.contract.trails import Trail


async def test_a_batch_that_is_appended_again_by_its_writer_changes_nothing_and_succeeds(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    bad = a_quarantined_record(2, stream_id=stream_id)
    batch = a_batch(await store.encoder(), orders(stream_id, 0, 1), quarantined=[bad])
    await stored(store, batch)

    again = await stored(store, batch)

    assert list(again) == []
    assert await offsets_in(trail) == [0, 1]
    assert await trail.tally(stream_id, 0) == Tally(audited=2, quarantined=1)


async def test_a_batch_that_another_writer_has_stored_is_fenced(trail: Trail) -> None:
    first, second = await trail.store(), await trail.store()
    stream_id = await stream_of(first)
    batch = a_batch(await first.encoder(), orders(stream_id, 0, 1))
    await stored(first, batch)

    with pytest.raises(FencedError) as fenced:
        await stored(second, batch)

    assert fenced.value.positions == {(stream_id, 0): 2}
    assert fenced.value.writer is not None
    assert await trail.tally(stream_id, 0) == Tally(audited=2)


async def test_nothing_of_a_batch_is_stored_if_one_of_its_partitions_is_fenced(
    trail: Trail,
) -> None:
    zombie, owner = await trail.store(), await trail.store()
    stream_id = (await claimed(zombie, a_log(0), a_log(1)))[0].partition.stream_id
    encoder = await zombie.encoder()
    await stored(owner, a_batch(encoder, orders(stream_id, 0, 1, 2, partition=1)))
    both = [*orders(stream_id, 0, 1), *orders(stream_id, 0, partition=1)]

    with pytest.raises(FencedError) as fenced:
        await stored(zombie, a_batch(encoder, both))

    assert fenced.value.positions == {(stream_id, 0): 0, (stream_id, 1): 3}
    assert await trail.tally(stream_id, 0) == Tally()
    assert await offsets_in(trail) == [0, 1, 2]


async def test_a_batch_ahead_of_the_trail_is_fenced(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)

    with pytest.raises(FencedError) as fenced:
        await stored(store, a_batch(await store.encoder(), orders(stream_id, 5, 6)))

    assert fenced.value.positions == {(stream_id, 0): 0}
    assert await offsets_in(trail) == []


async def test_a_fenced_writer_can_read_on_where_the_error_says(trail: Trail) -> None:
    first, second = await trail.store(), await trail.store()
    stream_id = await stream_of(first)
    encoder = await first.encoder()
    await stored(first, a_batch(encoder, orders(stream_id, 0, 1)))
    with pytest.raises(FencedError):
        await stored(second, a_batch(encoder, orders(stream_id, 0)))

    await stored(second, a_batch(encoder, orders(stream_id, 2)))

    assert await offsets_in(trail) == [0, 1, 2]
