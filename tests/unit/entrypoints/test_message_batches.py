"""The documented `MessageTransformer` with its options, and over batches."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from domain.errors import ValidationError
from domain.redaction import ColumnRule, RuleAction
from domain.transformed_message import TransformedMessage
from entrypoints.message_transformer import Message, MessageTransformer, transform_cdc_message
from tests.unit.debezium.records import TOPIC, an_envelope

INSERT: dict[str, Any] = an_envelope("c", after={"id": 1, "name": "Ann"})
PLAIN_ROW = {"id": 1, "name": "Ann"}
BEGIN = {"status": "BEGIN", "id": "571:5", "event_count": None, "data_collections": None}


def transformed(
    message: Message, transformer: MessageTransformer | None = None
) -> TransformedMessage:
    chosen = MessageTransformer() if transformer is None else transformer
    return chosen.transform_message(message, TOPIC, 3, 42)


SECRETS = {"id": 1, "password": "p", "cardNumber": "4111", "api_token": None, "passenger": "Ann"}


def test_columns_with_names_of_secrets_are_masked_where_data_are_sanitised() -> None:
    change = transformed(an_envelope("c", after=SECRETS), MessageTransformer(sanitize_data=True))

    assert change.new_data == {
        "id": 1,
        "password": "***",
        "cardNumber": "***",
        "api_token": None,
        "passenger": "Ann",
    }
    assert change.value_notes is not None
    assert change.value_notes["password"] == "masked"  # noqa: S105 - a note


def test_nothing_is_masked_unless_asked() -> None:
    change = transformed(an_envelope("c", after=SECRETS))

    assert change.new_data == SECRETS


def test_rules_are_applied_with_and_without_sanitising() -> None:
    rules = [ColumnRule(column="passenger", action=RuleAction.DROP)]
    envelope = an_envelope("c", after=SECRETS)

    ruled = transformed(envelope, MessageTransformer(rules=rules))
    both = transformed(envelope, MessageTransformer(sanitize_data=True, rules=rules))

    assert ruled.new_data == {k: v for k, v in SECRETS.items() if k != "passenger"}
    assert both.new_data is not None
    assert both.new_data["password"] == "***"  # noqa: S105 - a mask
    assert "passenger" not in both.new_data


def test_a_batch_leaves_out_what_is_no_change_and_keeps_the_order() -> None:
    messages: list[tuple[Message, str, int, int]] = [
        (an_envelope("c", after={"id": 1}), TOPIC, 0, 10),
        (None, TOPIC, 0, 11),
        (BEGIN, "srv1.transaction", 0, 5),
        (an_envelope("d", before={"id": 1}), TOPIC, 1, 3),
    ]

    changes = MessageTransformer().transform_batch(messages)

    assert [(c.operation_type.value, c.partition, c.offset) for c in changes] == [
        ("INSERT", 0, 10),
        ("DELETE", 1, 3),
    ]


def test_an_empty_batch_gives_nothing() -> None:
    assert MessageTransformer().transform_batch([]) == []


def test_a_batch_names_the_first_message_that_cannot_be_transformed() -> None:
    good, bad = an_envelope("c", after={"id": 1}), b"no json"
    messages: list[tuple[Message, str, int, int]] = [
        (message, TOPIC, 0, offset) for offset, message in enumerate((good, None, bad, good, bad))
    ]

    with pytest.raises(ValidationError) as caught:
        MessageTransformer().transform_batch(messages)

    assert caught.value.index == 2


def test_one_message_alone_has_no_index() -> None:
    with pytest.raises(ValidationError) as caught:
        transformed(b"no json")

    assert caught.value.index is None


@pytest.mark.parametrize("call", [transform_cdc_message, MessageTransformer().transform_message])
def test_the_function_does_what_a_default_transformer_does(
    call: Callable[[Message, str, int, int], TransformedMessage],
) -> None:
    change = call(INSERT, TOPIC, 3, 42)

    assert change.to_dict() == transformed(INSERT).to_dict()
    with pytest.raises(ValidationError):
        call(PLAIN_ROW, TOPIC, 3, 42)


def test_to_dict_is_fit_for_json() -> None:
    whole: Mapping[str, Any] = json.loads(json.dumps(transformed(INSERT).to_dict()))

    assert whole["operation_type"] == "INSERT"
    assert whole["change_timestamp"] == "2023-11-14T22:13:20.123000+00:00"
    assert "record" not in whole
