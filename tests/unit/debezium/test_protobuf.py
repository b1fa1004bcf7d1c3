"""Protobuf: messages of a registry's file as rows, and what the format does not carry as notes."""

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import TransformationError
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaIdKind
from tests.unit.debezium.protobuf_messages import a_message, in_text, serialized
from tests.unit.debezium.records import a_consumed
from tests.unit.debezium.registries import APICURIO, a_decoder, a_reference

FILE = in_text()
FIRST, SECOND = b"\0", b"\2\2"
FRONT = b"\0\0\0\0\1"
SOURCE: dict[str, Any] = {
    "connector": "postgresql",
    "name": "srv1",
    "ts_ms": 1,
    "db": "d",
    "schema": "public",
    "table": "customers",
}
EVERYTHING: dict[str, Any] = {
    "id": 7,
    "name": "Zoë",
    "big": {"value": 9007199254740993},
    "price": {"value": b"\x01\xe2\x13", "precision": 10, "scale": 2},
    "born": {"year": 2017, "month": 9, "day": 15},
    "at": {"hours": 13, "minutes": 51, "seconds": 30, "nanos": 123_000_000},
    "seen": {"seconds": 1529507596, "nanos": 945_000_000},
    "micros": 1529507596945104,
    "small": -3,
    "raw": b"\x00\xff",
    "tags": ["a", ""],
    "attrs": [{"key": "k", "value": {"value": "v"}}, {"key": "n"}],
    "by_number": {2: 0.5},
    "ratio": 0.1,
    "wide": float("nan"),
    "ok": False,
    "free": {"scale": 4, "value": b"\xfeu\x09"},
    "size": 1,
    "note": "x",
}
CANONICAL: dict[str, Any] = {
    "id": 7,
    "name": "Zoë",
    "big": 9007199254740993,
    "price": "1234.11",
    "born": "2017-09-15",
    "at": "13:51:30.123",
    "seen": "2018-06-20T15:13:16.945",
    "micros": "2018-06-20T15:13:16.945104",
    "small": -3,
    "raw": "0x00ff",
    "tags": ["a", ""],
    "attrs": {"k": "v", "n": None},
    "by_number": [[2, 0.5]],
    "ratio": 0.1,
    "wide": "NaN",
    "ok": False,
    "free": "-10.1111",
    "size": "LARGE",
    "note": "x",
}


def an_envelope(schema: RegisteredSchema = FILE, **fields: Any) -> Message:  # noqa: ANN401 - any field
    return a_message(schema, "Envelope", **{"op": "c", "source": SOURCE, **fields})


def framed(message: Message, indexes: bytes = FIRST) -> bytes:
    return FRONT + indexes + message.SerializeToString()


