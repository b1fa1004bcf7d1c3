"""What a change did to each column, and what is not known about it."""

import json
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, column_diff, key_columns, key_values
from domain.jsonb_safety import escape_image, escape_whole
from domain.operation import BeforeImage, OperationTypeEnum
from tests.builders import a_record

ADDED, REMOVED = ColumnStatus.ADDED, ColumnStatus.REMOVED
CHANGED, UNCHANGED = ColumnStatus.CHANGED, ColumnStatus.UNCHANGED
UNAVAILABLE, UNKNOWN = ColumnStatus.UNAVAILABLE, ColumnStatus.UNKNOWN


def an_update(old: str | None, new: str | None, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    fields = {"changed_columns": None, **fields}
    return a_record(old_data=old, new_data=new, **fields)


def statuses(record: AuditRecord) -> dict[str, ColumnStatus]:
    return {diff.name: diff.status for diff in column_diff(record)}


def column(record: AuditRecord, name: str) -> ColumnDiff:
    (found,) = [diff for diff in column_diff(record) if diff.name == name]
    return found


def test_columns_come_in_the_order_of_the_new_row_then_of_the_old() -> None:
    record = an_update('{"a":1,"gone":2,"b":3}', '{"b":3,"a":2,"new":null}')

    assert [*statuses(record)] == ["b", "a", "new", "gone"]


def test_values_are_compared_as_the_text_that_is_stored() -> None:
    record = an_update(
        '{"a":1.0,"b":"x","c":[1, 2],"d":9007199254740993}',
        '{"a":1.00,"b":"x","c":[1,2],"d":9007199254740992}',
    )

    assert statuses(record) == {"a": CHANGED, "b": UNCHANGED, "c": CHANGED, "d": CHANGED}


def test_what_the_record_names_as_changed_is_believed() -> None:
    record = an_update('{"a":1,"b":1}', '{"a":2,"b":1}', changed_columns=("b",))

    assert statuses(record) == {"a": UNCHANGED, "b": CHANGED}


def test_an_insert_adds_and_a_delete_removes() -> None:
    inserted = an_update(None, '{"a":1}', operation=OperationTypeEnum.INSERT)
    deleted = an_update('{"a":1}', None, operation=OperationTypeEnum.DELETE)

    assert statuses(inserted) == {"a": ADDED}
    assert statuses(deleted) == {"a": REMOVED}
    assert column(inserted, "a").old is None


def test_an_update_without_an_old_row_tells_nothing_of_what_changed() -> None:
    record = an_update(None, '{"a":1}', before_image=BeforeImage.ABSENT)

    assert statuses(record) == {"a": UNKNOWN}


def test_a_record_without_images_has_no_columns() -> None:
    assert column_diff(an_update(None, None, operation=OperationTypeEnum.TRUNCATE)) == ()


@pytest.mark.parametrize("image", [BeforeImage.KEY, BeforeImage.INVENTED])
def test_fillers_are_shown_and_not_trusted(image: BeforeImage) -> None:
    record = an_update(
        '{"id":1,"name":""}',
        '{"id":1,"name":"x"}',
        record_key='{"id":1}',
        before_image=image,
    )

    assert statuses(record) == {"id": UNCHANGED, "name": UNKNOWN}
    old = column(record, "name").old
    assert old is not None
    assert (old.text, old.trusted) == ('""', False)


def test_an_invented_delete_removes_only_its_key() -> None:
    record = an_update(
        '{"id":1,"name":""}',
        None,
        record_key='{"id":1}',
        before_image=BeforeImage.INVENTED,
        operation=OperationTypeEnum.DELETE,
    )

    assert statuses(record) == {"id": REMOVED, "name": UNKNOWN}


def test_a_value_that_was_not_sent_is_unavailable_and_has_no_text() -> None:
    record = an_update('{"a":1,"b":"x"}', '{"a":1}', value_notes='{"b":"unavailable"}')

    assert statuses(record) == {"a": UNCHANGED, "b": UNAVAILABLE}
    diff = column(record, "b")
    assert diff.new is not None
    assert (diff.new.text, diff.new.trusted, diff.new.notes) == (None, False, ("unavailable",))
    assert diff.old is not None
    assert diff.old.text == '"x"'


def test_a_column_of_which_nothing_was_sent_is_still_there() -> None:
    record = an_update('{"a":1}', '{"a":1}', value_notes='{"b":"unavailable"}')

    assert statuses(record) == {"a": UNCHANGED, "b": UNAVAILABLE}


def test_null_is_a_value_and_a_missing_column_is_none() -> None:
    record = an_update('{"a":null}', '{"a":1,"b":null}')

    old = column(record, "a").old
    assert old is not None
    assert old.text == "null"
    assert column(record, "b").old is None
    assert statuses(record) == {"a": CHANGED, "b": UNKNOWN}


@pytest.mark.parametrize("note", ["masked", "truncated"])
def test_equal_texts_prove_nothing_where_a_part_is_hidden(note: str) -> None:
    record = an_update('{"a":"***"}', '{"a":"***"}', value_notes=f'{{"a":"{note}"}}')

    assert statuses(record) == {"a": UNKNOWN}


def test_equal_hashes_prove_that_values_are_equal() -> None:
    record = an_update('{"a":"ab12"}', '{"a":"ab12"}', value_notes='{"a":"hashed"}')

    assert statuses(record) == {"a": UNCHANGED}


def test_an_escaped_column_shows_its_value() -> None:
    stored, _ = escape_image(r'{"a":"x\u0000","b":"\"plain\""}')
    record = an_update('{"a":"x","b":1}', stored, value_notes='{"a":{"new":"escaped"}}')

    new = column(record, "a").new
    assert new is not None
    assert new.text == r'"x\u0000"'
    assert new.notes == ("escaped",)


def test_an_image_that_is_escaped_whole_is_opened() -> None:
    stored = escape_whole(r'{"a\u0000":1,"b":2}')
    record = an_update('{"b":1}', stored, value_notes='{"":{"new":"escaped_image"}}')

    assert statuses(record) == {"a\0": UNKNOWN, "b": CHANGED}


def test_a_note_on_all_columns_is_on_each_without_its_own() -> None:
    record = an_update(None, '{"a":1,"b":2}', value_notes='{"*":"undecoded","b":"suspect"}')

    notes = {diff.name: diff.new.notes for diff in column_diff(record) if diff.new is not None}
    assert notes == {"a": ("undecoded",), "b": ("suspect",)}


def test_the_key_is_read_as_text() -> None:
    record = a_record(record_key='{"a":1.10,"b":"x"}')

    assert key_columns(record) == ("a", "b")
    assert key_values(record) == {"a": "1.10", "b": '"x"'}
    assert key_values(a_record(record_key=None)) == {}
    assert key_values(a_record(record_key=json.dumps("text"))) == {}
