"""Rules given to the decoder hold for every shape of message, on whatever worker it runs."""

import json
import pickle
from typing import Any

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.consumed import RawRecord
from domain.control import ControlMessage
from domain.errors import TransformationError
from domain.jsonb_safety import unescape_image
from domain.redaction import MASK, ColumnRule, RuleAction
from tests.unit.debezium.recordings import NAMES, recording
from tests.unit.debezium.records import a_consumed, a_source, an_envelope

EMAIL = ColumnRule(column="email", table="public.customers")
PLANTED = "gEhEiMnIs7"


def redacted(record: RawRecord, *rules: ColumnRule) -> AuditRecord:
    """What a decoder with `rules`, or with the one on e-mail addresses, makes of a change."""
    result = DebeziumDecoder(rules=rules or [EMAIL]).decode(record, 1)
    assert isinstance(result, AuditRecord)
    assert PLANTED.encode() not in canonical_bytes(result)
    return result


def an_update(**members: object) -> dict[str, Any]:
    row = {"id": 1, "email": PLANTED, "city": "Ulm"}
    return an_envelope("u", before={**row, "email": f"old {PLANTED}"}, after=row, **members)


def test_an_envelope_is_redacted_in_its_rows_and_its_key() -> None:
    record = redacted(a_consumed(an_update(), key={"id": 1, "email": PLANTED}))

    assert record.old_data == record.new_data == f'{{"id":1,"email":"{MASK}","city":"Ulm"}}'
    assert record.record_key == f'{{"email":"{MASK}","id":1}}'
    assert record.changed_columns == ("email",)


def test_a_masked_key_has_the_hash_of_a_key_that_was_sent_masked() -> None:
    sent_masked = a_consumed(an_update(), key={"email": MASK})

    record = redacted(a_consumed(an_update(), key={"email": PLANTED}))

    assert record.key_hash == redacted(sent_masked).key_hash


def test_a_change_of_another_table_is_decoded_as_without_rules() -> None:
    record = a_consumed(an_update(source=a_source(table="orders")), key={"email": PLANTED})

    assert DebeziumDecoder(rules=[EMAIL]).decode(record, 1) == DebeziumDecoder().decode(record, 1)


def test_names_of_secrets_are_masked_only_where_that_is_wanted() -> None:
    row = {"id": 1, "userPassword": PLANTED, "compass": "N"}
    record = a_consumed(an_envelope(after=row))

    images = [
        result.new_data
        for wanted in (True, False)
        for result in [DebeziumDecoder(mask_well_known=wanted).decode(record, 1)]
        if isinstance(result, AuditRecord)
    ]

    assert [json.loads(image or "") for image in images] == [{**row, "userPassword": MASK}, row]


def test_a_pickled_decoder_keeps_its_rules() -> None:
    row = {"id": 1, "email": PLANTED, "password": PLANTED, "phone": PLANTED}
    rules = [EMAIL, ColumnRule(column="phone", action=RuleAction.DROP)]
    decoder = DebeziumDecoder(rules=rules, mask_well_known=True)
    record = a_consumed(an_envelope(after=row))

    shipped: DebeziumDecoder = pickle.loads(pickle.dumps(decoder))  # noqa: S301 - made here

    result = shipped.decode(record, 1)
    assert result == decoder.decode(record, 1)
    assert isinstance(result, AuditRecord)
    assert json.loads(result.new_data or "") == {"id": 1, "email": MASK, "password": MASK}


def test_a_flattened_row_without_its_table_is_known_by_its_topic() -> None:
    record = redacted(a_consumed({"id": 1, "email": PLANTED}, topic="srv1.public.customers"))

    assert record.new_data == f'{{"id":1,"email":"{MASK}"}}'


def test_a_flattened_statement_is_masked() -> None:
    row = {"id": 1, "__op": "u", "__table": "customers", "__source_query": f"SET '{PLANTED}'"}

    record = redacted(a_consumed(row))

    assert json.loads(record.source_metadata or "")["source_query"] == MASK


def test_a_bare_key_that_repeats_a_masked_value_is_masked() -> None:
    record = redacted(a_consumed(an_update(), key=PLANTED.encode()))

    assert record.record_key == f'"{MASK}"'


def test_a_row_that_only_a_repair_makes_readable_is_redacted() -> None:
    value = json.dumps(an_envelope(after={"email": f"{PLANTED}\ud800", "nul\ud800": PLANTED}))

    record = redacted(a_consumed(value.encode()), ColumnRule(column="*"))

    assert record.new_data is not None
    assert json.loads(unescape_image(record.new_data, None)) == {"email": MASK, "nul\ud800": MASK}


def test_a_statement_that_only_a_repair_makes_readable_is_masked() -> None:
    source = a_source(query=f"SET '{PLANTED}\ud800'", **{"nul\0": 1})

    record = redacted(a_consumed(json.dumps(an_update(source=source)).encode()))

    assert PLANTED not in (record.source_metadata or PLANTED)


def test_mongodbs_description_of_an_update_is_masked() -> None:
    source = a_source(connector="mongodb", schema=None, table=None, collection="customers")
    description = {"updatedFields": json.dumps({"email": PLANTED}), "removedFields": None}
    after = json.dumps({"_id": 1, "email": PLANTED})
    envelope = an_envelope("u", source=source, after=after, updateDescription=description)

    record = redacted(a_consumed(envelope), ColumnRule(column="email", table="*.customers"))

    assert record.changed_columns == ("email",)
    assert json.loads(record.source_metadata or "")["envelope"] == {"updateDescription": MASK}


@pytest.mark.parametrize("form", ["{}", '{{"schema":null,"payload":{}}}'])
def test_the_old_key_in_a_header_is_masked_wrapped_or_not(form: str) -> None:
    sent, kept = (form.format(json.dumps({"email": text})) for text in (PLANTED, MASK))
    headers = (("__debezium.oldkey", sent.encode()),)

    record = redacted(a_consumed(an_update(), headers=headers))

    ((_, header),) = json.loads(record.headers or "")
    assert json.loads(header) == json.loads(kept)


def test_a_control_message_has_no_columns() -> None:
    record = a_consumed(None, key={"email": "x"})

    result = DebeziumDecoder(rules=[ColumnRule(column="*")]).decode(record, 1)

    assert isinstance(result, ControlMessage)
    assert result == DebeziumDecoder().decode(record, 1)


@pytest.mark.parametrize("name", NAMES)
def test_of_recorded_changes_rules_on_everything_leave_nothing(name: str) -> None:
    plain, masking, dropping = (
        DebeziumDecoder(),
        DebeziumDecoder(rules=[ColumnRule(column="*")]),
        DebeziumDecoder(rules=[ColumnRule(column="*", action=RuleAction.DROP)]),
    )
    changes = [record for record in recording(name) if is_change(plain, record)]

    masked = [image for record in changes for image in images(masking.decode(record, 1))]
    dropped = [image for record in changes for image in images(dropping.decode(record, 1))]

    assert {value for image in masked for value in image.values()} <= {MASK, None}
    assert all(image == {} for image in dropped)
    assert len(masked) == len(dropped) >= len(changes)


def is_change(decoder: DebeziumDecoder, record: RawRecord) -> bool:
    try:
        return isinstance(decoder.decode(record, 1), AuditRecord)
    except TransformationError:
        return False


def images(result: object) -> list[dict[str, Any]]:
    """Both images and the key of a redacted change, as far as they are there."""
    assert isinstance(result, AuditRecord)
    texts = (result.old_data, result.new_data, result.record_key)
    return [json.loads(text) for text in texts if text is not None]
