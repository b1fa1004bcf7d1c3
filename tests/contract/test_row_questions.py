"""What people ask of one row, over the fake and PostgreSQL: its history, and what it was."""

from domain.diff import ColumnStatus
from domain.row_state import Existence, RowState
from tests.contract.row_stories import (
    at,
    deleted,
    inserted,
    keyed,
    offsets_of,
    order,
    questions,
    truncated,
    updated,
)
from tests.contract.trail_writing import a_trail_of
from tests.contract.trails import Trail

A_STORY = (
    inserted(1, status="new", total=5),  # 0
    inserted(2, status="new", total=7),
    updated(1, {"status": "new", "total": 5}, {"status": "paid", "total": 5}),  # 2
    deleted(1, 10, status="paid", total=5),  # 3: its key becomes 10
    inserted(10, 1, status="paid", total=5),
    updated(10, {"status": "paid", "total": 5}, {"status": "sent", "total": 5}),  # 5
    inserted(1, status="again", total=1),  # 6: another row gets the key
    deleted(2, status="new", total=7),  # 7
)


def values(state: RowState) -> dict[str, str | None]:
    return {c.name: None if c.value is None else c.value.text for c in state.columns}


def origins(state: RowState) -> dict[str, tuple[str, str]]:
    return {
        c.name: (c.origin.change_id.rsplit("-", 1)[1], c.origin.side)
        for c in state.columns
        if c.origin is not None
    }


# history


async def test_a_history_has_every_change_of_the_key_and_follows_changes_of_it(
    trail: Trail,
) -> None:
    await a_trail_of(trail, *A_STORY)
    history = questions(trail).history

    by_old_key = await history.page(order(1))
    by_new_key = await history.page(order(10))
    of_another = await history.page(order(2))
    of_none = await history.page(order(3))

    assert offsets_of([e.change for e in by_old_key.entries]) == [6, 5, 4, 3, 2, 0]
    assert by_old_key.keys == (order(1), order(10))
    assert offsets_of([e.change for e in by_new_key.entries]) == [5, 4, 3, 2, 0]
    moved = {e.change.record.kafka_offset: e.moved for e in by_new_key.entries}
    assert (moved[4].from_key, moved[3].to_key) == ('{"id":1}', '{"id":10}')
    assert offsets_of([e.change for e in of_another.entries]) == [7, 1]
    assert (list(of_none.entries), of_none.older) == ([], None)


async def test_pages_of_a_history_follow_each_other_without_a_gap_or_a_repetition(
    trail: Trail,
) -> None:
    await a_trail_of(trail, *A_STORY)
    history = questions(trail).history

    pages = [await history.page(order(1), limit=2)]
    while (older := pages[-1].older) is not None:
        pages.append(await history.page(order(1), before=older, limit=2))

    assert [offsets_of([e.change for e in page.entries]) for page in pages] == [
        [6, 5],
        [4, 3],
        [2, 0],
    ]


async def test_a_value_that_was_not_sent_is_shown_as_such_with_the_last_one_that_is_known(
    trail: Trail,
) -> None:
    note = '{"bio":"unavailable"}'
    small = '{"id":1,"n":%d}'
    await a_trail_of(
        trail,
        inserted(1, n=0, bio="long"),
        keyed(1, old_data=small % 0, new_data=small % 1, value_notes=note),
        keyed(1, old_data=small % 1, new_data=small % 2, value_notes=note),
    )

    page = await questions(trail).history.page(order(1), limit=1)

    (column,) = [c for c in page.entries[0].columns if c.diff.name == "bio"]
    assert column.diff.status is ColumnStatus.UNAVAILABLE
    assert column.last_known is not None
    assert column.last_known.value.text == '"long"'
    assert column.last_known.origin.change_id.endswith("-0-0")


async def test_a_history_shows_that_the_table_was_emptied(trail: Trail) -> None:
    await a_trail_of(
        trail, truncated(), inserted(1, n=0), truncated(), inserted(2, n=0), inserted(1, n=1)
    )
    history = questions(trail).history

    whole = await history.page(order(1))
    one = await history.page(order(1), limit=2)
    rest = await history.page(order(1), before=one.older, limit=2)

    assert offsets_of([e.change for e in whole.entries]) == [4, 2, 1]
    assert offsets_of([e.change for e in one.entries]) == [4, 2]
    assert offsets_of([e.change for e in rest.entries]) == [1]


# the row as it was


