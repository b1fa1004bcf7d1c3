"""Rules on columns hold for control messages: what has a name is redacted, the rest is withheld."""

import json
from base64 import b64encode
from typing import Any

import pytest

from domain.control import ControlKind, ControlMessage
from domain.jsonb_safety import escape_whole
from domain.redacted_control import redacted_control
from domain.redaction import MASK, ColumnRule, Redaction
from tests.builders import a_control_message
from tests.unit.domain.redactions import KEY, drop, hashed, mask

PLANTED = "gEhEiMnIs7"
EMAIL = mask("email", "customers")


def redacted(
    kind: ControlKind, payload: object, *rules: ColumnRule, headers: str | None = None
) -> ControlMessage:
    message = a_control_message(kind=kind, payload=json.dumps(payload), headers=headers)
    return redacted_control(message, Redaction(rules or [EMAIL], hash_key=KEY))


def payload_of(kind: ControlKind, payload: object, *rules: ColumnRule) -> Any:  # noqa: ANN401 - JSON
    return json.loads(redacted(kind, payload, *rules).payload or "")


def a_logical_message(text: str) -> dict[str, Any]:
    content = b64encode(text.encode()).decode()
    return {"op": "m", "message": {"prefix": "context", "content": content, "text": text}}


@pytest.mark.parametrize(
    "payload",
    [
        {"email": PLANTED, "id": 1},
        {"customer": {"contacts": [{"email": PLANTED}]}},
        {"event": json.dumps({"EMAIL": PLANTED})},
        [{"email": PLANTED}],
        json.dumps({"email": PLANTED}),
        json.dumps([json.dumps({"email": PLANTED})]),
    ],
)
def test_an_outbox_record_is_redacted_at_any_depth_whatever_table_the_rule_names(
    payload: object,
) -> None:
    kept = json.dumps(payload_of(ControlKind.OUTBOX, payload))

    assert PLANTED not in kept
    assert MASK in kept


@pytest.mark.parametrize(
    "payload", [PLANTED, f'{{"broken": {PLANTED}', 4711, [PLANTED], ["x", {"email": None}], True]
)
def test_of_an_outbox_record_what_has_no_name_is_withheld(payload: object) -> None:
    kept = json.dumps(payload_of(ControlKind.OUTBOX, payload))

    assert PLANTED not in kept
    assert MASK in kept


def test_actions_hold_in_messages_too() -> None:
    payload = {"a": PLANTED, "b": PLANTED, "c": {"deep": {"er": PLANTED}}}

    kept = payload_of(ControlKind.OUTBOX, payload, hashed("a"), drop("b"), mask("deep.er"))

    assert kept == {"a": KEY.hashed(f'"{PLANTED}"'), "c": {"deep": {"er": MASK}}}


def test_a_message_with_nothing_to_redact_is_the_same() -> None:
    message = a_control_message(kind=ControlKind.OUTBOX, payload='{ "id" : 1.50 }')

    assert redacted_control(message, Redaction([EMAIL])) is message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f'{{"user":"ada","email":"{PLANTED}"}}', f'{{"user":"ada","email":"{MASK}"}}'),
        (f"user ada, {PLANTED}", MASK),
        ("4711", MASK),
    ],
)
def test_a_logical_message_keeps_no_copy_of_what_is_redacted_in_it(text: str, kept: str) -> None:
    message = payload_of(ControlKind.LOGICAL_MESSAGE, a_logical_message(text))["message"]

    assert message == {"prefix": "context", "content": MASK, "text": kept}


def test_a_logical_message_in_json_without_a_named_member_stays_whole() -> None:
    payload = a_logical_message('{"user":"ada"}')

    assert payload_of(ControlKind.LOGICAL_MESSAGE, payload) == payload


def test_the_bytes_of_a_logical_message_are_withheld() -> None:
    payload = {"op": "m", "message": {"prefix": "p", "content": "AP8="}}

    kept = payload_of(ControlKind.LOGICAL_MESSAGE, payload)

    assert kept["message"] == {"prefix": "p", "content": MASK}


def test_conditions_of_a_signal_are_masked_and_its_tables_stay() -> None:
    data = {
        "data-collections": ["public.customers"],
        "additional-conditions": [{"data-collection": "x", "filter": f"email = '{PLANTED}'"}],
    }

    kept = payload_of(ControlKind.SIGNAL, {"type": "execute-snapshot", "data": json.dumps(data)})

    assert kept["type"] == "execute-snapshot"
    assert json.loads(kept["data"]) == {
        "data-collections": ["public.customers"],
        "additional-conditions": [{"data-collection": "x", "filter": MASK}],
    }


def test_keys_in_a_notification_are_masked() -> None:
    data = {"current_collection_in_progress": "public.customers", "maximum_key": PLANTED}
    payload = {"aggregate_type": "Snapshot", "type": "IN_PROGRESS", "additional_data": data}

    kept = payload_of(ControlKind.NOTIFICATION, payload, mask("type"))

    assert kept["additional_data"] == {**data, "maximum_key": MASK}
    assert kept["type"] == "IN_PROGRESS"


@pytest.mark.parametrize(
    "payload", [f"no json {PLANTED}", {"hex": "6745"}, json.dumps({"after": {"email": PLANTED}})]
)
def test_a_dead_letter_is_looked_into_or_withheld(payload: object) -> None:
    kept = json.dumps(payload_of(ControlKind.DEAD_LETTER, payload))

    assert MASK in kept
    assert PLANTED not in kept
    assert "6745" not in kept


def test_what_kafka_connect_says_of_a_dead_letter_is_masked_but_for_its_class() -> None:
    headers = [
        ["__connect.errors.topic", "shop.public.customers"],
        ["__connect.errors.exception.class.name", "org.apache.X"],
        ["__connect.errors.exception.message", f"cannot read {PLANTED}"],
        ["__connect.errors.exception.stacktrace", f"at {PLANTED}"],
    ]

    message = redacted(ControlKind.DEAD_LETTER, "{}", headers=json.dumps(headers))

    assert json.loads(message.headers or "") == [
        *headers[:2],
        ["__connect.errors.exception.message", MASK],
        ["__connect.errors.exception.stacktrace", MASK],
    ]


@pytest.mark.parametrize(
    "kind", [ControlKind.TRANSACTION_BEGIN, ControlKind.TRANSACTION_END, ControlKind.SCHEMA_CHANGE]
)
def test_messages_without_rows_stay_as_they_are(kind: ControlKind) -> None:
    message = a_control_message(kind=kind, payload='{"email":"x","id":"7"}')

    assert redacted_control(message, Redaction([mask("*")])) is message


def test_a_payload_that_was_escaped_whole_is_redacted_inside() -> None:
    inside = rf'{{"nul":"\u0000","email":"{PLANTED}"}}'
    message = a_control_message(kind=ControlKind.OUTBOX, payload=escape_whole(inside))

    result = redacted_control(message, Redaction([EMAIL]))

    assert result.payload == escape_whole(rf'{{"nul":"\u0000","email":"{MASK}"}}')


def test_a_payload_that_is_nested_too_deep_is_withheld() -> None:
    message = a_control_message(kind=ControlKind.OUTBOX, payload="[" * 300 + "]" * 300)

    assert redacted_control(message, Redaction([EMAIL])).payload == f'"{MASK}"'
