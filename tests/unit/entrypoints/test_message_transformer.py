"""The documented `MessageTransformer`: what it takes, what it gives, and what it refuses."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from adapters.debezium.config import DecoderConfig
from domain.disposition import Disposition
from domain.errors import NotAChangeError, TransformationError, ValidationError
from domain.operation import OperationTypeEnum
from domain.transformed_message import TransformedMessage
from entrypoints.message_transformer import Message, MessageTransformer
from tests.unit.debezium.records import AT, TOPIC, an_envelope

INSERT: dict[str, Any] = an_envelope("c", after={"id": 1, "name": "Ann"})
TEXT = json.dumps(INSERT)
PLAIN_ROW = {"id": 1, "name": "Ann"}
BEGIN = {"status": "BEGIN", "id": "571:5", "event_count": None, "data_collections": None}
HEARTBEAT_KEY = b'{"serverName":"srv1"}'


def a_client_record(value: Any, **fields: Any) -> Any:  # noqa: ANN401 - a deserialiser gives anything
    """A record as aiokafka gives it; with a deserialiser, its key and value are no bytes."""
    values: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "offset": 7,
        "timestamp": AT,
        "timestamp_type": 0,
        "key": b'{"id":1}',
        "value": value,
        "checksum": None,
        "serialized_key_size": -1,
        "serialized_value_size": -1,
        "headers": (),
        **fields,
    }
    return ConsumerRecord(**values)


def transformed(
    message: Message, transformer: MessageTransformer | None = None, *, topic: str = TOPIC
) -> TransformedMessage:
    chosen = MessageTransformer() if transformer is None else transformer
    return chosen.transform_message(message, topic, 3, 42)


@pytest.mark.parametrize(
    "message",
    [
        TEXT,
        TEXT.encode(),
        bytearray(TEXT.encode()),
        memoryview(TEXT.encode()),
        INSERT,
        a_client_record(TEXT.encode()),
    ],
    ids=lambda message: type(message).__name__,
)
def test_every_kind_of_message_gives_the_same_change(message: Message) -> None:
    change = transformed(message)

    assert change.source_table == "customers"
    assert change.operation_type is OperationTypeEnum.INSERT
    assert change.change_timestamp == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert change.old_data is None
    assert change.new_data == {"id": 1, "name": "Ann"}
    assert change.transaction_id == "556"
    assert (change.topic, change.partition, change.offset) == (TOPIC, 3, 42)


def test_a_clients_record_brings_key_headers_and_timestamp() -> None:
    headers = (("trace", b"abc"), ("trace", None))

    change = transformed(a_client_record(TEXT.encode(), headers=headers))

    assert change.record_key == '{"id":1}'
    assert change.record.kafka_timestamp == AT * 1000
    assert json.loads(change.record.headers or "") == [["trace", "abc"], ["trace", None]]


def test_a_bare_value_has_no_key_and_no_time_of_kafkas() -> None:
    change = transformed(TEXT)

    assert change.record_key is None
    assert change.record.kafka_timestamp is None


@pytest.mark.parametrize(
    ("value", "key"),
    [(INSERT, {"id": 1}), (TEXT, '{"id":1}'), (INSERT, b'{"id":1}')],
    ids=["dicts", "texts", "a dict and bytes"],
)
def test_a_clients_record_may_be_deserialised_already(value: object, key: object) -> None:
    change = transformed(a_client_record(value, key=key))

    assert change.new_data == {"id": 1, "name": "Ann"}
    assert change.record_key == '{"id":1}'


@pytest.mark.parametrize(
    "value", [10**30, -(10**30), "Zoë 😀", "half \ud83d pair", "\x00", 1.5, None, [1, {"a": []}]]
)
def test_a_dict_is_what_its_json_text_is(value: object) -> None:
    envelope = an_envelope("c", after={"id": 1, "value": value})

    from_dict, from_text = transformed(envelope), transformed(json.dumps(envelope))

    assert from_dict.new_data == from_text.new_data
    assert from_dict.value_notes == from_text.value_notes


def test_a_dict_keeps_text_as_kafka_had_it_and_decimals_exact() -> None:
    envelope = an_envelope("c", after={"name": "Zoë", "price": Decimal("1.10")})

    change = transformed(envelope)

    assert change.record.new_data == '{"name":"Zoë","price":"1.10"}'


def test_a_number_that_json_has_not_is_refused_and_not_made_null() -> None:
    with pytest.raises(ValidationError, match="NaN"):
        transformed(an_envelope("c", after={"id": float("nan")}))


@pytest.mark.parametrize("message", [7, 1.5, ["a"], ("a",), object(), b"".hex, {1, 2}])
def test_any_other_kind_of_message_is_the_callers_mistake(message: Any) -> None:  # noqa: ANN401 - what the types forbid
    with pytest.raises(TypeError, match=type(message).__name__):
        transformed(message)


def test_a_deserialised_key_that_is_no_message_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="not int"):
        transformed(a_client_record(TEXT, key=7))


class AConfluentRecord:
    """A record of a client whose parts are methods."""

    def key(self) -> bytes:
        """The key."""
        return b'{"id":1}'

    def value(self) -> bytes:
        """The value."""
        return TEXT.encode()

    def timestamp(self) -> tuple[int, int]:
        """The kind of timestamp, and the timestamp."""
        return (1, AT)

    def headers(self) -> None:
        """No headers."""


def test_a_record_whose_parts_are_methods_is_named_in_the_error() -> None:
    record: Any = AConfluentRecord()

    with pytest.raises(TypeError, match="AConfluentRecord"):
        transformed(record)


@pytest.mark.parametrize(
    ("message", "topic", "kind"),
    [
        (None, TOPIC, "tombstone"),
        (a_client_record(None), TOPIC, "tombstone"),
        (None, "__debezium-heartbeat.srv1", "heartbeat"),
        (a_client_record(b'{"ts_ms":1}', key=HEARTBEAT_KEY), "heartbeats", "heartbeat"),
        (BEGIN, "srv1.transaction", "transaction_begin"),
        ({**BEGIN, "status": "END", "event_count": 1}, "srv1.transaction", "transaction_end"),
    ],
    ids=str,
)
def test_a_message_without_a_change_says_what_it_is(
    message: Message, topic: str, kind: str
) -> None:
    with pytest.raises(NotAChangeError, match=kind) as caught:
        transformed(message, topic=topic)

    assert caught.value.disposition is Disposition.CONTROL
    assert caught.value.kind == kind
    assert isinstance(caught.value, TransformationError)


def test_a_plain_row_is_refused_where_the_schema_is_validated() -> None:
    with pytest.raises(ValidationError, match="no envelope"):
        transformed(PLAIN_ROW, MessageTransformer(validate_schema=True))


def test_a_plain_row_is_an_upsert_where_it_is_not() -> None:
    change = transformed(PLAIN_ROW, MessageTransformer(validate_schema=False))

    assert change.operation_type is OperationTypeEnum.UPSERT
    assert change.new_data == PLAIN_ROW
    assert change.source_table == TOPIC


def test_schemas_are_validated_unless_told_otherwise_whatever_the_configuration() -> None:
    lenient = DecoderConfig(accept_unmarked_rows=True)

    with pytest.raises(ValidationError):
        transformed(PLAIN_ROW, MessageTransformer(config=lenient))


def test_a_configuration_that_refuses_plain_rows_is_kept_without_validation() -> None:
    strict = DecoderConfig(accept_unmarked_rows=False)

    with pytest.raises(ValidationError):
        transformed(PLAIN_ROW, MessageTransformer(validate_schema=False, config=strict))


@pytest.mark.parametrize("message", [b"", "", b"{", "[1]", b"\x00\x00\x00\x00\x01x", {}], ids=str)
def test_a_message_that_is_not_debeziums_is_refused(message: Message) -> None:
    with pytest.raises(ValidationError):
        transformed(message)


def test_a_message_without_schema_is_decoded_by_the_types_that_are_given() -> None:
    envelope = an_envelope("c", after={"id": 1, "total": "bg==", "due": 20000})
    types = {"public.customers": {"total": "numeric(10,2)", "due": "date"}}

    plain = transformed(envelope)
    typed = transformed(envelope, MessageTransformer(column_types=types))

    assert plain.new_data == {"id": 1, "total": "bg==", "due": 20000}
    assert typed.new_data == {"id": 1, "total": "1.10", "due": "2024-10-04"}
