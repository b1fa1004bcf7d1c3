"""The contract of `AuditStore.begin` and `claim`: where each partition is read from."""

import pytest

from domain.disposition import Tally
from domain.errors import StreamRefusedError
from tests.builders import a_batch, a_log
from tests.contract.trail_writing import claimed, orders, stored, stream_of
from tests.contract.trails import Trail

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
