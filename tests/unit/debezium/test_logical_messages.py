"""Logical messages: the wire's own JSON is kept, with the content as text beside it."""

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from adapters.debezium.config import DecoderConfig
from tests.unit.debezium.records import a_source, an_envelope, control

CONTENT = '???>>>{"user":"bob","why":"après — 日本"}'
"""It begins with what the two alphabets of base64 write otherwise."""


def payload_of(value: object, config: DecoderConfig | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(control(value, config).payload or "")
    return payload


@pytest.mark.parametrize(
    ("config", "content"),
    [
        (DecoderConfig(), b64encode(CONTENT.encode()).decode()),
        (DecoderConfig(logical_message_encoding="hex"), CONTENT.encode().hex()),
        (
            DecoderConfig(logical_message_encoding="base64-url-safe"),
            urlsafe_b64encode(CONTENT.encode()).decode(),
        ),
    ],
)
def test_the_content_is_readable_in_every_encoding(config: DecoderConfig, content: str) -> None:
    envelope = an_envelope("m", message={"prefix": "audit", "content": content})

    payload = payload_of(envelope, config)

    assert payload["message"] == {"prefix": "audit", "content": content, "text": CONTENT}


@pytest.mark.parametrize("content", ["AP+A", "no base64!", None, ""])
def test_content_that_is_no_text_stays_as_it_is(content: str | None) -> None:
    envelope = an_envelope("m", message={"prefix": "bin", "content": content})

    message = payload_of(envelope)["message"]

    assert message["content"] == content
    assert message.get("text", "") == ""


def test_a_schema_of_bytes_settles_the_encoding() -> None:
    content = b64encode(CONTENT.encode()).decode()
    fields = [
        {"type": "string", "field": "prefix"},
        {"type": "bytes", "field": "content"},
    ]
    schema = {
        "type": "struct",
        "fields": [{"type": "struct", "field": "message", "fields": fields}],
    }
    envelope = an_envelope("m", message={"prefix": "audit", "content": content})
    config = DecoderConfig(logical_message_encoding="hex")

    payload = payload_of({"schema": schema, "payload": envelope}, config)

    assert payload["message"]["text"] == CONTENT


def test_it_names_its_transaction_and_its_source() -> None:
    message = control(an_envelope("m", message={"prefix": "p", "content": ""}))

    assert message.transaction_id == "556"
    assert message.source_name == "srv1"


def test_outside_a_transaction_it_names_none() -> None:
    envelope = an_envelope("m", source=a_source(txId=None), message={"prefix": "p"})

    assert control(envelope).transaction_id is None
