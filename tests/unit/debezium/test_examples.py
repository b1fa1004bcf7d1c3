"""
Every hand-written event of the reference, compared in every field of what it expects.

The fields are those that `cdc-audit decode` prints; one that it does not have is null.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from domain.errors import TransformationError
from entrypoints.decode.exact_text import line_of
from entrypoints.decode.json_lines import words_of
from entrypoints.decode.outcome import Outcome, failure_of
from tests.unit.debezium.examples import EXAMPLES, Example, parsed
from tests.unit.debezium.records import decoded

NOT_KEPT = None
"""What is said of what our records do not hold: nothing."""

REGISTERED = {
    "avro_confluent_prefix",
    "avro_apicurio_8byte_globalid",
    "avro_apicurio_headers",
    "json_sr_confluent",
    "apicurio_ext_json",
}
"""Examples whose schema is in a registry."""

WHY = {
    "flattened": "the trail does not say of a row that an SMT had flattened it; its operation does",
    "tombstone": "tombstones are only counted",
    "raw_id": "the lsn in PostgreSQL's transaction.id differs from event to event: no use in it",
    "partial": "a record with one bad value is quarantined whole, with its bytes: never a guess",
    "unchanged_omitted": "a cell that was not sent is left out; the operation says it is an update",
    "undecoded": "without a schema nothing says which column is a decimal: all are noted",
    "router": "the field that a router adds is no column: it would hide that two keys are one",
}

OURS: Mapping[tuple[str, str], tuple[Any, str]] = {
    ("pg_decimal_schemaless_ambiguous", "undecoded"): (["amt", "id"], WHY["undecoded"]),
    ("mysql_create_gtid_tx", "undecoded"): (["id", "total"], WHY["undecoded"]),
    ("yugabyte_grpc_set_cells", "unchanged_omitted"): (NOT_KEPT, WHY["unchanged_omitted"]),
    ("err_bad_decimal_base64", "partial"): (NOT_KEPT, WHY["partial"]),
    ("routed_logical_table", "key"): ({"id": 1}, WHY["router"]),
    ("pg_tombstone", "key"): (NOT_KEPT, WHY["tombstone"]),
    ("pg_pk_update_2_tombstone", "key"): (NOT_KEPT, WHY["tombstone"]),
    ("legacy_tombstone_schema_null_payload_null", "key"): (NOT_KEPT, WHY["tombstone"]),
}
"""Where we differ, example and field: what we give instead, and why."""


def as_ours(example: Example) -> dict[str, Any]:
    """What is expected of an example, with what differs on purpose put in its place."""
    expect = dict(example.expect)
    if "flattened" in expect:
        expect["flattened"] = NOT_KEPT
    if "transaction" in expect and example.expect["source_table"]["connector"] == "postgresql":
        expect["transaction"] = dict(expect["transaction"])
        del expect["transaction"]["raw_id"]
    for (name, field), (ours, _) in OURS.items():
        if name == example.name:
            expect[field] = ours
    return expect


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_an_example_decodes_as_the_reference_says(example: Example) -> None:
    try:
        result: Any = example.decoder().decode(example.record, 1)
    except TransformationError as error:
        result = failure_of(error)

    said = parsed(line_of(words_of(Outcome(example.name, result))))

    assert {field: exact(field, said.get(field)) for field in example.expect} == {
        field: exact(field, value) for field, value in as_ours(example).items()
    }


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.name in REGISTERED], ids=lambda e: e.name
)
def test_a_schema_that_cannot_be_asked_for_sends_the_record_to_quarantine(
    example: Example,
) -> None:
    with pytest.raises(TransformationError, match=r"^registry_needed: "):
        decoded(example.record)


def test_one_decoder_gives_the_same_for_all_examples_in_a_row() -> None:
    decoder = DebeziumDecoder()
    readable = [e for e in EXAMPLES if e.expect["kind"] != "error"]
    readable = [e for e in readable if e.name not in REGISTERED]

    one_by_one = [decoded(example.record) for example in readable]
    in_a_row = [decoder.decode(example.record, 1) for example in (*readable, *readable)]

    assert in_a_row == [*one_by_one, *one_by_one]


def test_what_differs_is_in_the_file() -> None:
    there = {(example.name, field) for example in EXAMPLES for field in example.expect}

    assert OURS.keys() <= there
    assert {example.name for example in EXAMPLES if example.registry} == REGISTERED
    assert len(EXAMPLES) == 75


def exact(field: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """JSON text, so that 1 and true differ; the order of columns counts in rows only."""
    return json.dumps(value, sort_keys=field not in {"old", "new"}, ensure_ascii=False)
