"""Canonical bytes never change: golden vectors, and what tells records apart."""

import enum
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from tests.builders import a_record

SMALLEST = AuditRecord(
    stream_id=1,
    kafka_partition=0,
    kafka_offset=7,
    change_timestamp=1_700_000_000_000_000,
    timestamp_source=TimestampSource.KAFKA,
    operation=OperationTypeEnum.TRUNCATE,
    before_image=BeforeImage.ABSENT,
    decoder_version=1,
)

FULL = AuditRecord(
    stream_id=12,
    kafka_partition=3,
    kafka_offset=9_007_199_254_740_993,
    change_timestamp=1_700_000_000_123_456,
    timestamp_source=TimestampSource.SOURCE,
    captured_at=-62_135_596_800_000_000,
    kafka_timestamp=1_700_000_000_200_000,
    connector="postgresql",
    source_name="shop",
    source_database="shop",
    source_schema="public",
    source_table="Bestellungen ✓",
    operation=OperationTypeEnum.UPDATE,
    record_key='{"id":1}',
    key_hash=-1,
    old_data='{"id":1,"total":1.50}',
    new_data='{"id": 1, "total": 1.5}',
    changed_columns=("total", "ü", ""),
    before_image=BeforeImage.COMPLETE,
    value_notes='{"total":"masked"}',
    transaction_id="771",
    transaction_order=1,
    collection_order=2,
    lsn="0/16E9058",
    source_position="00000000016E9058/00000000016E9058",
    source_metadata='{"connector":"postgresql"}',
    headers='[["trace","1"]]',
    change_user="ada\nlovelace",
    decoder_version=1,
)


def test_the_smallest_record_has_these_bytes_for_ever() -> None:
    expected = (
        b"cdc-audit record 1\nstream_id:1:1\nkafka_partition:1:0\nkafka_offset:1:7\n"
        b"change_timestamp:16:1700000000000000\ntimestamp_source:5:kafka\ncaptured_at:-:\n"
        b"kafka_timestamp:-:\nconnector:-:\nsource_name:-:\nsource_database:-:\n"
        b"source_schema:-:\nsource_table:-:\noperation:8:TRUNCATE\nrecord_key:-:\nkey_hash:-:\n"
        b"old_data:-:\nnew_data:-:\nchanged_columns:-:\nbefore_image:6:absent\nvalue_notes:-:\n"
        b"transaction_id:-:\ntransaction_order:-:\ncollection_order:-:\nlsn:-:\n"
        b"source_position:-:\nsource_metadata:-:\nheaders:-:\nchange_user:-:\n"
        b"decoder_version:1:1\n"
    )

    assert canonical_bytes(SMALLEST) == expected


def test_a_record_with_every_column_has_this_digest_for_ever() -> None:
    digest = sha256(canonical_bytes(FULL)).hexdigest()

    assert digest == "cb7402e5c07dde1267d3e507725b041d2fc58eff47885c28a8468721cfa982a9"


def test_an_array_is_not_mistaken_for_another() -> None:
    arrays: list[tuple[str, ...] | None] = [None, (), ("",), ("a", "b"), ("ab",), ("1:a", "b")]

    distinct = {canonical_bytes(a_record(changed_columns=array)) for array in arrays}

    assert len(distinct) == len(arrays)


def test_every_column_of_a_record_is_covered() -> None:
    covered = {line.split(b":")[0].decode() for line in canonical_bytes(SMALLEST).splitlines()[1:]}

    assert covered == set(AuditRecord.__struct_fields__)


@pytest.mark.parametrize("column", AuditRecord.__struct_fields__)
def test_no_column_can_change_unnoticed(column: str) -> None:
    other = _other(getattr(FULL, column))

    changed = msgspec.structs.replace(FULL, **{column: other})

    assert canonical_bytes(changed) != canonical_bytes(FULL)


@given(old=st.none() | st.text(), new=st.none() | st.text(), user=st.none() | st.text())
def test_text_never_moves_from_one_column_to_the_next(
    old: str | None, new: str | None, user: str | None
) -> None:
    record = a_record(old_data=old, new_data=new, change_user=user)
    swapped = a_record(old_data=new, new_data=old, change_user=user)

    assert (canonical_bytes(record) == canonical_bytes(swapped)) == (old == new)


def _other(value: int | str | tuple[str, ...]) -> object:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, enum.Enum):
        return next(word for word in type(value) if word is not value)
    return (*value, "x") if isinstance(value, tuple) else value + " "
