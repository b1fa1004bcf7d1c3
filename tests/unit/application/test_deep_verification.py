"""A trail held against its topic, offset by offset: what was changed in either is named."""

from collections.abc import Sequence

import msgspec
import pytest

from adapters.memory.bookkeeping import MemoryBookkeeping
from adapters.memory.broker import MemoryBroker
from adapters.memory.topic_reader import MemoryTopicReader
from application.deep_verification import VerifyDeeply
from application.trail_query import StoredRecord
from application.verify_accounting import VerifiedPartition
from domain.disposition import Tally
from domain.errors import SourceUnavailableError
from domain.gap import Gap, GapCause
from tests.pipelines import PlainDecoder, Rig

PLACE = (1, 0)


@pytest.fixture
async def rig() -> Rig:
    """Give a trail of one partition: audited 0 to 2, tombstone 3, skipped 4, bad 5, absent 6."""
    broker = MemoryBroker()
    broker.create_topic("orders")
    for value in (b'"0"', b'"1"', b'"2"', None, b"skip", b"bad"):
        broker.produce("orders", value)
    broker.skip("orders")
    async with Rig(broker=broker).running() as rig:
        await rig.until_caught_up()
    return rig


async def verified(rig: Rig, *, max_record_bytes: int = 100) -> VerifiedPartition:
    deeply = VerifyDeeply(
        MemoryBookkeeping(rig.trail),
        MemoryTopicReader(rig.broker),
        PlainDecoder(),
        max_record_bytes=max_record_bytes,
    )
    (found,) = [s.verified async for s in deeply.run() if s.verified is not None]
    return found


def told(found: VerifiedPartition) -> Sequence[str]:
    return [difference.what for difference in found.differences]


async def test_a_trail_that_fits_has_no_differences_and_all_of_it_was_read_again(
    rig: Rig,
) -> None:
    found = await verified(rig)

    assert found.differences == ()
    assert (found.reread, found.remark) == ((0, 7), None)
    assert found.account.tally == Tally(audited=3, control=1, skipped=1, quarantined=1, absent=1)


async def test_a_row_with_another_content_is_named_by_its_offset(rig: Rig) -> None:
    stored = rig.trail.records[1, 0, 1]
    forged = msgspec.structs.replace(stored.record, new_data='"forged"')
    rig.trail.records[1, 0, 1] = StoredRecord(forged, stored.topic, stored.recorded_at)

    found = await verified(rig)

    assert told(found) == ["1 rows differ from what the topic's records become"]
    assert found.differences[0].offsets == ((1, 2),)


async def test_a_row_that_is_missing_is_named_by_its_offset(rig: Rig) -> None:
    del rig.trail.records[1, 0, 2]

    found = await verified(rig)

    difference = next(d for d in found.differences if "have no row in the trail" in d.what)
    assert difference.what == "1 audited records have no row in the trail"
    assert difference.offsets == ((2, 3),)


async def test_a_row_where_the_topic_has_no_record_is_named(rig: Rig) -> None:
    invented = msgspec.structs.replace(rig.trail.records[1, 0, 2].record, kafka_offset=6)
    rig.trail.records[1, 0, 6] = StoredRecord(invented, "orders", 0)

    found = await verified(rig)

    difference = next(d for d in found.differences if "the topic has no record" in d.what)
    assert difference.offsets == ((6, 7),)


async def test_a_row_of_another_kind_is_named(rig: Rig) -> None:
    forged = msgspec.structs.replace(rig.trail.records[1, 0, 2].record, kafka_offset=5)
    rig.trail.records[1, 0, 5] = StoredRecord(forged, "orders", 0)

    found = await verified(rig)

    assert any(
        d.what == "1 offsets are audited in the trail, and quarantined by the topic"
        and d.offsets == ((5, 6),)
        for d in found.differences
    )


async def test_counters_that_only_the_topic_can_check_are_checked(rig: Rig) -> None:
    wrong = Tally(audited=3, control=1, skipped=2, quarantined=1)
    rig.trail.offsets[PLACE] = msgspec.structs.replace(rig.trail.offsets[PLACE], tally=wrong)

    found = await verified(rig)

    assert told(found) == [
        "2 skipped were counted, and 1 are skipped by the topic",
        "0 absent were counted, and 1 are absent by the topic",
    ]


async def test_a_record_that_is_decodable_now_stays_quarantined_until_it_is_retried(
    rig: Rig,
) -> None:
    log = rig.broker.logs["orders", 0]
    log.records[5] = msgspec.structs.replace(log.records[5], value=b'"good"')

    assert (await verified(rig)).differences == ()


async def test_a_record_above_the_limit_is_quarantined_there_as_well(rig: Rig) -> None:
    found = await verified(rig, max_record_bytes=2)

    assert "3 offsets are audited in the trail, and quarantined by the topic" in told(found)


async def test_what_expired_is_recounted_from_rows_alone_and_said(rig: Rig) -> None:
    rig.broker.expire("orders", start=2)
    del rig.trail.records[1, 0, 0]

    found = await verified(rig)

    assert found.reread == (2, 7)
    assert found.remark == "only the offsets from 2 up to before 7 are still in the topic"
    assert told(found)[0] == "3 audited were counted, and 2 rows are there"


async def test_a_topic_that_is_gone_or_another_one_is_said(rig: Rig) -> None:
    rig.broker.create_topic("orders")

    found = await verified(rig)

    assert (found.reread, found.differences) == (None, ())
    assert found.remark == "its topic is gone: recounted from its rows alone"


async def test_what_a_gap_covers_is_not_read(rig: Rig) -> None:
    rig.broker.produce("orders", b'"8"')
    rig.broker.damage("orders", offsets=range(7, 8))
    stood = rig.trail.offsets[PLACE]
    skip = Gap(
        stream_id=1,
        partition=0,
        first_offset=7,
        next_offset=8,
        cause=GapCause.CORRUPT,
        evidence="an operator",
    )
    rig.trail.gaps.append(skip)
    rig.trail.offsets[PLACE] = msgspec.structs.replace(
        stood, next_offset=8, tally=stood.tally + Tally(absent=1)
    )

    found = await verified(rig)

    assert found.differences == ()
    assert found.reread == (0, 8)


async def test_a_broker_that_is_away_is_said(rig: Rig) -> None:
    rig.broker.available = False

    with pytest.raises(SourceUnavailableError):
        await verified(rig)
