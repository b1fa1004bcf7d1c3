"""MongoDB's documents: extended JSON made plain, exactly; and what its updates name."""

import json
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.errors import TransformationError
from tests.unit.debezium.records import a_source, an_envelope, audited

MONGO = a_source(connector="mongodb", collection="items", schema=None, table=None)


def of_document(text: str, op: str = "c", **members: object) -> AuditRecord:
    return audited(an_envelope(op, after=text, source=MONGO, **members))


@pytest.mark.parametrize(
    ("extended", "plain"),
    [
        ('{"$oid":"67ab"}', '"67ab"'),
        ('{"$numberLong":"9007199254740993"}', "9007199254740993"),
        ('{"$numberInt":"5"}', "5"),
        ('{"$numberDouble":"1.10"}', "1.10"),
        ('{"$numberDouble":"NaN"}', '"NaN"'),
        ('{"$numberDecimal":"1.10"}', '"1.10"'),
        ('{"$date":"2025-02-13T14:03:17.970Z"}', '"2025-02-13T14:03:17.970Z"'),
        ('{"$date":{"$numberLong":"1739455397970"}}', '"2025-02-13T14:03:17.970Z"'),
        ('{"$date":1739455397000}', '"2025-02-13T14:03:17.000Z"'),
        ('{"$date":{"$numberLong":"-1"}}', '"1969-12-31T23:59:59.999Z"'),
        ('{"$binary":{"base64":"AP8=","subType":"00"}}', '"0x00ff"'),
        ('{"$binary":"AP8=","$type":"00"}', '"0x00ff"'),
        ('{"$uuid":"a0ee"}', '"a0ee"'),
        ("1.10", "1.10"),
        ('[{"$oid":"1"},{"x":{"$numberInt":"2"}}]', '["1",{"x":2}]'),
        ('{"$timestamp":{"t":1,"i":2}}', '{"$timestamp":{"t":1,"i":2}}'),
        ('{"$numberLong":"x"}', '{"$numberLong":"x"}'),
        ('{"$binary":"?","$type":"00"}', '{"$binary":"?","$type":"00"}'),
        ('{"$minKey":1}', '{"$minKey":1}'),
        ('{"price":{"$gt":5}}', '{"price":{"$gt":5}}'),
    ],
)
def test_a_type_is_made_plain(extended: str, plain: str) -> None:
    assert of_document(f'{{"v":{extended}}}').new_data == f'{{"v":{plain}}}'


def test_a_document_that_is_no_json_is_refused() -> None:
    with pytest.raises(TransformationError, match=r"^invalid_json: a document"):
        of_document("{oops")


def test_a_document_nested_too_deep_is_escaped() -> None:
    record = of_document('{"v":' + "[" * 3000 + "]" * 3000 + "}")

    assert json.loads(record.value_notes or "") == {"v": "escaped"}


def test_an_update_names_the_top_level_fields_that_changed() -> None:
    description: dict[str, Any] = {
        "updatedFields": '{"a.b":1,"c":2,"a.d":3}',
        "removedFields": ["e.f", "g"],
        "truncatedArrays": None,
    }

    record = of_document('{"_id":1}', "u", updateDescription=description)

    assert record.changed_columns == ("a", "c", "e", "g")


def test_an_update_without_document_is_one_all_the_same() -> None:
    record = audited(an_envelope("u", source=MONGO))

    assert record.new_data is None
    assert record.changed_columns is None


def test_the_collection_is_the_table() -> None:
    record = of_document('{"_id":1}')

    assert (record.source_database, record.source_schema, record.source_table) == (
        "inventory",
        None,
        "items",
    )
    assert record.value_notes is None
