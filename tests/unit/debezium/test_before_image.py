"""How far an old row is believed."""

import pytest

from adapters.debezium.config import DecoderConfig, ReplicaIdentity
from domain.operation import BeforeImage
from tests.unit.debezium.records import a_source, an_envelope, audited, with_schema

KEY = {"id": 1}
FILLED: dict[str, object] = {
    "id": 1,
    "name": "",
    "n": 0,
    "ratio": 0.0,
    "at": None,
    "ok": False,
    "tags": [],
}
REAL: dict[str, object] = {"id": 1, "name": "Anne", "n": 0}


def judged(
    old: object, *, op: str = "d", identity: ReplicaIdentity | None = None, **source: object
) -> BeforeImage:
    known: dict[str, ReplicaIdentity] = {} if identity is None else {"public.customers": identity}
    after = {"id": 1, "name": "B", "n": 0} if op == "u" else None
    envelope = an_envelope(op, before=old, after=after, source=a_source(**source))
    record = audited(envelope, DecoderConfig(replica_identity=known), key=KEY)
    return record.before_image


def test_no_old_row_is_absent() -> None:
    assert judged(None) is BeforeImage.ABSENT


def test_an_old_row_of_only_the_key_is_the_key() -> None:
    assert judged(KEY) is BeforeImage.KEY


def test_a_delete_of_nothing_but_fillers_is_taken_for_invented() -> None:
    assert judged(FILLED) is BeforeImage.INVENTED


def test_a_delete_with_one_real_value_is_complete() -> None:
    assert judged(REAL) is BeforeImage.COMPLETE


@pytest.mark.parametrize(
    "filler",
    ["", "1970-01-01", "1970-01-01T00:00:00Z", "00:00:00", "0.00", "PT0S", "0x", {}, "AA=="],
)
def test_a_default_of_a_type_is_a_filler(filler: object) -> None:
    assert judged({"id": 1, "value": filler}) is BeforeImage.INVENTED


@pytest.mark.parametrize("value", ["1970-02-01", "0x00", 1, 0.5, True, " ", [0], "0.01"])
def test_what_no_type_defaults_to_is_data(value: object) -> None:
    assert judged({"id": 1, "value": value}) is BeforeImage.COMPLETE


def test_the_default_of_a_column_is_a_filler_too() -> None:
    columns = [
        {"type": "int32", "field": "id"},
        {"type": "string", "field": "status", "default": "new"},
    ]
    envelope = an_envelope("d", before={"id": 1, "status": "new"})

    assert audited(with_schema(envelope, columns), key=KEY).before_image is BeforeImage.INVENTED


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("full", BeforeImage.COMPLETE),
        ("default", BeforeImage.INVENTED),
        ("index", BeforeImage.INVENTED),
    ],
)
def test_a_known_replica_identity_settles_it(
    identity: ReplicaIdentity, expected: BeforeImage
) -> None:
    assert judged(FILLED, identity=identity) is expected
    assert judged(REAL, identity=identity) is expected
    assert judged(REAL, op="u", identity=identity) is expected


@pytest.mark.parametrize("connector", ["mysql", "sqlserver", "oracle", "db2"])
def test_other_sources_send_the_whole_row(connector: str) -> None:
    assert judged(FILLED, connector=connector) is BeforeImage.COMPLETE


def test_an_update_of_an_unknown_identity_is_complete() -> None:
    assert judged(REAL, op="u") is BeforeImage.COMPLETE


def test_columns_are_compared_only_with_a_complete_row() -> None:
    envelope = an_envelope("u", before=FILLED, after={**FILLED, "name": "x"})
    config = DecoderConfig(replica_identity={"public.customers": "default"})

    assert audited(envelope, config, key=KEY).changed_columns is None
    assert audited(envelope, key=KEY).changed_columns == ("name",)
