"""Records that name a schema in a registry: in front of their body, in headers, in JSON."""

import json
from uuid import UUID

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas, SchemaIds
from domain.audit_record import AuditRecord
from domain.control import ControlKind, ControlMessage
from domain.errors import (
    SchemaNotFoundError,
    SchemaRegistryUnavailableError,
    TransformationError,
    ValidationError,
)
from domain.registered_schema import SchemaIdKind
from tests.unit.debezium.avro_schemas import framed
from tests.unit.debezium.records import a_consumed, an_envelope
from tests.unit.debezium.registered_envelopes import CHANGE, ENVELOPE, KEY, an_id, body, decoded
from tests.unit.debezium.registries import (
    APICURIO,
    JSON,
    a_decoder,
    a_lookup,
    a_reference,
    a_schema,
)

GUID = UUID("01234567-89ab-cdef-0123-456789abcdef")


@pytest.mark.parametrize(
    ("front", "ids", "kind"),
    [
        (an_id(5), SchemaIds(), SchemaIdKind.CONFLUENT_ID),
        (an_id(5, 8), SchemaIds(), SchemaIdKind.APICURIO_GLOBAL_ID),
        (an_id(5), APICURIO, SchemaIdKind.APICURIO_CONTENT_ID),
        (an_id(5, 8), APICURIO, SchemaIdKind.APICURIO_GLOBAL_ID),
        (an_id(5), SchemaIds(registry="apicurio", kind="global"), SchemaIdKind.APICURIO_GLOBAL_ID),
        (
            an_id(5, 8),
            SchemaIds(registry="apicurio", kind="content"),
            SchemaIdKind.APICURIO_CONTENT_ID,
        ),
        (an_id(5, 8), SchemaIds(registry="apicurio", size=8), SchemaIdKind.APICURIO_GLOBAL_ID),
    ],
    ids=str,
)
def test_an_id_in_front_is_of_the_registrys_numbering(
    front: bytes, ids: SchemaIds, kind: SchemaIdKind
) -> None:
    decoder = a_decoder({a_reference(5, kind): a_schema(ENVELOPE)}, ids)

    records = [decoded(decoder, front + body()) for _ in range(2)]

    assert [record.new_data for record in records] == ['{"id":7,"note":"n"}'] * 2
    assert (records[0].connector, records[0].source_table) == ("mysql", "t")


def test_a_size_that_is_set_is_not_guessed() -> None:
    decoder = a_decoder({a_reference(5): a_schema(ENVELOPE)}, SchemaIds(size=4))

    with pytest.raises(SchemaNotFoundError, match="confluent id 0"):
        decoder.decode(a_consumed(an_id(5, 8) + body()), 1)


def test_headers_come_before_what_looks_like_an_id() -> None:
    decoder = a_decoder(
        {
            a_reference(GUID, SchemaIdKind.CONFLUENT_GUID): a_schema(ENVELOPE),
            a_reference(8): a_schema(KEY),
        }
    )
    headers = (
        ("__value_schema_id", b"\1" + GUID.bytes),
        ("__key_schema_id", an_id(8)),
    )

    record = decoded(decoder, body(), key=framed(KEY, {"id": 7}, b""), headers=headers)

    assert body()[0] == 0
    assert record.new_data == '{"id":7,"note":"n"}'
    assert record.record_key == '{"id":7}'


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("contentId", SchemaIdKind.APICURIO_CONTENT_ID),
        ("globalId", SchemaIdKind.APICURIO_GLOBAL_ID),
    ],
)
def test_apicurios_headers_name_either_numbering(field: str, kind: SchemaIdKind) -> None:
    decoder = a_decoder({a_reference(9, kind): a_schema(ENVELOPE)})
    headers = (
        (f"apicurio.value.{field}", (9).to_bytes(8, "big")),
        ("apicurio.value.encoding", b"BINARY"),
    )

    assert decoded(decoder, body(), headers=headers).new_data == '{"id":7,"note":"n"}'


def test_avros_own_json_is_read_where_headers_tell_of_it() -> None:
    decoder = a_decoder({a_reference(9, SchemaIdKind.APICURIO_GLOBAL_ID): a_schema(ENVELOPE)})
    headers = (
        ("apicurio.value.globalId", (9).to_bytes(8, "big")),
        ("apicurio.value.encoding", b"JSON"),
    )
    written = {**CHANGE, "after": {"t.Value": {"id": 7, "note": {"string": "n"}}}}

    record = decoded(decoder, json.dumps(written).encode(), headers=headers)

    assert record.new_data == '{"id":7,"note":"n"}'


