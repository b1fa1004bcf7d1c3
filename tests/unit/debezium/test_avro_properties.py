"""What holds for any row in Avro: it decodes as in JSON with a schema, and damage is refused."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas, SchemaIds
from domain.audit_record import AuditRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import TransformationError
from tests.unit.debezium.avro_schemas import avro_schema, framed
from tests.unit.debezium.ordinary_changes import LongWay
from tests.unit.debezium.records import a_consumed, an_envelope, as_bytes
from tests.unit.debezium.registries import a_decoder, a_lookup, a_reference, a_schema
from tests.unit.debezium.typed_rows import TYPES, in_avro, in_json

SOURCE: dict[str, Any] = {
    "type": "struct",
    "name": "io.debezium.connector.postgresql.Source",
    "field": "source",
    "fields": [
        {"type": "string", "field": "connector"},
        {"type": "string", "field": "name"},
        {"type": "int64", "field": "ts_ms"},
        {"type": "string", "optional": True, "field": "snapshot"},
        {"type": "string", "field": "db"},
        {"type": "string", "optional": True, "field": "sequence"},
        {"type": "string", "field": "schema"},
        {"type": "string", "field": "table"},
        {"type": "int64", "optional": True, "field": "txId"},
        {"type": "int64", "optional": True, "field": "lsn"},
    ],
}


def envelope_schema(columns: list[dict[str, Any]]) -> dict[str, Any]:
    row = {"type": "struct", "name": "t.Value", "optional": True, "fields": columns}
    return {
        "type": "struct",
        "name": "t.Envelope",
        "fields": [
            *({**row, "field": side} for side in ("before", "after")),
            SOURCE,
            {"type": "string", "field": "op"},
            {"type": "int64", "optional": True, "field": "ts_ms"},
        ],
    }


@st.composite
def typed_envelopes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema, and an envelope of it whose values are as Avro gives them."""
    types = draw(st.lists(TYPES, min_size=1, max_size=5))
    names = ["id", "__op", "b c", "Ω", "e"]
    columns = [{**schema, "field": name} for name, (schema, _) in zip(names, types, strict=False)]

    def row() -> dict[str, Any]:
        return {name: draw(values) for name, (_, values) in zip(names, types, strict=False)}

    op = draw(st.sampled_from("cudr"))
    before, after = (row() if draw(st.booleans()) else None for _ in "ba")
    if before is not None and draw(st.booleans()):
        after = {
            name: draw(st.sampled_from([value, row()[name]])) for name, value in before.items()
        }
    connector = draw(st.sampled_from(["postgresql", "oracle", "mysql"]))
    made = an_envelope(op, before=before, after=after)
    made["source"] = {**made["source"], "connector": connector}
    return envelope_schema(columns), made


def both_forms(schema: dict[str, Any], envelope: dict[str, Any]) -> tuple[bytes, bytes]:
    """The envelope as JsonConverter writes it, and in Avro."""
    payload, values = dict(envelope), dict(envelope)
    for side, node in zip(("before", "after"), schema["fields"], strict=False):
        payload[side] = in_json(node, envelope[side])
        values[side] = in_avro(node, envelope[side])
    fields = [field["field"] for field in schema["fields"]]
    payload = {name: payload[name] for name in fields}
    payload["source"] = {f["field"]: payload["source"].get(f["field"]) for f in SOURCE["fields"]}
    wrapped = {"schema": schema, "payload": payload}
    return as_bytes(wrapped) or b"", framed(avro_schema(schema), values)


def outcome(decoder: DebeziumDecoder, value: bytes) -> object:
    try:
        return decoder.decode(a_consumed(value), 1)
    except TransformationError as error:
        return str(error).partition(": ")[0]


def comparable(result: object) -> object:
    """A record with its JSON parsed: numbers may be written differently."""
    if not isinstance(result, AuditRecord):
        return result
    images = [
        None if text is None else list(json.loads(text).items())
        for text in (result.old_data, result.new_data)
    ]
    source = json.loads(result.source_metadata or "null")
    notes = json.loads(result.value_notes or "null")
    changed = result.changed_columns
    return repr((images, source, notes, changed, result.before_image, result.operation))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=typed_envelopes())
def test_any_row_in_avro_decodes_as_in_json_with_a_schema(
    made: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    as_json, as_avro = both_forms(*made)
    decoder = a_decoder({a_reference(1): a_schema(avro_schema(made[0]))})

    in_two = [comparable(outcome(decoder, value)) for value in (as_json, as_avro)]

    assert in_two[1] == in_two[0]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=typed_envelopes())
def test_the_short_way_of_avro_gives_what_the_long_way_gives(
    made: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _, as_avro = both_forms(*made)
    schemas = {a_reference(1): a_schema(avro_schema(made[0]))}
    ids = RegisteredSchemas(a_lookup(schemas), SchemaIds())

    short = outcome(DebeziumDecoder(schemas=ids), as_avro)
    long = outcome(LongWay(schemas=ids), as_avro)

    assert short == long


def test_ordinary_changes_in_avro_take_the_short_way() -> None:
    column = {"type": "int64", "field": "id"}
    made = an_envelope("u", before={"id": 1}, after={"id": 2})
    schema = envelope_schema([column, {**column, "field": "total"}])
    made["before"], made["after"] = {"id": 1, "total": 5}, {"id": 1, "total": 6}
    _, as_avro = both_forms(schema, made)
    decoder = a_decoder({a_reference(1): a_schema(avro_schema(schema))})

    change = decoder.ordinary_change(a_consumed(as_avro, key=b'{"id":1}'), 1)

    assert change is not None
    assert change.changed_columns == ("total",)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=typed_envelopes(), data=st.data())
def test_damaged_avro_is_decoded_or_refused(
    made: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    _, as_avro = both_forms(*made)
    decoder = a_decoder({a_reference(1): a_schema(avro_schema(made[0]))})
    damaged = bytearray(as_avro)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))

    result = outcome(decoder, bytes(damaged))

    assert isinstance(result, AuditRecord | ControlMessage | SkippedRecord | str)
