"""Values that the source did not send are noted and left out: never NULL, never data."""

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from adapters.debezium.config import DecoderConfig
from domain.audit_record import AuditRecord
from tests.unit.debezium.records import a_source, an_envelope, audited, with_schema

TEXT = "__debezium_unavailable_value"
FORMS = [
    TEXT,
    b64encode(TEXT.encode()).decode(),
    urlsafe_b64encode(TEXT.encode()).decode(),
    TEXT.encode().hex(),
    list(TEXT.encode()),
    [TEXT],
    [b64encode(TEXT.encode()).decode()],
    ["b68a35a7-17ad-35b3-af2a-ae46edb4545a"],
    {TEXT: TEXT},
    f'{{"{TEXT}":"{TEXT}"}}',
]


def an_update(new: object, *, old: object = None, **source: object) -> AuditRecord:
    envelope = an_envelope("u", before=old, after=new, source=a_source(**source))
    return audited(envelope, key={"id": 1})


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form_of_the_placeholder_is_noted_and_left_out(form: object) -> None:
    record = an_update({"id": 1, "bio": form, "note": None})

    assert record.new_data == '{"id":1,"note":null}'
    assert json.loads(record.value_notes or "")["bio"] == "unavailable"
    assert "note" not in json.loads(record.value_notes or "")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_schema_does_not_hide_the_placeholder(form: object) -> None:
    columns = [{"type": "int32", "field": "id"}, {"type": "bytes", "field": "bio"}]
    envelope = an_envelope("u", after={"id": 1, "bio": form})

    record = audited(with_schema(envelope, columns))

    assert record.new_data == '{"id":1}'
    assert record.value_notes == '{"bio":"unavailable"}'


@pytest.mark.parametrize("value", [None, "", f"{TEXT}s", f"see {TEXT}", [TEXT, TEXT], {TEXT: "x"}])
def test_what_only_looks_like_the_placeholder_is_data(value: object) -> None:
    record = an_update({"id": 1, "bio": value})

    assert json.loads(record.new_data or "") == {"id": 1, "bio": value}
    assert record.value_notes == '{"*":"undecoded"}'


def test_a_row_that_is_inserted_has_all_its_values() -> None:
    record = audited(an_envelope("c", after={"id": 1, "bio": TEXT}))

    assert json.loads(record.new_data or "") == {"id": 1, "bio": TEXT}


def test_the_insert_that_a_key_change_becomes_may_lack_values() -> None:
    headers = (("__debezium.oldkey", b'{"id":9}'),)

    record = audited(an_envelope("c", after={"id": 1, "bio": TEXT}), headers=headers)

    assert record.new_data == '{"id":1}'


def test_an_old_row_of_postgresql_has_all_its_values() -> None:
    record = an_update({"id": 1, "bio": "new"}, old={"id": 1, "bio": TEXT})

    assert json.loads(record.old_data or "")["bio"] == TEXT
    assert record.changed_columns == ("bio",)


def test_an_old_row_of_oracle_may_lack_values_and_says_on_which_side() -> None:
    old: dict[str, Any] = {"ID": 1, "DOC": TEXT, "N": 1}

    record = an_update({"ID": 1, "DOC": "x", "N": 2}, old=old, connector="oracle")

    assert json.loads(record.old_data or "") == {"ID": 1, "N": 1}
    assert json.loads(record.value_notes or "")["DOC"] == {"old": "unavailable"}


def test_a_value_that_was_not_sent_is_not_known_to_have_changed() -> None:
    old = {"id": 1, "bio": "long", "n": 1}

    record = an_update({"id": 1, "bio": TEXT, "n": 2}, old=old)

    assert record.changed_columns == ("n",)


def test_another_placeholder_is_configured() -> None:
    config = DecoderConfig(unavailable_placeholder="<gone>")
    envelope = an_envelope("u", after={"id": 1, "bio": "<gone>", "other": TEXT})

    record = audited(envelope, config)

    assert json.loads(record.new_data or "") == {"id": 1, "other": TEXT}


def test_a_leaked_marker_is_kept_and_suspect() -> None:
    record = an_update({"id": 1, "bio": "java.lang.Object@1f"})

    assert json.loads(record.new_data or "")["bio"] == "java.lang.Object@1f"
    assert json.loads(record.value_notes or "")["bio"] == "suspect"
