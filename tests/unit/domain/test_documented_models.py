"""The documented models as dictionaries that `json.dumps` takes."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from domain.audit_logging import AuditLogging
from domain.kafka_offset import KafkaOffset
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.processing_error import ProcessingError
from domain.transformed_message import TransformedMessage, transformed_message
from tests.builders import NOON, a_record

AT = datetime(2023, 11, 14, 22, 13, 20, 123_457, tzinfo=UTC)
TEXT_OF_AT = "2023-11-14T22:13:20.123457Z"

ENTRY = AuditLogging(
    source_table="orders",
    operation_type=OperationTypeEnum.UPDATE,
    old_data={"id": 1, "total": 1.5, "tags": ["ü", None]},
    new_data={"id": 2**53 + 1, "paid": True},
    change_timestamp=AT,
    change_user="ada",
    transaction_id="771",
    lsn="0/16E9058",
    source_metadata={"connector": "postgresql"},
    id="1-0-7",
    topic="shop.public.orders",
    kafka_partition=0,
    kafka_offset=7,
    kafka_timestamp=AT,
    captured_at=AT,
    recorded_at=AT,
    connector="postgresql",
    source_name="shop",
    source_database="shop",
    source_schema="public",
    record_key='{"id":1}',
    changed_columns=("total",),
    before_image=BeforeImage.COMPLETE,
    value_notes={"total": "masked"},
    headers=[["trace", "1"], ["trace", None]],
)
OFFSET = KafkaOffset(
    topic="shop.public.orders",
    partition=0,
    offset=41,
    consumer_group="cdc_audit_consumer",
    stream_id=1,
    first_offset=3,
    writer="writer",
    updated_at=AT,
)
ERROR = ProcessingError(
    topic="shop.public.orders",
    partition=0,
    offset=41,
    error_type="ValidationError",
    error_message="the value is no JSON",
    raw_key=b'{"id":1}',
    raw_value=b"\x00\xff no json",
    id=1,
    stream_id=1,
    retry_count=1,
    max_retries=3,
    next_retry_at=AT,
    created_at=AT,
    resolved_at=AT,
    resolution="resolved",
    resolution_note="known",
)
MESSAGE = transformed_message(
    a_record(
        7,
        change_timestamp=NOON + 123_457,
        record_key='{"id":1}',
        changed_columns=("status", "note"),
        change_user="ada",
        transaction_id="771",
        lsn="0/16E9058",
        source_metadata='{"connector":"postgresql","ts_ms":1}',
        value_notes='{"note":"masked"}',
        timestamp_source=TimestampSource.SOURCE,
    ),
    topic="shop.public.orders",
)

Model = AuditLogging | KafkaOffset | ProcessingError | TransformedMessage
FULL: tuple[Model, ...] = (ENTRY, OFFSET, ERROR, MESSAGE)
SMALLEST: tuple[Model, ...] = (
    AuditLogging(source_table="orders", operation_type=OperationTypeEnum.INSERT),
    KafkaOffset(topic="t", partition=0, offset=-1, consumer_group="g"),
    ProcessingError(topic="t", partition=0, offset=0, error_type="E", error_message="m"),
    transformed_message(a_record(old_data=None, changed_columns=None), topic="t"),
)


@pytest.mark.parametrize("model", [*FULL, *SMALLEST], ids=lambda model: type(model).__name__)
def test_a_dictionary_survives_json(model: Model) -> None:
    fields = model.to_dict()

    assert json.loads(json.dumps(fields)) == fields


@pytest.mark.parametrize("model", [*FULL, *SMALLEST], ids=lambda model: type(model).__name__)
def test_a_dictionary_has_every_field_and_only_plain_words(model: Model) -> None:
    fields = model.to_dict()

    assert [*fields] == [name for name in model.__struct_fields__ if name != "record"]
    assert {type(value) for value in fields.values()} <= {str, int, list, dict, type(None)}


@pytest.mark.parametrize("model", FULL, ids=lambda model: type(model).__name__)
def test_these_are_full(model: Model) -> None:
    """So that the tests above speak of every field."""
    assert None not in model.to_dict().values()


def test_times_are_in_iso_8601_to_the_microsecond() -> None:
    entry = msgspec.structs.replace(
        ENTRY, captured_at=AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    )

    fields = entry.to_dict()

    assert fields["change_timestamp"] == fields["recorded_at"] == TEXT_OF_AT
    assert fields["captured_at"] == "2023-11-15T03:43:20.123457+05:30"
    assert datetime.fromisoformat(fields["captured_at"]) == AT
    assert OFFSET.to_dict()["updated_at"] == ERROR.to_dict()["created_at"] == TEXT_OF_AT


def test_words_are_text() -> None:
    fields = ENTRY.to_dict()

    assert (fields["operation_type"], fields["before_image"]) == ("UPDATE", "complete")
    assert {type(fields[name]) for name in ("operation_type", "before_image")} == {str}


def test_a_dictionary_makes_the_entry_again() -> None:
    again = msgspec.convert(json.loads(json.dumps(ENTRY.to_dict())), AuditLogging)

    assert again == ENTRY


def test_bytes_of_a_quarantined_record_are_base64() -> None:
    fields = ERROR.to_dict()

    assert base64.b64decode(fields["raw_key"]) == ERROR.raw_key
    assert base64.b64decode(fields["raw_value"]) == ERROR.raw_value


def test_an_error_is_resolved_from_when_it_was() -> None:
    still_open = msgspec.structs.replace(ERROR, resolved_at=None)

    assert ERROR.is_resolved
    assert not still_open.is_resolved


# transformed messages


def test_a_message_shows_the_record_in_the_documented_form() -> None:
    expected = {
        "source_table": "orders",
        "operation_type": "UPDATE",
        "change_timestamp": "2023-11-14T22:13:20.123457+00:00",
        "old_data": {"id": 1, "status": "new"},
        "new_data": {"id": 1, "status": "paid"},
        "change_user": "ada",
        "transaction_id": "771",
        "lsn": "0/16E9058",
        "source_metadata": {"connector": "postgresql", "ts_ms": 1},
        "topic": "shop.public.orders",
        "partition": 0,
        "offset": 7,
        "record_key": '{"id":1}',
        "changed_columns": ["status", "note"],
        "before_image": "complete",
        "value_notes": {"note": "masked"},
    }

    assert MESSAGE.to_dict() == expected


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        (946_684_800_000_000, datetime(2000, 1, 1, tzinfo=UTC)),
        (NOON + 123_457, AT),
        (7_258_118_399_999_999, datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_a_change_has_its_exact_moment_and_a_zone(microseconds: int, expected: datetime) -> None:
    message = transformed_message(a_record(change_timestamp=microseconds), topic="t")

    assert message.change_timestamp == expected
    assert message.change_timestamp.utcoffset() == timedelta()
