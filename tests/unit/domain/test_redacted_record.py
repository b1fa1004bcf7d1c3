"""Rules applied to a record: its images, what is noted of them, what changed, and its key."""

import json
from typing import Any

import msgspec
import pytest

from domain.jsonb_safety import escape_whole, unescape_image
from domain.redaction import MASK, ColumnRule
from tests.unit.domain.redactions import TOPIC, a_customer, drop, hash_of, mask, redacted


def parsed(text: str | None) -> Any:  # noqa: ANN401 - JSON
    return None if text is None else json.loads(text)


def test_a_record_of_which_no_rule_speaks_is_the_same() -> None:
    record = a_customer()

    assert redacted(record, mask("email", "orders"), drop("*", "people")) is record


def test_a_record_without_the_column_stays_equal() -> None:
    record = a_customer(
        value_notes='{"bio":"unavailable","photo":{"old":"escaped"}}',
        headers='[["trace","1"]]',
        source_metadata='{ "connector" : "postgresql" }',
    )

    assert redacted(record, mask("phone")) == record


# images


def test_a_masked_column_is_masked_in_both_images_and_noted_once() -> None:
    record = redacted(a_customer(), mask("email"))

    assert record.old_data == record.new_data == f'{{"id":1,"email":"{MASK}"}}'
    assert record.value_notes == '{"email":"masked"}'


def test_the_note_says_which_image_has_a_masked_value() -> None:
    record = redacted(a_customer(old_data='{"id":1,"email":null}'), mask("email"))

    assert record.old_data == '{"id":1,"email":null}'
    assert parsed(record.value_notes) == {"email": {"new": "masked"}}


def test_a_dropped_column_vanishes_from_both_images_and_leaves_no_note() -> None:
    record = redacted(a_customer(value_notes='{"email":"suspect"}'), drop("email"))

    assert record.old_data == record.new_data == '{"id":1}'
    assert record.value_notes is None


@pytest.mark.parametrize("missing", ["old_data", "new_data"])
def test_an_image_that_is_not_there_stays_away(missing: str) -> None:
    record = redacted(a_customer(**{missing: None}), mask("email"))

    assert getattr(record, missing) is None
    assert record.value_notes == '{"email":"masked"}'


def test_a_record_without_images_has_nothing_to_note() -> None:
    record = redacted(a_customer(old_data=None, new_data=None, changed_columns=None), mask("email"))

    assert (record.old_data, record.new_data, record.value_notes) == (None, None, None)
    assert record.changed_columns is None


def test_notes_on_other_columns_stay() -> None:
    notes = {"bio": "unavailable", "photo": {"old": "escaped"}, "*": "undecoded"}

    record = redacted(a_customer(value_notes=json.dumps(notes)), mask("email"))

    assert parsed(record.value_notes) == {**notes, "email": "masked"}


@pytest.mark.parametrize("note", ["escaped", "truncated", "hashed", "suspect"])
def test_masked_is_said_instead_of_what_was_said_of_the_value(note: str) -> None:
    record = redacted(a_customer(value_notes=json.dumps({"email": note})), mask("email"))

    assert parsed(record.value_notes) == {"email": "masked"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (mask("email"), {"email": "offloaded"}),
        (drop("email"), None),
        (mask("id"), {"email": {"note": "offloaded", "reference": "bucket|key"}, "id": "masked"}),
    ],
)
def test_where_a_value_was_offloaded_to_is_as_secret_as_the_value(
    rule: ColumnRule, expected: object
) -> None:
    notes = {"email": {"note": "offloaded", "reference": "bucket|key"}}
    image = '{"id":1}'

    record = redacted(
        a_customer(old_data=image, new_data=image, value_notes=json.dumps(notes)), rule
    )

    assert parsed(record.value_notes) == expected


# images that were escaped whole


def test_an_image_that_was_escaped_whole_is_redacted_inside_and_stays_reversible() -> None:
    inside = r'{"id":1,"nul\u0000":"x","email":"new@x.example","phone":1e999}'
    record = a_customer(new_data=escape_whole(inside), value_notes='{"":{"new":"escaped_image"}}')

    result = redacted(record, mask("email"), drop("phone"))

    assert result.new_data is not None
    assert unescape_image(result.new_data, None) == rf'{{"id":1,"nul\u0000":"x","email":"{MASK}"}}'
    assert parsed(result.value_notes) == {"": {"new": "escaped_image"}, "email": "masked"}


def test_an_image_that_was_escaped_whole_keeps_its_text_where_nothing_is_redacted() -> None:
    image = escape_whole(r'{ "id" : 1, "nul\u0000":"x"}').replace(":", " : ", 1)
    record = a_customer(old_data=None, new_data=image, value_notes='{"":"escaped_image"}')

    assert redacted(record, mask("email")) == record


