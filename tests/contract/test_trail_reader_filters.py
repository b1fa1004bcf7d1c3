"""The filters of a search that no index finds, and the count of what it finds."""

from collections.abc import Sequence

import pytest

from application.find_row import RowName
from application.trail_query import BoundedCount, Cursor, TrailQuery, ValueFilter
from domain.operation import OperationTypeEnum
from domain.row_identity import RowIdentity
from tests.builders import DAY, NOON, SECOND
from tests.contract.row_stories import ORDERS, inserted, keyed, order, questions, updated
from tests.contract.trail_writing import a_trail_of, offsets
from tests.contract.trails import Trail

CHANGES = (
    inserted(1, status="new", note='say "hi" to 100%'),  # 0
    updated(1, {"status": "new", "n": 1.5}, {"status": "paid", "n": 1.5}),
    updated(1, {"status": "paid", "n": 1}, {"status": "paid", "n": 2}),  # 2
    keyed(2, change_user="maria", source_name="other", source_database="elsewhere"),
    keyed(3, new_data='{"id":3,"status":"Z\\u00fcrich"}', old_data='{"id":3,"status":"Bern"}'),  # 4
    keyed(4, new_data='{"id":4,"price":1.50,"deep":{"a":[1]},"no":null}'),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrailQuery(change_user="maria"), [3]),
        (TrailQuery(source_name="other"), [3]),
        (TrailQuery(source_database="shop", source_name="shop"), [5, 4, 2, 1, 0]),
        (TrailQuery(changed_column="status"), [5, 4, 3, 1]),
        (TrailQuery(changed_column="n"), [2]),
        (TrailQuery(column_value=ValueFilter("status", "paid")), [3, 2, 1]),
        (TrailQuery(column_value=ValueFilter("status", '"new"')), [5, 3, 1, 0]),
        (TrailQuery(column_value=ValueFilter("status", "Zürich")), [4]),
        (TrailQuery(column_value=ValueFilter("price", "1.50")), [5]),
        (TrailQuery(column_value=ValueFilter("price", "1.5")), []),
        (TrailQuery(column_value=ValueFilter("deep", '{"a":[1]}')), [5]),
        (TrailQuery(column_value=ValueFilter("no", "null")), []),
        (TrailQuery(column_value=ValueFilter("st'atus", "' OR true --")), []),
        (TrailQuery(text="BERN"), [4]),
        (TrailQuery(text="zürich"), [4]),
        (TrailQuery(text='say "hi"'), [0]),
        (TrailQuery(text="100%"), [0]),
        (TrailQuery(text="1_5"), []),
        (TrailQuery(text='{"id":2}'), [3]),
        (TrailQuery(text="paid", changed_column="n", operation=OperationTypeEnum.UPDATE), [2]),
    ],
)
async def test_search_finds_what_matches_filters_on_values(
    trail: Trail, query: TrailQuery, expected: Sequence[int]
) -> None:
    await a_trail_of(trail, *CHANGES)

    found = await trail.reader.search(query)
    followed, _ = await trail.reader.since(Cursor(), query)

    assert offsets(found) == expected
    assert sorted(offsets(followed)) == sorted(expected)


async def test_a_count_is_exact_or_says_that_there_are_more(trail: Trail) -> None:
    await a_trail_of(
        trail, *({"change_timestamp": NOON - n * 40 * DAY, **keyed(n % 2)} for n in range(9))
    )
    counter = questions(trail).counter

    counts = [
        await counter.count(query, at_most=at_most)
        for query, at_most in (
            (TrailQuery(limit=1, source_table="orders"), 9),
            (TrailQuery(), 8),
            (TrailQuery(record_key='{"id":1}'), 100),
            (TrailQuery(record_key='{"id":1}'), 2),
            (TrailQuery(since=NOON - 41 * DAY), 100),
            (TrailQuery(source_table="nothing"), 100),
        )
    ]

    assert counts == [
        BoundedCount(9, is_exact=True),
        BoundedCount(8, is_exact=False),
        BoundedCount(4, is_exact=True),
        BoundedCount(2, is_exact=False),
        BoundedCount(2, is_exact=True),
        BoundedCount(0, is_exact=True),
    ]


async def test_a_row_is_found_by_the_name_of_its_table_and_a_key(trail: Trail) -> None:
    await a_trail_of(
        trail,
        keyed(42),
        keyed(42, table="people"),
        {**keyed(1), "record_key": '{"id":"x-1"}', "key_hash": order("x-1").key_hash},
        {**keyed(1, table="pairs"), "record_key": '{"a":1,"b":2}'},
        change_at(NOON + 60 * SECOND),
    )
    find = questions(trail).find
    people = RowIdentity(ORDERS._replace(source_table="people"), '{"id":42}')

    found = [
        await find.rows(RowName(record_key=key, source_table=table))
        for key, table in (
            ("42", "orders"),
            ("42", None),
            ('{ "id" : 42 }', "orders"),
            ("x-1", "orders"),
            ("43", "orders"),
            ("1", "pairs"),
        )
    ]

    assert found == [[order(42)], [order(42), people], [order(42)], [order("x-1")], [], []]


def change_at(time: int) -> dict[str, object]:
    return {"change_timestamp": time}
