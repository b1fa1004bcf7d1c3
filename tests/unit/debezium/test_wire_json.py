"""The wrapper around a payload: with a schema, without one, and a schema that changes."""

import json
from typing import Any

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from tests.unit.debezium.records import a_consumed, an_envelope, as_bytes, audited, with_schema

DAY = {"type": "int32", "name": "io.debezium.time.Date", "field": "v"}
NUMBER = {"type": "int32", "field": "v"}


def rows_of(*values: Any, topic: str = "t") -> list[str | None]:  # noqa: ANN401 - JSON or bytes
    decoder = DebeziumDecoder()
    results = [decoder.decode(a_consumed(value, topic=topic), 1) for value in values]
    return [result.new_data for result in results if isinstance(result, AuditRecord)]


def test_each_record_is_read_with_its_own_schema() -> None:
    envelope = an_envelope(after={"v": 1})
    day, number = with_schema(envelope, [DAY]), with_schema(envelope, [NUMBER])

    assert rows_of(day, day, number, day, envelope) == [
        '{"v":"1970-01-02"}',
        '{"v":"1970-01-02"}',
        '{"v":1}',
        '{"v":"1970-01-02"}',
        '{"v":1}',
    ]


def test_schemas_of_one_length_are_not_taken_for_each_other() -> None:
    envelope = an_envelope(after={"v": 1})
    year = with_schema(envelope, [{**DAY, "name": "io.debezium.time.Year"}])

    assert rows_of(with_schema(envelope, [DAY]), year) == ['{"v":"1970-01-02"}', '{"v":1}']


def test_a_known_schema_does_not_hide_what_follows_the_payload() -> None:
    known = with_schema(an_envelope(after={"v": 1}), [DAY])
    longer = {**known, "extra": 1}

    decoder = DebeziumDecoder()
    decoder.decode(a_consumed(known), 1)
    result = decoder.decode(a_consumed(longer), 1)

    assert isinstance(result, AuditRecord)
    assert json.loads(result.new_data or "") == longer


def test_order_and_spaces_of_a_wrapper_do_not_matter() -> None:
    wrapped = with_schema(an_envelope(after={"v": 1}), [DAY])
    turned = {"payload": wrapped["payload"], "schema": wrapped["schema"]}
    spaced = json.dumps(wrapped, indent=2).encode()

    assert (
        rows_of(turned, spaced, b"\xef\xbb\xbf" + (as_bytes(wrapped) or b""))
        == ['{"v":"1970-01-02"}'] * 3
    )


def test_no_schema_is_no_knowledge_of_types() -> None:
    envelope = an_envelope(after={"v": 1})
    text = (as_bytes(envelope) or b"").decode()

    for start in ('{"schema":null,"payload":', '{"schema":{},"payload":', '{"payload":'):
        value = f"{start}{text}}}".encode()
        record = audited(value)
        assert record.new_data == '{"v":1}'
        assert record.value_notes == '{"*":"undecoded"}'


def test_a_row_with_the_columns_schema_and_payload_is_a_row() -> None:
    record = audited({"schema": "public", "payload": "x"})

    assert json.loads(record.new_data or "") == {"schema": "public", "payload": "x"}


def test_an_unwrapped_row_with_a_schema_is_converted() -> None:
    schema = {"type": "struct", "fields": [DAY, {"type": "string", "field": "__op"}]}

    record = audited({"schema": schema, "payload": {"v": 17424, "__op": "u"}})

    assert record.new_data == '{"v":"2017-09-15"}'
    assert record.value_notes is None