def decoded(value: bytes, schema: RegisteredSchema = FILE, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    result = a_decoder({a_reference(1): schema}).decode(a_consumed(value, **fields), 1)
    assert isinstance(result, AuditRecord)
    return result


@pytest.mark.parametrize("schema", [FILE, serialized(FILE)], ids=["text", "serialized"])
def test_every_type_has_its_canonical_form(schema: RegisteredSchema) -> None:
    key = framed(a_message(FILE, "Key", id=7), SECOND)

    record = decoded(framed(an_envelope(after=EVERYTHING)), schema, key=key)

    assert list(json.loads(record.new_data or "").items()) == list(CANONICAL.items())
    assert record.record_key == '{"id":7}'
    assert (record.source_schema, record.source_table) == ("public", "customers")
    assert json.loads(record.source_metadata or "")["lsn"] is None


def test_what_the_format_does_not_tell_is_noted() -> None:
    record = decoded(framed(an_envelope(after=EVERYTHING)))

    undecoded = dict.fromkeys(("id", "big", "raw", "tags"), "undecoded")
    assert json.loads(record.value_notes or "") == undecoded


def test_a_default_may_stand_for_null() -> None:
    record = decoded(framed(an_envelope(after={})))

    row = json.loads(record.new_data or "")
    notes = json.loads(record.value_notes or "")
    without_presence: dict[str, Any] = {
        "id": 0,
        "tags": [],
        "attrs": {},
        "by_number": [],
        "note": "",
    }
    assert row == {**dict.fromkeys(CANONICAL), **without_presence}
    assert notes == dict.fromkeys(without_presence, "suspect")


def test_a_default_in_the_source_block_or_for_an_srid_is_no_value() -> None:
    text = (
        'syntax = "proto3"; message Envelope { Value before = 1; Value after = 2;'
        "Source source = 3; string op = 4;"
        "message Value { Point pt = 1; message Point {"
        "double x = 1; double y = 2; bytes wkb = 3; int32 srid = 4; } }"
        "message Source { string connector = 1; int64 txId = 2; int64 lsn = 3; int64 pos = 4; } }"
    )
    wkb = bytes.fromhex("0101000000000000000000f03f0000000000000040")
    message = an_envelope(in_text(text), source={}, after={"pt": {"wkb": wkb}})

    record = decoded(framed(message), in_text(text))

    assert record.new_data == '{"pt":"POINT(1 2)"}'
    assert (record.transaction_id, record.lsn) == (None, None)
    assert json.loads(record.source_metadata or "")["pos"] == 0


def test_options_of_confluents_need_no_import() -> None:
    text = (
        'syntax = "proto3"; message Envelope { Value before = 1; Value after = 2;'
        "Source source = 3; string op = 4; message Source { string connector = 1; }"
        'message Value { int32 id = 1 [(confluent.field_meta) = {params: [{value: "int16",'
        ' key: "connect.type"}]}]; } }'
    )
    message = an_envelope(in_text(text), source={}, after={"id": 7})

    record = decoded(framed(message), in_text(text))

    assert (record.new_data, record.value_notes) == ('{"id":7}', None)


def test_an_update_has_notes_on_both_sides_and_knows_what_changed() -> None:
    before, after = {**EVERYTHING, "note": ""}, {**EVERYTHING, "id": 8}

    record = decoded(framed(an_envelope(op="u", before=before, after=after)))

    assert record.changed_columns == ("id", "note")
    assert json.loads(record.value_notes or "")["note"] == {"old": "suspect"}


def test_a_placeholder_is_found_in_texts_bytes_and_lists() -> None:
    placeholder = "__debezium_unavailable_value"
    after = {**EVERYTHING, "name": placeholder, "raw": placeholder.encode(), "tags": [placeholder]}

    record = decoded(framed(an_envelope(op="u", before=EVERYTHING, after=after)))

    notes = json.loads(record.value_notes or "")
    assert {
        c for c, note in notes.items() if note == {"old": "undecoded", "new": "unavailable"}
    } == {
        "raw",
        "tags",
    }
    assert notes["name"] == {"new": "unavailable"}
    assert not {"name", "raw", "tags"} & json.loads(record.new_data or "").keys()


def test_messages_are_named_by_indexes_of_any_depth() -> None:
    nested = in_text('syntax = "proto3"; message A { message B {} message C { int32 id = 1; } }')
    message = b"\x08\x07"
    key = FRONT + b"\4\0\2" + message

    record = decoded(b'{"op":"d","source":{}}', nested, key=key)

    assert record.record_key == '{"id":7}'


def test_apicurio_names_the_message_in_front_of_it_or_in_headers() -> None:
    kind = SchemaIdKind.APICURIO_CONTENT_ID
    decoder = a_decoder({a_reference(1, kind): FILE}, APICURIO)
    body = an_envelope(after=EVERYTHING).SerializeToString()
    reference = b"\x0a\x08Envelope"
    headers = (
        ("apicurio.value.contentId", (1).to_bytes(8, "big")),
        ("apicurio.protobuf.type.value", b"srv1.public.customers.Envelope"),
    )

    records = [
        decoder.decode(a_consumed(FRONT + bytes([len(reference)]) + reference + body), 1),
        decoder.decode(a_consumed(body, headers=headers), 1),
    ]

    for record in records:
        assert isinstance(record, AuditRecord)
        assert json.loads(record.new_data or "") == CANONICAL


def test_a_file_that_imports_another_of_the_registry() -> None:
    shared = in_text('syntax = "proto3"; package own; message Row { int32 id = 1; }')
    text = (
        'syntax = "proto3"; import "own/row.proto"; message Envelope {'
        "own.Row before = 1; own.Row after = 2; Source source = 3; string op = 4;"
        "message Source { string connector = 1; } }"
    )
    schema = in_text(text, own_row__proto=shared)

    for one in (schema, serialized(schema)):
        message = a_message(schema, "Envelope", op="c", source={}, after={"id": 7})

        assert decoded(framed(message), one).new_data == '{"id":7}'


@pytest.mark.parametrize(
    "text",
    [
        "no protobuf",
        'syntax = "proto3"; import "not/there.proto"; message A {}',
        'syntax = "proto3"; import "../../etc/passwd"; message A {}',
        'syntax = "proto3"; message A { A inner = 1; }',
        "AAAA",
    ],
)
def test_a_file_that_cannot_be_used_is_poison_each_time(text: str) -> None:
    decoder = a_decoder({a_reference(1): in_text(text)})

    for _ in range(2):
        with pytest.raises(TransformationError, match=r"^(bad_schema|bad_protobuf): "):
            decoder.decode(a_consumed(FRONT + FIRST), 1)


@pytest.mark.parametrize(
    "damaged",
    [
        FRONT,
        FRONT + b"\xff",
        FRONT + b"\1",
        FRONT + b"\2\x80",
        FRONT + b"\2\x0e",
        FRONT + FIRST + b"\xff\xff",
        FRONT + FIRST + b"\x9a\x06\x01x",
        framed(an_envelope(after=EVERYTHING))[:-1],
        framed(an_envelope(after={"born": {"year": 2017, "month": 13, "day": 1}})),
    ],
    ids=str,
)
def test_damage_is_poison_with_a_reason(damaged: bytes) -> None:
    with pytest.raises(TransformationError, match=r"^bad_protobuf: "):
        a_decoder({a_reference(1): FILE}).decode(a_consumed(damaged), 1)


DECODER: DebeziumDecoder = a_decoder({a_reference(1): FILE})
WHOLE = framed(an_envelope(op="u", before=EVERYTHING, after={**EVERYTHING, "id": 8}))


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(WHOLE)), removed=st.integers(0, 4), added=st.binary(max_size=4))
def test_damaged_messages_are_decoded_or_refused(at: int, removed: int, added: bytes) -> None:
    damaged = WHOLE[:at] + added + WHOLE[at + removed :]

    try:
        result: object = DECODER.decode(a_consumed(damaged), 1)
    except TransformationError as error:
        result = error

    assert isinstance(result, AuditRecord | ControlMessage | SkippedRecord | TransformationError)


def test_a_format_that_is_named_wrong_is_poison() -> None:
    schema = RegisteredSchema(SchemaFormat.AVRO, FILE.text)

    with pytest.raises(TransformationError, match=r"^bad_schema: "):
        decoded(framed(an_envelope()), schema)