async def test_a_row_is_what_its_changes_up_to_that_time_made_it(trail: Trail) -> None:
    await a_trail_of(trail, *A_STORY)
    row_at = questions(trail).row_at

    before = await row_at.at(order(1), at(-1))
    new = await row_at.at(order(1), at(1))
    paid = await row_at.at(order(1), at(2))
    gone = await row_at.at(order(2), at(7))

    assert before.state.existence is Existence.ABSENT
    assert values(new.state) == {"id": "1", "status": '"new"', "total": "5"}
    assert origins(new.state) == dict.fromkeys(("id", "status", "total"), ("0", "new"))
    assert values(paid.state)["status"] == '"paid"'
    assert (gone.state.existence, list(gone.state.columns)) == (Existence.ABSENT, [])


async def test_a_row_whose_key_changed_is_found_by_both_keys(trail: Trail) -> None:
    await a_trail_of(trail, *A_STORY)
    row_at = questions(trail).row_at

    moved = await row_at.at(order(1), at(5))
    again = await row_at.at(order(1), at(6))
    earlier = await row_at.at(order(10), at(3))

    assert moved.row == order(10)
    assert values(moved.state) == {"id": "10", "status": '"sent"', "total": "5"}
    assert (again.row, values(again.state)["status"]) == (order(1), '"again"')
    assert earlier.state.existence is Existence.UNKNOWN


async def test_a_row_before_and_after_a_change(trail: Trail) -> None:
    records = await a_trail_of(trail, *A_STORY)
    row_at = questions(trail).row_at
    change = await trail.reader.find(records[0].stream_id, 0, 2)
    deletion = await trail.reader.find(records[0].stream_id, 0, 7)
    assert change is not None
    assert deletion is not None

    before, after = await row_at.before(change), await row_at.after(change)
    before_the_end = await row_at.before(deletion)

    assert before is not None
    assert after is not None
    assert before_the_end is not None
    assert (values(before.state)["status"], values(after.state)["status"]) == ('"new"', '"paid"')
    assert values(before_the_end.state) == {"id": "2", "status": '"new"', "total": "7"}


async def test_a_column_is_known_from_an_older_change_or_the_next_one_or_not_at_all(
    trail: Trail,
) -> None:
    note = '{"bio":"unavailable","cv":"unavailable","pic":"unavailable"}'
    await a_trail_of(
        trail,
        keyed(1, old_data=None, new_data='{"id":1,"n":0,"bio":"b"}', before_image="absent"),
        keyed(1, old_data=None, new_data='{"id":1,"n":1}', value_notes=note, before_image="absent"),
        keyed(1, old_data='{"id":1,"n":1,"cv":"c"}', new_data='{"id":1,"n":2,"cv":"d"}'),
    )

    answer = await questions(trail).row_at.at(order(1), at(1))

    assert values(answer.state) == {"id": "1", "n": "1", "bio": '"b"', "cv": '"c"', "pic": None}
    assert origins(answer.state)["bio"] == ("0", "new")
    assert origins(answer.state)["cv"] == ("2", "old")


async def test_a_row_is_gone_when_its_table_was_emptied(trail: Trail) -> None:
    await a_trail_of(trail, inserted(1, n=0), truncated(), inserted(1, n=1))
    row_at = questions(trail).row_at

    before, behind, again = [await row_at.at(order(1), at(second)) for second in range(3)]

    assert before.state.existence is Existence.PRESENT
    assert behind.state.existence is Existence.ABSENT
    assert (behind.state.made_by or "").endswith("-0-1")
    assert values(again.state) == {"id": "1", "n": "1"}


# two times


async def test_two_times_of_a_row_and_of_a_table_are_compared(trail: Trail) -> None:
    await a_trail_of(trail, *A_STORY)
    compare = questions(trail).compare

    row = await compare.row(order(1), earlier=at(0), later=at(2))
    table = await compare.table(row.row.source, earlier=at(1), later=at(7))
    part = await compare.table(row.row.source, earlier=at(1), later=at(7), limit=1)

    assert {c.name: c.status.value for c in row.columns} == {
        "id": "unchanged",
        "status": "changed",
        "total": "unchanged",
    }
    assert [one.row for one in table.rows] == [order(10), order(1), order(2)]
    existence = [one.later.state.existence for one in table.rows]
    assert existence == [Existence.PRESENT, Existence.PRESENT, Existence.ABSENT]
    assert all(one.differs for one in table.rows)
    assert (len(part.rows), part.has_more, table.has_more) == (1, True, False)
