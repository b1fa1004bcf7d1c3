"""
Control messages: what is kept of the records that are no change of a row.

The payload is the wire's own JSON, so that nothing is thrown away. A logical message has its
content beside it as readable text. JSON that `jsonb` does not take is one string under the empty
name (`domain.jsonb_safety`).
"""

from base64 import b64decode, urlsafe_b64decode
from binascii import Error as Base64Error
from typing import Any

import msgspec

from adapters.debezium.config import DecoderConfig
from adapters.debezium.exact_json import Json, decode_exact, encode, is_object
from adapters.debezium.incoming import Incoming
from adapters.debezium.poison import invalid, shown
from domain.control import COUNTED_ONLY, ControlKind, ControlMessage
from domain.jsonb_safety import escape_whole, is_unsafe
from domain.timestamps import kafka_microseconds, storable

_SHALLOW_BYTES = 1000


def control_message(
    incoming: Incoming,
    kind: ControlKind,
    *,
    payload: Json | None = None,
    source_name: str | None = None,
    transaction_id: str | None = None,
) -> ControlMessage:
    """
    The control message that a record is.

    Raises:
        ValidationError: The payload is not UTF-8.
    """
    record = incoming.record
    counted_only = kind in COUNTED_ONLY
    return ControlMessage(
        stream_id=incoming.stream_id,
        kafka_partition=record.partition,
        kafka_offset=record.offset,
        kafka_timestamp=storable(kafka_microseconds(record.timestamp)),
        kind=kind,
        source_name=source_name,
        transaction_id=transaction_id,
        payload=None if counted_only or payload is None else stored_json(payload),
        headers=None if counted_only else incoming.look.stored,
    )


def stored_json(text: Json) -> str:
    """
    JSON as it is stored beside the trail: safe for readers that cast it to `jsonb`.

    Raises:
        ValidationError: It is not UTF-8.
    """
    try:
        plain = str(text, "utf-8")
    except UnicodeDecodeError as error:
        raise invalid("invalid_utf8", f"{error}: {shown(bytes(text))}") from error
    if ("\\u" in plain or len(plain) > _SHALLOW_BYTES) and is_unsafe(plain):
        return escape_whole(plain)
    return plain


def with_readable_content(
    payload: Json, config: DecoderConfig, *, content_type: str | None
) -> Json:
    """
    A logical message's payload, its content as text beside the wire's own form.

    Args:
        payload: The envelope of the message.
        config: Says how content is written where no schema does.
        content_type: Connect type of the content, from the schema; None without one.
    """
    fields: dict[str, Any] = decode_exact(payload)
    message = fields.get("message")
    if not is_object(message) or not isinstance(message.get("content"), str):
        return payload
    encoding = "base64" if content_type == "bytes" else config.logical_message_encoding
    text = _content_text(message["content"], encoding)
    if text is None:
        return payload
    return msgspec.Raw(encode({**fields, "message": {**message, "text": text}}))


def _content_text(content: str, encoding: str) -> str | None:
    try:
        if encoding == "hex":
            return bytes.fromhex(content).decode()
        if encoding == "base64-url-safe":
            return urlsafe_b64decode(content).decode()
        return b64decode(content, validate=True).decode()
    except (Base64Error, ValueError):
        return None
