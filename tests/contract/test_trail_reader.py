"""The contract of `TrailReader.search` and `find`, over the fake and PostgreSQL."""

from collections.abc import Sequence

import pytest

from application.trail_query import StoredRecord, TrailQuery
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.record_key import identity_prefix, key_hash
from tests.builders import DAY, NOON, SECOND, a_record
from tests.contract.trail_writing import a_trail_of, keep, offsets, stream_of
from tests.contract.trails import Trail


def a_key(key: str, table: str = "orders") -> dict[str, object]:
    prefix = identity_prefix("postgresql", "shop", "shop", "public", table)
    return {"record_key": key, "key_hash": key_hash(prefix, key.encode()), "source_table": table}


# search


async def test_search_of_an_empty_trail_finds_nothing(trail: Trail) -> None:
    assert list(await trail.reader.search(TrailQuery())) == []


async def test_search_gives_the_newest_first(trail: Trail) -> None:
    await a_trail_of(
        trail,
        {"change_timestamp": NOON + 5},
        {"change_timestamp": NOON + 9},
        {"change_timestamp": NOON + 7},
    )

    found = await trail.reader.search(TrailQuery())

    assert offsets(found) == [1, 2, 0]


async def test_changes_of_one_moment_are_ordered_by_stream_partition_and_offset(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store, 0, 1)
    at = {"stream_id": stream_id, "change_timestamp": NOON}
    records = [a_record(o, kafka_partition=p, **at) for p in (0, 1) for o in (0, 1)]
    await keep(store, records)

    found = await trail.reader.search(TrailQuery())

    assert [(s.record.kafka_partition, s.record.kafka_offset) for s in found] == [
        (1, 1),
        (1, 0),
        (0, 1),
        (0, 0),
    ]


async def test_search_gives_back_exactly_what_was_stored(trail: Trail) -> None:
    records = await a_trail_of(
        trail,
        {
            "old_data": '{ "id" : 1,\t"n":1.50e3, "ü":"\\\\ \\u00e4 \\n" }',
            "new_data": '{"b":1,"a":2,"a":3}',
            "captured_at": NOON + 1,
            "kafka_timestamp": NOON + 2,
            "record_key": '{"id":"tab\\tback\\\\slash"}',
            "key_hash": -(2**63),
            "changed_columns": ('quote"', "back\\slash", "", "NULL", "{,}", "line\nfeed\r\ttab"),
            "value_notes": '{"b":"masked"}',
            "transaction_id": "771",
            "transaction_order": 2**62,
            "collection_order": 1,
            "lsn": "0/16E9058",
            "source_position": "0001",
            "source_metadata": '{"ts_ms":1}',
            "headers": '[["a","b"]]',
            "change_user": "\\N",
            "source_schema": "",
            "timestamp_source": TimestampSource.ENVELOPE,
            "before_image": BeforeImage.INVENTED,
        },
        {"old_data": None, "new_data": None, "changed_columns": (), "source_table": None},
    )

    found = await trail.reader.search(TrailQuery())

    assert [s.record for s in found] == list(reversed(records))
    assert {s.topic for s in found} == {"shop.public.orders"}
    assert all(s.recorded_at > NOON for s in found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrailQuery(source_table="orders"), [3, 2, 0]),
        (TrailQuery(source_schema="archive"), [2]),
        (TrailQuery(source_table="orders", source_schema="public"), [3, 0]),
        (TrailQuery(operation=OperationTypeEnum.DELETE), [3]),
        (TrailQuery(transaction_id="771"), [3, 1]),
        (TrailQuery(source_table="people", transaction_id="771"), [1]),
        (TrailQuery(since=NOON + 2 * SECOND), [3, 2]),
        (TrailQuery(until=NOON + 2 * SECOND), [1, 0]),
        (TrailQuery(since=NOON + SECOND, until=NOON + 3 * SECOND), [2, 1]),
        (TrailQuery(source_table="nothing"), []),
        (TrailQuery(limit=2), [3, 2]),
        (TrailQuery(source_table="o'; DROP TABLE audit_logging; --"), []),
    ],
)
async def test_search_finds_what_matches_every_filter(
    trail: Trail, query: TrailQuery, expected: Sequence[int]
) -> None:
    await a_trail_of(
        trail,
        {},
        {"source_table": "people", "transaction_id": "771"},
        {"source_schema": "archive"},
        {"operation": OperationTypeEnum.DELETE, "transaction_id": "771"},
    )

    found = await trail.reader.search(query)

    assert offsets(found) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrailQuery(record_key='{"id":42}'), [4, 0]),
        (TrailQuery(record_key='{"id":42}', source_table="people"), [4]),
        (TrailQuery(record_key='{"id":42}', limit=1), [4]),
        (TrailQuery(record_key='{"id":42}', until=NOON + SECOND), [0]),
        (TrailQuery(record_key="42"), [4, 1, 0]),
        (TrailQuery(record_key="4"), []),
        (TrailQuery(record_key='a"b.*'), [5]),
        (TrailQuery(record_key='{"a":42,"b":42}'), [2]),
        (TrailQuery(record_key='{"id":43}'), []),
    ],
)
async def test_search_finds_a_key_whole_or_by_the_bare_value_of_its_one_column(
    trail: Trail, query: TrailQuery, expected: Sequence[int]
) -> None:
    await a_trail_of(
        trail,
        a_key('{"id":42}'),
        a_key('{"id":"42"}'),
        a_key('{"a":42,"b":42}'),
        {},
        a_key('{"id":42}', table="people"),
        a_key('{"na\\"me":"a\\"b.*"}', table="odd"),
    )

    found = await trail.reader.search(query)

    assert offsets(found) == expected


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store, 0, 1)
    records = [
        a_record(
            o, stream_id=stream_id, kafka_partition=p, change_timestamp=NOON + o // 3 * 40 * DAY
        )
        for p in (0, 1)
        for o in range(15)
    ]
    await keep(store, records)

    seen: list[StoredRecord] = []
    while page := await trail.reader.search(
        TrailQuery(before=seen[-1].place if seen else None, limit=4)
    ):
        seen += page

    places = [s.place for s in seen]
    assert len(places) == 30
    assert places == sorted(set(places), reverse=True)


async def test_search_reaches_records_of_every_age(trail: Trail) -> None:
    times = (
        946_684_800_000_000,
        NOON - 3000 * DAY,
        NOON - 40 * DAY,
        NOON,
        NOON + 1,
        7_258_118_399_999_999,
    )
    await a_trail_of(trail, *({"change_timestamp": time} for time in times))

    found = await trail.reader.search(TrailQuery(limit=6))
    three = await trail.reader.search(TrailQuery(limit=3))

    assert offsets(found) == [5, 4, 3, 2, 1, 0]
    assert offsets(three) == [5, 4, 3]


# find


async def test_find_gives_the_record_at_its_coordinates(trail: Trail) -> None:
    records = await a_trail_of(trail, {}, {})
    stream_id = records[0].stream_id

    found = await trail.reader.find(stream_id, 0, 1)

    assert found is not None
    assert found.record == records[1]
    assert found.id == f"{stream_id}-0-1"


async def test_find_gives_none_where_there_is_no_record(trail: Trail) -> None:
    records = await a_trail_of(trail, {})
    stream_id = records[0].stream_id

    assert await trail.reader.find(stream_id, 0, 1) is None
    assert await trail.reader.find(stream_id, 1, 0) is None
    assert await trail.reader.find(stream_id + 1, 0, 0) is None
