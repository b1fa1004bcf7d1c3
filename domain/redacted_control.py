"""
Rules on columns, applied to a control message before anything of it is stored.

A message names no table, or not the one whose values it repeats: the columns of every rule count,
wherever a member has such a name. What cannot be looked into, a text that is no JSON or bytes, may
repeat any value, and is withheld: `MASK` stands in its place.

* outbox: the payload, at any depth;
* logical message: its content, as ``text``; where something in it is redacted, or where it cannot
  be looked into, the wire's ``content`` is withheld;
* signal, notification: their data; conditions and keys of snapshots besides, whatever they name;
* dead letter: the value that Kafka Connect put aside, and what it says of the error;
* transaction boundaries and schema changes hold no rows, and stay as they are.

Headers that have the name of a column are redacted as those of changes are.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from domain.control import ControlKind, ControlMessage
from domain.json_text import holds_json, is_array, is_object, is_text, parsed, written
from domain.jsonb_safety import escape_whole, is_unsafe
from domain.redacted_surroundings import escaped_whole, redacted_headers, repeats_values
from domain.redacted_values import ValueRedactor
from domain.redaction import MASK, ColumnRules, Redaction, RuleAction

_WITHOUT_ROWS = frozenset(
    {
        ControlKind.HEARTBEAT,
        ControlKind.TOMBSTONE,
        ControlKind.TRANSACTION_BEGIN,
        ControlKind.TRANSACTION_END,
        ControlKind.TRANSACTION,
        ControlKind.SCHEMA_CHANGE,
        ControlKind.SCHEMA_HISTORY,
    }
)
_OF_SNAPSHOTS = frozenset(
    {"additional-condition", "filter", "last_processed_key", "maximum_key", "surrogate-key"}
)
_ERROR = "__connect.errors.exception."
_ERROR_CLASS = "__connect.errors.exception.class.name"


def redacted_control(message: ControlMessage, redaction: Redaction) -> ControlMessage:
    """
    Apply the rules to `message`.

    Returns:
        The message itself where nothing in it is redacted.
    """
    if message.kind in _WITHOUT_ROWS or redaction.is_empty:
        return message
    rules = redaction.of_messages
    payload, headers, key = message.payload, message.headers, message.record_key
    if key is not None:
        key = _payload(key, ControlKind.OUTBOX, rules)  # whatever its kind: a key is a row's
    if payload is not None:
        payload = _payload(payload, message.kind, rules)
    if headers is not None:
        headers = redacted_headers(_without_error(headers), rules, is_key_known=False)
    if (payload, headers, key) == (message.payload, message.headers, message.record_key):
        return message
    return msgspec.structs.replace(message, payload=payload, headers=headers, record_key=key)


def _payload(text: str, kind: ControlKind, rules: ColumnRules) -> str:
    plain = escaped_whole(text) or text
    try:
        value = parsed(plain)
    except ValueError:  # nested too deep: nobody can look inside
        return written(MASK)
    kept = _READERS.get(kind, _whole)(value, rules)
    if kept == value:
        return text
    stored = written(kept)
    return escape_whole(stored) if is_unsafe(stored) else stored


def _whole(value: Any, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    """Everything with a name is looked at; what has none, a bare text or number, is withheld."""
    if is_object(value):
        return _redactor(rules).redacted(value)
    if is_array(value):
        return [_whole(element, rules) for element in value]
    if is_text(value):
        return _text(value, rules)
    return value if value is None else MASK


def _text(text: str, rules: ColumnRules) -> str:
    """A text: looked into where it is JSON, else withheld."""
    if not text.strip():
        return text
    try:
        value = parsed(text) if holds_json(text) else None
    except ValueError:
        value = None
    if value is None:
        return MASK
    kept = _whole(value, rules)
    return text if kept == value else written(kept)


def _dead_letter(value: Any, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    """The value as text; as an object, its bytes in hexadecimal, which nobody can look into."""
    return _whole(value, rules) if is_text(value) else MASK


def _logical_message(value: Any, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    if not is_object(value) or not is_object(value.get("message")):
        return _whole(value, rules)
    message = dict(value["message"])
    text = message.get("text")
    if is_text(text):
        message["text"] = _text(text, rules)
        if message["text"] != text:
            message["content"] = MASK
    elif message.get("content"):
        message["content"] = MASK
    return {**value, "message": message}


def _signal(value: Any, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    return _with_member(value, "data", rules)


def _notification(value: Any, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    return _with_member(value, "additional_data", rules)


def _with_member(value: Any, name: str, rules: ColumnRules) -> Any:  # noqa: ANN401 - JSON
    """An object of which only this member may repeat values."""
    if not is_object(value):
        return _whole(value, rules)
    return {**value, name: _whole(value[name], rules)} if name in value else value


_READERS: dict[ControlKind, Callable[[Any, ColumnRules], Any]] = {
    ControlKind.LOGICAL_MESSAGE: _logical_message,
    ControlKind.DEAD_LETTER: _dead_letter,
    ControlKind.SIGNAL: _signal,
    ControlKind.NOTIFICATION: _notification,
}


def _redactor(rules: ColumnRules) -> ValueRedactor:
    def decide(path: tuple[str, ...]) -> RuleAction | None:
        quotes = repeats_values(path[-1]) or path[-1] in _OF_SNAPSHOTS
        return rules.anywhere(path) or (RuleAction.MASK if quotes else None)

    return ValueRedactor(decide, rules.hash_key, mask_broken=True)


def _without_error(headers: str) -> str:
    """Headers without what Kafka Connect's exception says: it may quote the record."""
    if _ERROR not in headers:
        return headers
    pairs: list[tuple[Any, Any]] = json.loads(headers)
    return msgspec.json.encode(
        [(name, MASK if _quotes(name) and value is not None else value) for name, value in pairs]
    ).decode()


def _quotes(name: object) -> bool:
    return isinstance(name, str) and name.startswith(_ERROR) and name != _ERROR_CLASS
