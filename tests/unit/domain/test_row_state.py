"""A row as its changes tell it: what is known, from where, and what is not."""

from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.diff import ColumnStatus
from domain.operation import BeforeImage, OperationTypeEnum
from domain.row_identity import KeyMove, RowIdentity, key_move, row_of
from domain.row_state import Existence, RowState, row_state
from domain.silence import HOUR, is_silent, usual_silence
from domain.state_diff import state_diff
from tests.builders import NOON, a_record

INSERT, DELETE = OperationTypeEnum.INSERT, OperationTypeEnum.DELETE


def change(
    offset: int,
    new: str | None,
    old: str | None = None,
    **fields: Any,  # noqa: ANN401 - any field
) -> AuditRecord:
    values: dict[str, Any] = {
        "new_data": new,
        "old_data": old,
        "changed_columns": None,
        "record_key": '{"id":1}',
        **fields,
    }
    return a_record(offset, **values)


def known(state: RowState) -> dict[str, tuple[str | None, str] | None]:
    return {
        c.name: None
        if c.value is None or c.origin is None
        else (c.value.text, f"{c.origin.change_id[-1]} {c.origin.side}")
        for c in state.columns
    }


def test_the_newest_image_names_the_columns_and_older_ones_fill_them() -> None:
    note = {"value_notes": '{"bio":"unavailable"}'}
    state = row_state(
        [
            change(3, '{"id":1,"n":3}', **note),
            change(2, '{"id":1,"n":2}', **note),
            change(1, '{"id":1,"n":1,"bio":"b","dropped":0}'),
        ]
    )

    assert known(state) == {"id": ("1", "3 new"), "n": ("3", "3 new"), "bio": ('"b"', "1 new")}
    assert (state.existence, state.made_by) == (Existence.PRESENT, "1-0-3")


def test_a_value_that_lies_in_another_store_is_not_replaced_by_an_older_one() -> None:
    state = row_state(
        [
            change(2, '{"id":1}', value_notes='{"bio":{"new":"offloaded"}}'),
            change(1, '{"id":1,"bio":"older"}'),
        ]
    )

    assert known(state)["bio"] == (None, "2 new")


def test_nothing_older_than_the_row_is_taken_for_it() -> None:
    note = {"value_notes": '{"bio":"unavailable"}'}
    before = [change(1, '{"id":1,"bio":"another row"}')]

    inserted = row_state([change(3, '{"id":1}', operation=INSERT, **note), *before])
    deleted = row_state([change(3, '{"id":1}', **note), change(2, None, operation=DELETE), *before])

    assert known(inserted)["bio"] is None
    assert known(deleted)["bio"] is None


def test_fillers_of_an_old_image_are_not_values() -> None:
    following = change(
        4,
        None,
        '{"id":1,"n":0,"bio":""}',
        operation=DELETE,
        before_image=BeforeImage.INVENTED,
    )

    state = row_state([], following=following)

    assert known(state) == {"id": ("1", "4 old"), "n": None, "bio": None}
    assert (state.existence, state.followed_by) == (Existence.PRESENT, "1-0-4")


@pytest.mark.parametrize(
    ("operation", "existence"),
    [
        (INSERT, Existence.ABSENT),
        (OperationTypeEnum.UPDATE, Existence.PRESENT),
        (OperationTypeEnum.SNAPSHOT, Existence.UNKNOWN),
        (OperationTypeEnum.UPSERT, Existence.UNKNOWN),
    ],
)
def test_the_first_change_tells_whether_the_row_was_there_before(
    operation: OperationTypeEnum, existence: Existence
) -> None:
    assert row_state([], following=change(1, "{}", operation=operation)).existence is existence


def test_nothing_is_known_of_a_row_without_changes() -> None:
    assert row_state([]) == RowState(existence=Existence.UNKNOWN)


def test_a_masked_value_is_shown_with_its_note() -> None:
    state = row_state([change(1, '{"id":1,"pin":"****"}', value_notes='{"pin":"masked"}')])

    (_, pin) = state.columns
    assert pin.value is not None
    assert (pin.value.text, pin.value.notes) == ('"****"', ("masked",))


def test_states_are_compared_column_by_column() -> None:
    note = {"value_notes": '{"pin":"masked","bio":"unavailable"}'}
    earlier = row_state([change(1, '{"id":1,"n":1,"pin":"*","bio":1,"gone":1}', **note)])
    later = row_state([change(2, '{"id":1,"n":2,"pin":"*","added":1}', **note)])

    found = {column.name: column.status for column in state_diff(earlier, later)}

    assert found == {
        "id": ColumnStatus.UNCHANGED,
        "n": ColumnStatus.CHANGED,
        "pin": ColumnStatus.UNKNOWN,
        "bio": ColumnStatus.UNKNOWN,
        "added": ColumnStatus.ADDED,
        "gone": ColumnStatus.REMOVED,
    }


def test_what_may_not_have_been_there_is_neither_added_nor_removed() -> None:
    there = row_state([change(1, '{"id":1}')])

    columns = state_diff(RowState(existence=Existence.UNKNOWN), there)

    assert [column.status for column in columns] == [ColumnStatus.UNKNOWN]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, KeyMove()),
        ('[["traceparent","00"]]', KeyMove()),
        ('[["__debezium.newkey","{\\"b\\": 2,\\"a\\":1}"]]', KeyMove(to_key='{"a":1,"b":2}')),
        (
            '[["__debezium.oldkey","{\\"schema\\":{},\\"payload\\":{\\"id\\":7}}"]]',
            KeyMove(from_key='{"id":7}'),
        ),
        ('[["__debezium.oldkey",{"hex":"00"}],["__debezium.newkey","Struct{id=1}"]]', KeyMove()),
        ('[["__debezium.oldkey",null]]', KeyMove()),
        ('[["__debezium.oldkey","7"]]', KeyMove()),
    ],
)
def test_headers_name_the_other_key_of_a_row(headers: str | None, expected: KeyMove) -> None:
    assert key_move(change(1, "{}", headers=headers)) == expected


def test_a_row_is_its_table_and_its_key() -> None:
    record = a_record(record_key='{"id":1}')

    row = row_of(record)

    assert isinstance(row, RowIdentity)
    assert (row.source.full_name, row.record_key) == ("public.orders", '{"id":1}')
    assert row_of(a_record()) is None


def test_silence_is_judged_by_the_longest_usual_pause() -> None:
    hours = [NOON + n * HOUR for n in (0, 1, 4, 5)]

    assert usual_silence(hours) == 6 * HOUR
    assert usual_silence(hours[:2]) is None
    assert not is_silent(hours, last=NOON, now=NOON + 6 * HOUR)
    assert is_silent(hours, last=NOON, now=NOON + 6 * HOUR + 1)
    assert not is_silent(hours[:2], last=NOON, now=NOON + 999 * HOUR)
    assert usual_silence([NOON, NOON + HOUR, NOON + 2 * HOUR]) == 2 * HOUR