@pytest.mark.parametrize(
    ("name", "noted"), [(r"\u0000", r"\u0000"), (r"a\ud800", r"a\ud800"), (r"\udfff", r"\udfff")]
)
def test_a_masked_name_that_no_database_holds_is_noted_as_json_writes_it(
    name: str, noted: str
) -> None:
    image = escape_whole(f'{{"{name}":"secret"}}')
    record = a_customer(old_data=None, new_data=image, value_notes='{"":"escaped_image"}')

    result = redacted(record, mask("*"))

    assert result.new_data == escape_whole(f'{{"{name}":"{MASK}"}}')
    assert parsed(result.value_notes) == {"": "escaped_image", noted: "masked"}


def test_what_is_noted_of_whole_images_stays_when_every_column_is_dropped() -> None:
    image, notes = escape_whole(r'{"nul\u0000":"x"}'), '{"*":"undecoded","":"escaped_image"}'

    result = redacted(a_customer(old_data=None, new_data=image, value_notes=notes), drop("*"))

    assert (result.new_data, result.value_notes) == (escape_whole("{}"), notes)


def test_a_column_with_an_empty_name_is_no_image_that_was_escaped() -> None:
    record = a_customer(old_data=None, new_data='{"":"{\\"email\\":1}"}')

    assert redacted(record, mask("email")).new_data == record.new_data
    assert redacted(record, mask("")).new_data == f'{{"":"{MASK}"}}'


# what changed


def test_a_masked_column_is_still_known_to_have_changed() -> None:
    assert redacted(a_customer(), mask("email")).changed_columns == ("email",)


def test_a_dropped_column_is_not_named_among_those_that_changed() -> None:
    record = a_customer(changed_columns=("id", "email", "name"))

    assert redacted(record, drop("email")).changed_columns == ("id", "name")


@pytest.mark.parametrize("changed", [None, ()])
def test_nothing_changed_is_not_the_same_as_not_known(changed: tuple[str, ...] | None) -> None:
    assert redacted(a_customer(changed_columns=changed), mask("email")).changed_columns == changed


# keys


def test_a_key_without_redacted_columns_keeps_its_hash() -> None:
    record = msgspec.structs.replace(a_customer(), key_hash=42)

    result = redacted(record, mask("email"))

    assert (result.record_key, result.key_hash) == ('{"id":1}', 42)


def test_a_masked_key_is_hashed_again() -> None:
    record = a_customer(record_key='{"email":"new@x.example","id":1}')

    result = redacted(record, mask("email"))

    assert result.record_key == f'{{"email":"{MASK}","id":1}}'
    assert result.key_hash == hash_of(result)
    assert result.key_hash != record.key_hash


def test_a_dropped_column_vanishes_from_the_key() -> None:
    record = a_customer(record_key='{"email":"new@x.example","id":1}')

    result = redacted(record, drop("email"))

    assert result.record_key == '{"id":1}'
    assert result.key_hash == hash_of(a_customer(record_key='{"id":1}'))


def test_null_in_a_key_stays_null() -> None:
    record = a_customer(record_key='{"email":null,"id":1}')

    assert redacted(record, mask("email")).record_key == record.record_key


def test_the_topic_stands_for_a_table_without_a_name_in_the_hash() -> None:
    record = a_customer(source_table=None, record_key='{"email":"new@x.example"}')

    result = redacted(record, mask("email"))

    assert result.key_hash == hash_of(result, table=f"topic:{TOPIC}")


def test_a_table_without_a_key_has_none_after_it() -> None:
    result = redacted(a_customer(record_key=None), mask("*"))

    assert (result.record_key, result.key_hash) == (None, None)


@pytest.mark.parametrize(
    ("key", "value"), [('"7"', "7"), ("7", "7"), ("7", '"7"'), ('"a@x"', '"a@x"')]
)
@pytest.mark.parametrize("image", ["old_data", "new_data"])
def test_a_key_that_is_no_object_is_masked_where_it_is_a_redacted_value(
    key: str, value: str, image: str
) -> None:
    record = a_customer(record_key=key, **{image: f'{{"id":1,"email":{value}}}'})

    results = [redacted(record, rule) for rule in (mask("email"), drop("email"))]

    assert [result.record_key for result in results] == [f'"{MASK}"'] * 2
    assert [result.key_hash for result in results] == [hash_of(r) for r in results]


def test_a_key_that_is_no_object_stays_where_it_is_no_redacted_value() -> None:
    record = a_customer(record_key="1")

    result = redacted(record, mask("email"))

    assert (result.record_key, result.key_hash) == ("1", record.key_hash)
