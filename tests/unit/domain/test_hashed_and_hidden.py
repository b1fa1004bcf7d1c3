"""Rules that hash, that hide, and that look inside of values, applied to a record."""

import json
from typing import Any

import pytest

from domain.diff import ColumnStatus, column_diff
from domain.errors import ConfigurationError
from domain.jsonb_safety import escape_image
from domain.redaction import MASK, ColumnRule, Redaction, RuleAction
from tests.unit.domain.redactions import (
    KEY,
    a_customer,
    drop,
    hash_of,
    hashed,
    hide,
    mask,
    redacted,
)

NOTE = {"note": "hashed", "key": "2026"}


def parsed(text: str | None) -> Any:  # noqa: ANN401 - JSON
    return None if text is None else json.loads(text)


def in_image(value: str) -> str:
    """What a value of the column `a` is stored as, where a rule on what is inside is in force."""
    record = a_customer(old_data=None, new_data=f'{{"a":{value}}}')
    stored = parsed(redacted(record, mask("a.secret"), drop("a.gone")).new_data)
    return json.dumps(stored["a"], separators=(",", ":"))


# hashing


def test_a_rule_that_hashes_needs_a_key() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Redaction([hashed("email", "customers")])

    assert refused.value.field == "redaction.hash_key"
    assert "'email'" in refused.value.problem


def test_a_hashed_column_is_a_hash_in_both_images_and_the_key_is_named() -> None:
    record = redacted(a_customer(), hashed("email"))

    assert parsed(record.old_data) == {"id": 1, "email": KEY.hashed('"old@x.example"')}
    assert parsed(record.new_data) == {"id": 1, "email": KEY.hashed('"new@x.example"')}
    assert parsed(record.value_notes) == {"email": NOTE}


def test_equal_values_are_unchanged_and_different_ones_changed() -> None:
    image = '{"id":1,"email":"same@x.example"}'
    same = redacted(a_customer(old_data=image, new_data=image, changed_columns=()), hashed("email"))
    differing = redacted(a_customer(), hashed("email"))

    statuses = [column_diff(record)[1].status for record in (same, differing)]

    assert statuses == [ColumnStatus.UNCHANGED, ColumnStatus.CHANGED]


def test_null_stays_null_when_hashed() -> None:
    record = redacted(a_customer(old_data='{"id":1,"email":null}'), hashed("email"))

    assert parsed(record.old_data) == {"id": 1, "email": None}
    assert parsed(record.value_notes) == {"email": {"new": NOTE}}


def test_a_hashed_key_is_followed_by_its_hash() -> None:
    record = redacted(a_customer(), hashed("id"))
    other = redacted(a_customer(record_key='{"id":2}'), hashed("id"))

    assert parsed(record.record_key) == {"id": KEY.hashed("1")}
    assert record.key_hash == hash_of(record)
    assert record.key_hash != other.key_hash
    assert parsed(record.new_data)["id"] == parsed(record.record_key)["id"]


def test_a_bare_key_is_the_hash_of_the_column_that_it_repeats() -> None:
    record = redacted(a_customer(record_key='"1"'), hashed("id"))

    assert parsed(record.record_key) == parsed(record.new_data)["id"] == KEY.hashed("1")


def test_the_old_key_in_a_header_is_hashed_so_that_it_can_be_followed() -> None:
    record = redacted(a_customer(headers='[["__debezium.oldkey","{\\"id\\":1}"]]'), hashed("id"))

    ((_, header),) = parsed(record.headers)
    assert parsed(header) == {"id": KEY.hashed("1")}


def test_a_value_that_was_escaped_has_the_hash_of_the_value_itself() -> None:
    stored, _ = escape_image(r'{"email":"x\u0000"}')
    record = a_customer(old_data=None, new_data=stored, value_notes='{"email":"escaped"}')

    result = redacted(record, hashed("email"))

    assert parsed(result.new_data) == {"email": KEY.hashed(r'"x\u0000"')}
    assert parsed(result.value_notes) == {"email": NOTE}


# hiding


def test_a_hidden_column_shows_nothing_but_that_it_changed() -> None:
    record = redacted(a_customer(), hide("email"))

    assert record.old_data == record.new_data == f'{{"id":1,"email":"{MASK}"}}'
    assert record.changed_columns == ("email",)
    assert parsed(record.value_notes) == {"email": "hidden"}
    assert column_diff(record)[1].status is ColumnStatus.CHANGED


def test_of_a_hidden_column_not_even_null_is_told() -> None:
    record = redacted(a_customer(old_data='{"id":1,"email":null}'), hide("email"))

    assert record.old_data == record.new_data
    assert parsed(record.value_notes) == {"email": "hidden"}


def test_that_a_hidden_column_did_not_change_is_not_proven_by_equal_masks() -> None:
    record = redacted(a_customer(changed_columns=()), hide("email"))

    assert column_diff(record)[1].status is ColumnStatus.UNKNOWN


# inside of values


def test_a_dotted_name_is_found_in_a_document_and_the_rest_stays() -> None:
    image = '{"id":1,"address":{"street":"Kirchweg 1","zip":1.50,"geo":{"street":"x"}}}'
    record = redacted(a_customer(old_data=None, new_data=image), mask("address.street"))

    assert record.new_data == (
        f'{{"id":1,"address":{{"street":"{MASK}","zip":1.50,"geo":{{"street":"x"}}}}}}'
    )
    assert parsed(record.value_notes) == {"address.street": "masked"}


def test_a_star_reaches_every_depth() -> None:
    image = '{"a":{"b":{"pin":1}},"pin":2}'

    record = redacted(a_customer(old_data=None, new_data=image), mask("*.pin"))

    assert parsed(record.new_data) == {"a": {"b": {"pin": MASK}}, "pin": 2}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (
            '[{"secret":1},{"secret":2,"b":3}]',
            f'[{{"secret":"{MASK}"}},{{"secret":"{MASK}","b":3}}]',
        ),
        ('{"gone":1,"b":2}', '{"b":2}'),
        (r'"{\"secret\":1}"', rf'"{{\"secret\":\"{MASK}\"}}"'),
        (r'"{ \"other\" : 1 }"', r'"{ \"other\" : 1 }"'),
        ('"{secret"', '"{secret"'),
        ('{"secret":null}', '{"secret":null}'),
    ],
)
def test_arrays_and_texts_of_json_are_looked_into(value: str, stored: str) -> None:
    assert in_image(value) == stored


def test_what_is_nested_too_deep_to_look_into_is_masked_whole() -> None:
    assert in_image("[" * 300 + '{"secret":1}' + "]" * 300) == f'"{MASK}"'


def test_a_name_without_a_dot_speaks_of_columns_only() -> None:
    image = '{"a":{"secret":1}}'

    assert redacted(a_customer(old_data=None, new_data=image), mask("secret")).new_data == image


def test_a_column_whose_own_name_has_a_dot_is_meant_too() -> None:
    record = redacted(a_customer(old_data=None, new_data='{"a.secret":1}'), mask("a.secret"))

    assert parsed(record.new_data) == {"a.secret": MASK}


@pytest.mark.parametrize("action", RuleAction)
def test_a_header_with_the_name_of_a_column_never_keeps_its_value(action: RuleAction) -> None:
    rule = ColumnRule(column="email", action=action)

    record = redacted(a_customer(headers='[["email","a@x.example"],["trace","1"]]'), rule)

    kept = [] if action is RuleAction.DROP else [["email", MASK]]
    assert parsed(record.headers) == [*kept, ["trace", "1"]]
