"""What people ask of the whole trail, over the fake and PostgreSQL: sums, health, holes."""

from collections.abc import Sequence

import msgspec
import pytest

from application.trail_facts import Bucket
from domain.gap import Gap, GapCause
from domain.missing_part import Incompleteness, MissingKind
from domain.operation import OperationTypeEnum
from domain.row_identity import RowIdentity
from tests.builders import (
    DAY,
    NOON,
    SECOND,
    a_batch,
    a_quarantined_record,
    a_record,
    advances_of,
)
from tests.contract.row_stories import ORDERS, inserted, keyed, order, questions, updated
from tests.contract.trail_writing import a_trail_of, stored, stream_of
from tests.contract.trails import Trail

HOUR = 3600 * SECOND
PEOPLE = ORDERS._replace(source_table="people")
INSERT, UPDATE = OperationTypeEnum.INSERT, OperationTypeEnum.UPDATE

CHANGES = (
    {**inserted(1), "change_timestamp": NOON},
    {**updated(1, {}, {"n": 1}), "change_timestamp": NOON + HOUR, "change_user": "maria"},
    {**updated(1, {}, {"n": 2}), "change_timestamp": NOON + HOUR + 1, "change_user": "maria"},
    {**updated(2, {}, {"n": 1}), "change_timestamp": NOON + 3 * HOUR, "change_user": "ed"},
    {**keyed(5, table="people"), "change_timestamp": NOON + 3 * HOUR},
    {"source_table": "people", "change_timestamp": NOON + 50 * HOUR},
)


async def test_changes_are_added_up_by_table_hour_row_and_writer(trail: Trail) -> None:
    await a_trail_of(trail, *CHANGES)

    found = await questions(trail).statistics.between(NOON, NOON + 50 * HOUR)

    assert [(c.source, c.operation, c.changes, c.first, c.last) for c in found.tables] == [
        (ORDERS, UPDATE, 3, NOON + HOUR, NOON + 3 * HOUR),
        (ORDERS, INSERT, 1, NOON, NOON),
        (PEOPLE, UPDATE, 1, NOON + 3 * HOUR, NOON + 3 * HOUR),
    ]
    start = NOON - NOON % HOUR
    assert found.hours == [
        Bucket(start, INSERT, 1),
        Bucket(start + HOUR, UPDATE, 2),
        Bucket(start + 3 * HOUR, UPDATE, 2),
    ]
    assert found.busiest_keys == [
        (order(1), 3),
        (order(2), 1),
        (RowIdentity(PEOPLE, '{"id":5}'), 1),
    ]
    assert found.writers == [("maria", 2), (None, 2), ("ed", 1)]
    assert [(one.source, one.last) for one in found.freshness] == [
        (ORDERS, NOON + 3 * HOUR),
        (PEOPLE, NOON + 3 * HOUR),
    ]


async def test_changes_of_one_table_are_added_up_alone(trail: Trail) -> None:
    await a_trail_of(trail, *CHANGES)

    found = await questions(trail).statistics.between(
        NOON, NOON + 99 * HOUR, source_table="people", limit=1
    )

    assert [(c.source, c.changes) for c in found.tables] == [(PEOPLE, 2)]
    assert [bucket.changes for bucket in found.hours] == [1, 1]
    assert found.busiest_keys == [(RowIdentity(PEOPLE, '{"id":5}'), 1)]
    assert found.writers == [(None, 2)]
    assert [one.source for one in found.freshness] == [PEOPLE]


async def test_health_tells_what_the_trail_covers_and_which_table_is_silent(trail: Trail) -> None:
    hours = [{**keyed(1), "change_timestamp": NOON + n * HOUR} for n in range(5)]
    rare = [{**keyed(1, table="people"), "change_timestamp": NOON + n * DAY} for n in range(2)]
    await a_trail_of(trail, *hours, *rare)

    report = await questions(trail).health.report(NOON + DAY)

    assert [(c.source, list(c.columns)) for c in report.coverage] == [
        (ORDERS, ["id", "status"]),
        (PEOPLE, ["id", "status"]),
    ]
    assert [(one.source, one.silent_for, one.usual) for one in report.silent] == [
        (ORDERS, 20 * HOUR, 2 * HOUR)
    ]
    (here,) = [one for one in report.accounting if one.topic == "shop.public.orders"]
    assert (here.tally.audited, here.next_offset, here.unaccounted) == (7, 7, 0)
    assert report.unaccounted == 0
    assert not report.may_be_incomplete


