"""
Control messages in the reference's words: it calls logical messages and outbox records changes.

Every other control message is a skip, with its kind as the reason.
"""

from collections.abc import Mapping

import msgspec

from adapters.debezium.temporal import timestamp_text
from domain.control import ControlKind, ControlMessage
from domain.timestamps import microseconds
from entrypoints.decode.exact_text import Members, headers_of, member, members, plain, raw
from entrypoints.decode.position_words import lsn_fields

MESSAGES = frozenset({ControlKind.LOGICAL_MESSAGE, ControlKind.OUTBOX})

_BOUNDARIES = frozenset(
    {ControlKind.TRANSACTION, ControlKind.TRANSACTION_BEGIN, ControlKind.TRANSACTION_END}
)
_TABLE = ("connector", "db", "schema", "table")
_TIMES = ("ts_ns", "ts_us", "ts_ms")
_TOLD = ("status", "event_count", "ddl", "type", "aggregate_type")
"""What is told of a skipped message, where it has it."""


def control_words(message: ControlMessage) -> dict[str, object]:
    """What `message` says."""
    return _message(message) if message.kind in MESSAGES else _skip(message)


def message_content(message: ControlMessage) -> msgspec.Raw | Mapping[str, object] | None:
    """What a logical message or an outbox record carries."""
    payload = plain(message.payload)
    content = members(text_of(members(payload).get("message")))
    if message.kind is ControlKind.OUTBOX or not content:
        return raw(payload)
    return {
        "prefix": content.get("prefix"),
        "content": content.get("text", content.get("content")),
    }


def text_of(value: msgspec.Raw | None) -> str | None:
    """The text of a raw value."""
    return None if value is None else bytes(value).decode()


def _message(message: ControlMessage) -> dict[str, object]:
    source: Members = {}
    if message.kind is ControlKind.LOGICAL_MESSAGE:
        source = members(text_of(members(plain(message.payload)).get("source")))
    words: dict[str, object] = {
        "kind": "change",
        "operation": "message",
        "source_table": {name: source.get(name) for name in _TABLE} if source else None,
        "key": raw(message.record_key),
        "change_timestamp": _time(source),
        "transaction_id": message.transaction_id,
        "position": _position(source),
        "old": None,
        "new": message_content(message),
    }
    if message.kind is ControlKind.OUTBOX:
        words["outbox"] = {"id": headers_of(message.headers).get("id")}
    return words


def _skip(message: ControlMessage) -> dict[str, object]:
    is_boundary = message.kind in _BOUNDARIES
    words: dict[str, object] = {
        "kind": "skip",
        "reason": "transaction" if is_boundary else message.kind.value,
    }
    if message.record_key is not None:
        words["key"] = raw(message.record_key)
    if message.transaction_id is not None:
        words["transaction_id"] = message.transaction_id
    payload = members(plain(message.payload))
    return words | {name: payload[name] for name in _TOLD if name in payload}


def _time(source: Members) -> str | None:
    nanos, micros, millis = (
        value if type(value) is int else None for value in (member(source, t) for t in _TIMES)
    )
    time = microseconds(nanos, micros, millis)
    return None if time is None else f"{timestamp_text(time, 1_000_000)}Z"


def _position(source: Members) -> Mapping[str, object] | None:
    lsn = member(source, "lsn")
    return lsn_fields(lsn if type(lsn) is int else None, source) if source else None
