"""The contract of `AuditStore`: each sentence of its docstrings, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from application.ports import AuditStore
from application.trail_query import TrailQuery
from domain.audit_record import AuditRecord
from domain.disposition import Tally
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.errors import FencedError, StreamRefusedError
from domain.gap import Gap, GapCause
from domain.operation import OperationTypeEnum
from domain.quarantine import QuarantinedRecord
from domain.stream import Claim, LogPartition
from domain.transformed import Advance, TransformedBatch
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
from tests.contract.trails import BROKEN_JSON, EVERY_TRAIL, OpenTrail, Trail


@pytest.fixture(params=EVERY_TRAIL)
async def trail(request: pytest.FixtureRequest) -> AsyncGenerator[Trail]:
    opened: OpenTrail = request.param
    async with opened() as trail:
        yield trail


async def claimed(store: AuditStore, *logs: LogPartition) -> Sequence[Claim]:
    return await store.claim(logs or [a_log(log_end=100)])


async def stream_of(store: AuditStore) -> int:
    return (await claimed(store))[0].partition.stream_id


async def stored(store: AuditStore, batch: TransformedBatch) -> Sequence[QuarantinedRecord]:
    return await store.append(batch, a_consumed_batch(batch))


async def offsets_in(trail: Trail) -> Sequence[int]:
    found = await trail.reader.search(TrailQuery(limit=10_000))
    return sorted(s.record.kafka_offset for s in found)


def orders(stream_id: int, *offsets: int, partition: int = 0) -> Sequence[AuditRecord]:
    return [a_record(o, stream_id=stream_id, kafka_partition=partition) for o in offsets]


# begin


async def test_the_first_call_begins_a_trail_and_later_ones_change_nothing(trail: Trail) -> None:
    store = await trail.store()

    answers = [
        await store.begin([a_log(log_end=40)], reset="latest"),
        await store.begin([a_log(log_end=50)], reset="latest"),
    ]

    assert answers == [True, False]
    assert [claim.next_offset for claim in await claimed(store, a_log(log_end=60))] == [40]


async def test_latest_begins_at_the_end_of_logs_that_exist_then(trail: Trail) -> None:
    store = await trail.store()
    await store.begin([a_log(0, log_end=40), a_log(1, log_end=7)], reset="latest")

    claims = await claimed(store, a_log(0, log_end=90), a_log(1, log_end=7))

    assert [claim.next_offset for claim in claims] == [40, 7]


async def test_latest_reads_later_topics_and_partitions_from_their_beginning(trail: Trail) -> None:
    store = await trail.store()
    await store.begin([a_log(0, log_end=40)], reset="latest")

    claims = await claimed(store, a_log(1, log_end=9), a_log(0, topic="later", log_end=3))

    assert {claim.next_offset for claim in claims} == {0}


async def test_a_trail_that_began_without_any_topic_does_not_begin_again(trail: Trail) -> None:
    store = await trail.store()
    await store.begin([], reset="latest")

    await store.begin([a_log(log_end=40)], reset="latest")

    assert (await claimed(store, a_log(log_end=40)))[0].next_offset == 0


async def test_earliest_begins_at_the_beginning_of_the_logs(trail: Trail) -> None:
    store = await trail.store()
    await store.begin([a_log(log_start=3, log_end=40)], reset="earliest")

    claims = await claimed(store, a_log(log_start=3, log_end=40))

    assert claims[0].next_offset == 3


async def test_a_trail_that_was_claimed_has_begun(trail: Trail) -> None:
    store = await trail.store()
    await claimed(store, a_log(log_end=40))

    began = await store.begin([a_log(1, log_end=40)], reset="latest")

    assert not began


# claim


async def test_a_partition_without_an_offset_is_read_from_the_start_of_its_log(
    trail: Trail,
) -> None:
    store = await trail.store()

    claims = await claimed(store, a_log(log_start=5, log_end=9))

    assert claims[0].next_offset == 5
    assert await trail.gaps() == []


async def test_claiming_again_goes_on_behind_what_is_stored(trail: Trail) -> None:
    first = await trail.store()
    stream_id = await stream_of(first)
    await stored(first, a_batch(await first.encoder(), orders(stream_id, 0, 1, 2)))

    again = await claimed(await trail.store(), a_log(log_end=100))

    assert again[0].partition.stream_id == stream_id
    assert again[0].next_offset == 3


async def test_topics_and_clusters_have_streams_of_their_own(trail: Trail) -> None:
    store = await trail.store()

    claims = await claimed(
        store, a_log(0), a_log(1), a_log(topic="other"), a_log(cluster_id="another")
    )

    assert len({claim.partition.stream_id for claim in claims}) == 3


async def test_a_claim_says_whether_holes_in_the_log_are_losses(trail: Trail) -> None:
    store = await trail.store()

    claims = await claimed(store, a_log(0, compacted=True), a_log(1))

    assert {claim.partition.partition: claim.compacted for claim in claims} == {0: True, 1: False}


async def test_a_log_that_starts_beyond_the_trail_is_a_gap_and_the_claim_starts_after_it(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    await stored(store, a_batch(await store.encoder(), orders(stream_id, 0, 1)))

    claims = await claimed(store, a_log(log_start=10, log_end=20))

    assert claims[0].next_offset == 10
    assert await trail.gaps() == [(stream_id, 0, 2, 10, "expired")]
    assert await trail.tally(stream_id, 0) == Tally(audited=2, absent=8)


async def test_an_expired_gap_is_recorded_once(trail: Trail) -> None:
    store = await trail.store()
    await claimed(store, a_log(log_end=5))

    for _ in range(2):
        await claimed(store, a_log(log_start=10, log_end=20))

    assert len(await trail.gaps()) == 1


async def test_a_topic_with_a_new_id_is_a_new_stream_read_from_its_beginning(trail: Trail) -> None:
    store = await trail.store()
    old = await stream_of(store)
    await stored(store, a_batch(await store.encoder(), orders(old, 0, 1, 2)))

    claims = await claimed(store, a_log(topic_id="life-2", log_end=1))

    assert claims[0].partition.stream_id != old
    assert claims[0].next_offset == 0
    assert await trail.gaps() == [(old, 0, 3, 3, "remade_topic")]


async def test_both_partitions_of_a_remade_topic_get_the_same_new_stream(trail: Trail) -> None:
    await claimed(await trail.store(), a_log(0), a_log(1))

    first = await claimed(await trail.store(), a_log(0, topic_id="life-2"))
    second = await claimed(await trail.store(), a_log(1, topic_id="life-2"))

    assert first[0].partition.stream_id == second[0].partition.stream_id


async def test_every_partition_of_a_remade_topic_ends_in_a_gap(trail: Trail) -> None:
    claims = await claimed(await trail.store(), a_log(0), a_log(1))
    old = claims[0].partition.stream_id

    await claimed(await trail.store(), a_log(0, topic_id="life-2"))
    await claimed(await trail.store(), a_log(1, topic_id="life-2"))

    causes = [(stream, partition, cause) for stream, partition, _, _, cause in await trail.gaps()]
    assert causes == [(old, 0, "remade_topic"), (old, 1, "remade_topic")]


async def test_a_topic_whose_id_was_unknown_keeps_its_stream_when_the_broker_names_it(
    trail: Trail,
) -> None:
    store = await trail.store()
    unnamed = await claimed(store, a_log(topic_id=None))

    named = await claimed(store, a_log(topic_id="life-1"))
    remade = await claimed(store, a_log(topic_id="life-2"))

    assert named[0].partition == unnamed[0].partition
    assert remade[0].partition.stream_id != named[0].partition.stream_id


async def test_a_log_that_ends_before_the_trail_is_refused_with_what_to_do(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    await stored(store, a_batch(await store.encoder(), orders(stream_id, 0, 1, 2)))

    with pytest.raises(StreamRefusedError, match=r"log ends at 1.*new-incarnation") as refusal:
        await claimed(store, a_log(log_end=1))

    assert (refusal.value.topic, refusal.value.partition) == ("shop.public.orders", 0)


async def test_another_consumer_group_is_refused_with_both_names(trail: Trail) -> None:
    await claimed(await trail.store(group="first"), a_log())

    with pytest.raises(StreamRefusedError, match=r"first.*second"):
        await claimed(await trail.store(group="second"), a_log())


async def test_another_consumer_group_may_not_take_another_partition_of_the_stream(
    trail: Trail,
) -> None:
    await claimed(await trail.store(group="first"), a_log(0))

    with pytest.raises(StreamRefusedError, match=r"first.*second"):
        await claimed(await trail.store(group="second"), a_log(1))


async def test_a_refused_partition_leaves_the_others_of_the_claim_as_they_were(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    await stored(store, a_batch(await store.encoder(), orders(stream_id, 0, 1, 2)))

    with pytest.raises(StreamRefusedError):
        await claimed(store, a_log(1, topic="other", log_start=4, log_end=9), a_log(0, log_end=1))

    assert len((await trail.reader.position()).offsets) in {1, 2}  # PostgreSQL has the stream `api`
    assert await trail.gaps() == []


# append


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