async def a_trail_with_holes(trail: Trail) -> int:
    """Changes at the offsets 0, 1, 5 and 6, a gap between, and quarantine at 7 and 8."""
    store = await trail.store()
    stream_id = await stream_of(store)
    records = [
        a_record(o, stream_id=stream_id, change_timestamp=NOON + o * HOUR, **keyed(1))
        for o in (0, 1, 5, 6)
    ]
    kafka_time = (NOON + 7 * HOUR) // 1000
    bad = [a_quarantined_record(o, stream_id=stream_id, kafka_timestamp=kafka_time) for o in (7, 8)]
    gaps = [
        Gap(
            stream_id=stream_id,
            partition=0,
            first_offset=first,
            next_offset=behind,
            cause=cause,
            evidence="e",
        )
        for first, behind, cause in ((2, 4, GapCause.EXPIRED), (4, 5, GapCause.COMPACTED))
    ]
    advances = advances_of(records, quarantined=bad, gaps=gaps)
    batch = a_batch(await store.encoder(), records, quarantined=bad, advances=advances)
    await stored(store, batch)
    return stream_id


def kinds(found: Incompleteness) -> Sequence[tuple[MissingKind, int]]:
    return [(part.kind, part.first_offset) for part in found.parts]


GAP, FIRST, NEXT = (
    (MissingKind.GAP, 2),
    (MissingKind.QUARANTINE, 7),
    (MissingKind.QUARANTINE, 8),
)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, [GAP, FIRST, NEXT]),
        (NOON, NOON + 6 * HOUR, [GAP, FIRST, NEXT]),  # quarantine: a connector may lag
        (NOON - 99 * HOUR, NOON - 30 * HOUR, []),
        (NOON + 2 * HOUR, NOON + 3 * HOUR, [GAP, FIRST, NEXT]),
        (NOON + 5 * HOUR + 1, None, [FIRST, NEXT]),
        (NOON + 8 * HOUR, None, []),
        (None, NOON + 1, [FIRST, NEXT]),
    ],
)
async def test_an_answer_may_lack_what_belongs_into_its_time(
    trail: Trail, since: int | None, until: int | None, expected: Sequence[object]
) -> None:
    stream_id = await a_trail_with_holes(trail)
    missing = questions(trail).missing

    found = await missing.missing(streams=[stream_id], since=since, until=until, limit=9)
    elsewhere = await missing.missing(streams=[stream_id + 9], since=since, until=until, limit=9)
    short = await missing.missing(streams=None, since=since, until=until, limit=1)

    assert kinds(found) == expected
    assert not elsewhere
    assert (len(short.parts), short.has_more) == (min(1, len(expected)), len(expected) > 1)


async def test_a_history_says_what_may_be_missing_from_its_page(trail: Trail) -> None:
    await a_trail_with_holes(trail)
    ask = questions(trail)

    newest = await ask.history.page(order(1), limit=1)
    whole = await ask.history.page(order(1))
    then = await ask.row_at.at(order(1), NOON + HOUR - 1)
    later = await ask.row_at.at(order(1), NOON + 2 * HOUR)

    assert kinds(newest.may_be_incomplete) == [FIRST, NEXT]
    assert kinds(whole.may_be_incomplete) == [GAP, FIRST, NEXT]
    assert GAP not in kinds(then.may_be_incomplete)
    assert GAP in kinds(later.may_be_incomplete)
    (gap, *_) = whole.may_be_incomplete.parts
    shown = msgspec.structs.replace(gap, id=0)
    assert (shown.topic, shown.next_offset, shown.cause) == ("shop.public.orders", 4, "expired")


async def test_health_lists_gaps_and_quarantine(trail: Trail) -> None:
    await a_trail_with_holes(trail)

    report = await questions(trail).health.report(NOON + DAY)

    assert [(gap.first_offset, gap.cause) for gap in report.gaps] == [
        (4, "compacted"),
        (2, "expired"),
    ]
    assert [(q.topic, q.error_type, q.records) for q in report.quarantine] == [
        ("shop.public.orders", "ValidationError", 2)
    ]
    assert kinds(report.may_be_incomplete) == [GAP, FIRST, NEXT]