@pytest.mark.parametrize(
    "headers",
    [
        (("__value_schema_id", b"\1\2"),),
        (("__value_schema_id", b""),),
        (("apicurio.value.groupId", b"g"), ("apicurio.value.artifactId", b"a")),
        (("apicurio.value.globalId", b"\0"),),
    ],
    ids=str,
)
def test_headers_that_give_no_id_are_poison(headers: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises(ValidationError, match=r"^bad_schema_id: "):
        a_decoder({}).decode(a_consumed(body(), headers=headers), 1)


def test_key_and_value_are_decided_each_on_its_own() -> None:
    decoder = a_decoder({a_reference(1): a_schema(KEY), a_reference(2): a_schema(ENVELOPE)})
    avro_key, text_key = framed(KEY, {"id": 7}), b"seven"
    json_value = json.dumps(an_envelope(after={"id": 7})).encode()

    keys = [
        decoded(decoder, value, key=key).record_key
        for value in (an_id(2) + body(), json_value)
        for key in (avro_key, text_key, b'{"id":7}', None)
    ]

    assert keys == ['{"id":7}', '"seven"', '{"id":7}', None] * 2


@pytest.mark.parametrize(
    ("schema", "value", "key"),
    [
        ("string", "seven", '"seven"'),
        ("long", 2**60, "1152921504606846976"),
        ({"type": "int", "connect.name": "io.debezium.time.Date"}, 1, '"1970-01-02"'),
        ("bytes", b"\1", '"0x01"'),
        ({**KEY, "fields": [{"name": "f", "type": "float"}]}, {"f": 0.1}, '{"f":0.1}'),
    ],
    ids=str,
)
def test_keys_of_any_type_are_canonical(schema: object, value: object, key: str) -> None:
    decoder = a_decoder({a_reference(1): a_schema(json.dumps(schema))})
    envelope = json.dumps(an_envelope(after={"id": 7})).encode()

    assert decoded(decoder, envelope, key=framed(schema, value)).record_key == key


def test_a_tombstone_needs_its_key_only() -> None:
    decoder = a_decoder({a_reference(1): a_schema(KEY)})

    result = decoder.decode(a_consumed(None, key=framed(KEY, {"id": 7})), 1)

    assert isinstance(result, ControlMessage)
    assert result.kind is ControlKind.TOMBSTONE


def test_an_id_that_the_registry_does_not_have_is_poison() -> None:
    with pytest.raises(SchemaNotFoundError, match="confluent id 3"):
        a_decoder({}).decode(a_consumed(an_id(3) + body()), 1)


@pytest.mark.parametrize("side", ["key", "value"])
def test_a_registry_that_is_away_is_nobodys_fault(side: str) -> None:
    lookup = a_lookup({a_reference(1): a_schema(KEY), a_reference(2): a_schema(ENVELOPE)})
    lookup.available = False
    decoder = DebeziumDecoder(schemas=RegisteredSchemas(lookup))
    value = an_id(2) + body() if side == "value" else json.dumps(an_envelope(after={})).encode()
    record = a_consumed(value, key=framed(KEY, {"id": 7}) if side == "key" else None)
    tombstone = a_consumed(None, key=framed(KEY, {"id": 7}))

    for one in (record, tombstone):
        with pytest.raises(SchemaRegistryUnavailableError):
            decoder.decode(one, 1)
    lookup.available = True

    assert isinstance(decoder.decode(record, 1), AuditRecord)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\0\0\0", "truncated_header"),
        (b"\0\0\0\0\0\0\0", "truncated_header"),
        (an_id(2) + body()[:-1], "bad_avro"),
        (an_id(2) + body() + b"\0", "trailing_bytes"),
        (an_id(2) + b"\6" + body()[1:], "bad_avro"),
        (an_id(2) + b"\0\2\7", "bad_avro"),
        (an_id(2), "bad_avro"),
        (an_id(4) + body(), "bad_schema"),
        (an_id(5) + b'{"op":', "invalid_json"),
    ],
    ids=str,
)
def test_damage_is_poison_with_a_reason(value: bytes, reason: str) -> None:
    decoder = a_decoder(
        {
            a_reference(2): a_schema(ENVELOPE),
            a_reference(4): a_schema({"type": "record"}),
            a_reference(5): a_schema({}, JSON),
        }
    )

    for _ in range(2):
        with pytest.raises(TransformationError, match=rf"^{reason}: "):
            decoder.decode(a_consumed(value), 1)
