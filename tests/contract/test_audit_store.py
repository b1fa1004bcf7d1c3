"""The contract of `AuditStore.append`: all of a batch is stored, and refused rows are isolated."""

import pytest

from application.trail_query import TrailQuery
from domain.disposition import Tally
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.gap import Gap, GapCause
from domain.operation import OperationTypeEnum
from domain.transformed import Advance
from tests.builders import (
    NOON,
    a_batch,
    a_consumed_batch,
    a_control_message,
    a_log,
    a_quarantined_record,
    a_record,
    advances_of,
)
from tests.contract.trail_writing import claimed, offsets_in, orders, stored, stream_of
from tests.contract.trails import BROKEN_JSON, Trail


async def test_a_batch_is_stored_with_its_tally_quarantine_control_and_gaps(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    records = orders(stream_id, 0, 1)
    message = a_control_message(2, stream_id=stream_id)
    bad = a_quarantined_record(3, stream_id=stream_id)
    hole = Gap(
        stream_id=stream_id,
        partition=0,
        first_offset=4,
        next_offset=6,
        cause=GapCause.COMPACTED,
        evidence="no records at 4 and 5",
    )
    records = [*records, a_record(6, stream_id=stream_id, operation=OperationTypeEnum.SNAPSHOT)]
    advances = advances_of(records, control=[message], quarantined=[bad], gaps=[hole])
    batch = a_batch(
        await store.encoder(), records, advances=advances, control=[message], quarantined=[bad]
    )

    refused = await stored(store, batch)

    assert list(refused) == []
    assert await offsets_in(trail) == [0, 1, 6]
    assert await trail.control() == [(2, "transaction_begin", message.payload)]
    assert await trail.quarantine() == [(3, bad.key, bad.value, "ValidationError")]
    assert await trail.gaps() == [(stream_id, 0, 4, 6, "compacted")]
    assert await trail.tally(stream_id, 0) == Tally(
        audited=2, baseline=1, control=1, quarantined=1, absent=2
    )


async def test_the_store_tells_when_the_rows_of_a_batch_go_out(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    encoder = await store.encoder()
    batch = a_batch(encoder, orders(stream_id, 0))
    message = a_control_message(1, stream_id=stream_id)
    advances = advances_of([], control=[message])
    without_rows = a_batch(encoder, [], advances=advances, control=[message])
    heard: list[str] = []

    await store.append(batch, a_consumed_batch(batch), sending=lambda: heard.append("rows"))
    await store.append(
        without_rows, a_consumed_batch(without_rows), sending=lambda: heard.append("none")
    )

    assert heard == ["rows"]
    assert await offsets_in(trail) == [0]


async def test_batches_add_up_in_the_tally(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    encoder = await store.encoder()

    for start in (0, 2, 4):
        await stored(store, a_batch(encoder, orders(stream_id, start, start + 1)))

    assert await trail.tally(stream_id, 0) == Tally(audited=6)
    assert await offsets_in(trail) == [0, 1, 2, 3, 4, 5]


async def test_a_batch_of_several_partitions_moves_all_of_them(trail: Trail) -> None:
    store = await trail.store()
    stream_id = (await claimed(store, a_log(0), a_log(1)))[0].partition.stream_id
    records = [*orders(stream_id, 0, 1), *orders(stream_id, 0, partition=1)]

    await stored(store, a_batch(await store.encoder(), records))

    assert await trail.tally(stream_id, 0) == Tally(audited=2)
    assert await trail.tally(stream_id, 1) == Tally(audited=1)


async def test_offsets_without_any_row_are_moved_too(trail: Trail) -> None:
    store = await trail.store()
    claim = (await claimed(store))[0]
    advance = Advance(claim.partition, 0, 5, Tally(control=2, skipped=2, absent=1))

    await stored(store, a_batch(await store.encoder(), advances=[advance]))

    assert (await claimed(store))[0].next_offset == 5
    assert await trail.tally(claim.partition.stream_id, 0) == advance.tally


async def test_a_row_that_the_database_refuses_is_quarantined_and_the_others_are_stored(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    records = [
        a_record(o, stream_id=stream_id, new_data=BROKEN_JSON if o in {2, 3, 9} else '{"id":1}')
        for o in range(10)
    ]

    refused = await stored(store, a_batch(await store.encoder(), records))

    assert [q.kafka_offset for q in refused] == [2, 3, 9]
    assert [q.value for q in refused] == [b'{"offset":2}', b'{"offset":3}', b'{"offset":9}']
    assert await offsets_in(trail) == [0, 1, 4, 5, 6, 7, 8]
    assert [(o, v) for o, _, v, _ in await trail.quarantine()] == [
        (2, b'{"offset":2}'),
        (3, b'{"offset":3}'),
        (9, b'{"offset":9}'),
    ]
    assert await trail.tally(stream_id, 0) == Tally(audited=7, quarantined=3)


async def test_a_refused_baseline_is_taken_from_the_baseline(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    snapshot = OperationTypeEnum.SNAPSHOT
    records = [
        a_record(0, stream_id=stream_id, operation=snapshot, new_data=BROKEN_JSON),
        a_record(1, stream_id=stream_id, operation=snapshot),
        a_record(2, stream_id=stream_id),
    ]

    await stored(store, a_batch(await store.encoder(), records))

    assert await trail.tally(stream_id, 0) == Tally(audited=1, baseline=1, quarantined=1)


async def test_a_batch_with_refused_rows_can_be_appended_again(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    records = [*orders(stream_id, 0), a_record(1, stream_id=stream_id, new_data=BROKEN_JSON)]
    batch = a_batch(await store.encoder(), records)
    first = await stored(store, batch)

    again = await stored(store, batch)

    assert [q.kafka_offset for q in again] == [q.kafka_offset for q in first] == [1]
    assert await trail.tally(stream_id, 0) == Tally(audited=1, quarantined=1)


async def test_rows_of_any_year_find_a_place(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    times = (946_684_800_000_000, NOON, 4_102_444_800_000_001, 7_258_118_399_999_999)
    records = [
        a_record(o, stream_id=stream_id, change_timestamp=time) for o, time in enumerate(times)
    ]

    await stored(store, a_batch(await store.encoder(), records))

    found = await trail.reader.search(TrailQuery())
    assert [s.record.change_timestamp for s in found] == sorted(times, reverse=True)


async def test_a_database_that_is_away_is_a_retryable_error(trail: Trail) -> None:
    working = await trail.store()
    stream_id = await stream_of(working)
    batch = a_batch(await working.encoder(), orders(stream_id, 0))
    store = await trail.unreachable_store()

    with pytest.raises(DatabaseConnectionError):
        await store.encoder()
    with pytest.raises(DatabaseConnectionError):
        await store.claim([a_log()])
    with pytest.raises(DatabaseConnectionError):
        await stored(store, batch)
