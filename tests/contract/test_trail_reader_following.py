"""The contract of `TrailReader.position` and `since`: following a trail that grows."""

from collections.abc import Sequence

import pytest

from application.trail_query import Cursor, StoredRecord, TrailQuery
from tests.builders import NOON, SECOND, a_log, a_record
from tests.contract.trail_writing import a_trail_of, keep, offsets, stream_of
from tests.contract.trails import Trail


async def test_everything_committed_before_is_behind_the_position(trail: Trail) -> None:
    await a_trail_of(trail, {}, {})

    found, cursor = await trail.reader.since(await trail.reader.position(), TrailQuery())

    assert list(found) == []
    assert cursor == await trail.reader.position()


async def test_since_gives_what_was_committed_after_the_cursor_in_the_order_of_the_trail(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    await keep(store, [a_record(0, stream_id=stream_id)])
    cursor = await trail.reader.position()
    later = [
        a_record(o, stream_id=stream_id, change_timestamp=NOON - o * SECOND) for o in (1, 2, 3)
    ]
    await keep(store, later)

    found, behind = await trail.reader.since(cursor, TrailQuery())

    assert offsets(found) == [3, 2, 1]
    assert list((await trail.reader.since(behind, TrailQuery()))[0]) == []


async def test_since_the_very_beginning_gives_everything(trail: Trail) -> None:
    await a_trail_of(trail, {}, {}, {})

    found, _ = await trail.reader.since(Cursor(), TrailQuery())

    assert offsets(found) == [0, 1, 2]


async def test_since_finds_partitions_that_the_cursor_does_not_know(trail: Trail) -> None:
    cursor = await trail.reader.position()
    store = await trail.store()
    claims = await store.claim([a_log(3, log_start=70, log_end=99)])
    stream_id = claims[0].partition.stream_id
    await keep(store, [a_record(70, stream_id=stream_id, kafka_partition=3)])

    found, _ = await trail.reader.since(cursor, TrailQuery())

    assert offsets(found) == [70]


async def test_since_gives_only_what_matches_and_goes_on_behind_what_does_not(
    trail: Trail,
) -> None:
    cursor = await trail.reader.position()
    await a_trail_of(trail, {}, {"source_table": "people"}, {}, {"source_table": "people"})

    found, behind = await trail.reader.since(cursor, TrailQuery(source_table="people"))

    assert offsets(found) == [1, 3]
    assert behind == await trail.reader.position()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_since_in_small_steps_skips_and_repeats_nothing(trail: Trail, limit: int) -> None:
    store = await trail.store()
    stream_id = await stream_of(store, 0, 1, 2)
    cursor = await trail.reader.position()
    records = [
        # times that run against the offsets, so that the two orders differ
        a_record(
            o,
            stream_id=stream_id,
            kafka_partition=p,
            change_timestamp=NOON + (o * 7 % 5) * SECOND,
            source_table="people" if o % 4 == 1 else "orders",
        )
        for p in (0, 1, 2)
        for o in range(8)
    ]
    await keep(store, records)

    query = TrailQuery(source_table="orders", limit=limit)
    steps: list[Sequence[StoredRecord]] = []
    while cursor != await trail.reader.position():
        found, cursor = await trail.reader.since(cursor, query)
        steps.append(found)

    seen = [s for step in steps for s in step]
    assert sorted(s.place for s in seen) == sorted(
        StoredRecord(r, "", 0).place for r in records if r.source_table == "orders"
    )
    assert all(len(step) <= limit for step in steps)
    assert all(list(step) == sorted(step, key=lambda s: s.place) for step in steps)
