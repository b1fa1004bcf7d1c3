"""A control message that is kept has its record's key: an outbox record's is its aggregate."""

from typing import Any

import msgspec
import pytest

from adapters.debezium.decoder import DebeziumDecoder
from domain.control import ControlKind, ControlMessage
from domain.redaction import ColumnRule
from tests.builders import a_raw_record

OUTBOX = a_raw_record(
    topic="outbox.event.order",
    key=b'"7"',
    value=b'{"total":1}',
    headers=(("id", b"f1"),),
)


def decoded(decoder: DebeziumDecoder, **fields: object) -> ControlMessage:
    values: dict[str, Any] = msgspec.structs.asdict(OUTBOX)
    values.update(fields)
    result = decoder.decode(a_raw_record(**values), 1)
    assert isinstance(result, ControlMessage)
    return result


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        (b'"7"', '"7"'),
        (b"order-7", '"order-7"'),
        (b'{"b":2,"a":1.50}', '{"a":1.50,"b":2}'),
        (b'{"schema":{"type":"string"},"payload":"7"}', '"7"'),
        (b"\xff\xfe", '{"hex":"fffe"}'),
        (None, None),
    ],
)
def test_the_key_is_kept_in_its_canonical_form(key: bytes | None, kept: str | None) -> None:
    message = decoded(DebeziumDecoder(), key=key)

    assert message.kind is ControlKind.OUTBOX
    assert message.record_key == kept


def test_a_message_that_is_only_counted_has_no_key() -> None:
    message = decoded(DebeziumDecoder(), value=None, headers=())

    assert message.kind is ControlKind.TOMBSTONE
    assert message.record_key is None


def test_rules_hold_for_the_key() -> None:
    decoder = DebeziumDecoder(rules=[ColumnRule(column="email")])

    message = decoded(decoder, key=b'{"email":"ada@lovelace.example","id":7}')

    assert message.record_key == '{"email":"***","id":7}'


@pytest.mark.parametrize(("timestamp", "kept"), [(5, 5000), (-1, None), (2**62, None)])
def test_a_time_that_no_trail_can_hold_is_left_out(timestamp: int, kept: int | None) -> None:
    assert decoded(DebeziumDecoder(), timestamp=timestamp).kafka_timestamp == kept
