"""What is stored comes back to the last byte: a seal made before the storing must hold after it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from application.trail_query import Cursor, TrailQuery
from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from tests.builders import NOON, a_log, a_record
from tests.contract.trail_writing import claimed, keep
from tests.contract.trails import Trail

Fields = Mapping[str, Any]

PARTITION = 2**31 - 1
FIRST_OFFSET = 2**53 + 1
"""No double has this number: what passes through one comes back as another."""

EVERY_COLUMN: Fields = {
    "kafka_partition": PARTITION,
    "change_timestamp": NOON,
    "timestamp_source": TimestampSource.ENVELOPE,
    "captured_at": NOON + 1,
    "kafka_timestamp": NOON - 999_999,
    "connector": "postgresql",
    "source_name": "shop",
    "source_database": "shop",
    "source_schema": "public",
    "source_table": "orders",
    "operation": OperationTypeEnum.UPDATE,
    "record_key": '{"id":1}',
    "key_hash": -1,
    "old_data": '{"id":1,"total":1.50}',
    "new_data": '{"id": 1, "total": 1.5}',
    "changed_columns": ("total", "ü"),
    "before_image": BeforeImage.COMPLETE,
    "value_notes": '{"total":"masked"}',
    "transaction_id": "771",
    "transaction_order": 1,
    "collection_order": 2,
    "lsn": "0/16E9058",
    "source_position": "00000000016E9058/00000000016E9058",
    "source_metadata": '{"connector":"postgresql"}',
    "headers": '[["trace","1"],["trace",null]]',
    "change_user": "ada",
    "decoder_version": 1,
}

NULLABLE = [field.name for field in msgspec.structs.fields(AuditRecord) if not field.required]
NAMES = ("connector", "source_name", "source_database", "source_schema", "source_table")
TEXTS = (*NAMES, "record_key", "transaction_id", "lsn", "source_position", "change_user")
JSONS = ("old_data", "new_data", "value_notes", "source_metadata", "headers")

YEAR_1, YEAR_2000, YEAR_2200 = -62_135_596_800_000_000, 946_684_800_000_000, 7_258_118_400_000_000
LAST_TIMESTAMP = 9_224_318_015_999_999_999
"""The last microsecond of 294276, and of PostgreSQL."""

UNICODE = "Grüße, 世界 \U0001f9fe e\u0301 \u200f\u202e\ufeff\ufffe\u2028\x01\x7f\x85"
CONTROLS = "tab\tfeed\nreturn\rboth\r\nbell\b\x0bform\x0c"
WORDS_OF_COPY = "\\N \\. \\\\ \\n \\x41 \\101 {} NULL \"'` $1 %s"
LONG = "long ä" * 100_000

JSON_TEXTS = (
    '{ "a" :\t1 ,\n"b"\r\n: [ ]\n, "c":{ } }\n',
    '{"i":9007199254740993,"zero":-0,"d":0.10000000000000000555,"e":1E+2,"s":1.50e-7}',
    f'{{"n":{"9" * 400}.{"1" * 400}}}',
    '{"z":1,"a":2,"a":3,"":4,"\\u00e4":5,"ä":6}',
    r'{"s":"\"\\\/\b\f\n\r\t\u0041\ud83e\uddfe\u007f"}',
    r'{"nul":"\u0000","half":"\ud800","huge":1e999999}',
    json.dumps({UNICODE: UNICODE}, ensure_ascii=False),
    json.dumps({WORDS_OF_COPY: WORDS_OF_COPY + CONTROLS}),
    json.dumps({"text": LONG}, ensure_ascii=False),
    f'{{"deep":{"[" * 200}{"]" * 200}}}',
    "{}",
)


async def kept(trail: Trail, *changed: Fields) -> Sequence[AuditRecord]:
    """Store a record with every column for each of `changed`, which says what differs in it."""
    store = await trail.store()
    log = a_log(PARTITION, log_start=FIRST_OFFSET, log_end=2**62)
    stream_id = (await claimed(store, log))[0].partition.stream_id
    records = [
        a_record(offset, **{**EVERY_COLUMN, "stream_id": stream_id, **fields})
        for offset, fields in enumerate(changed, FIRST_OFFSET)
    ]
    return await keep(store, records)


async def test_bytes_are_the_same_however_the_record_is_read(trail: Trail) -> None:
    record = (await kept(trail, {}))[0]
    expected = canonical_bytes(record)

    found = await trail.reader.find(record.stream_id, PARTITION, FIRST_OFFSET)
    searched = await trail.reader.search(TrailQuery())
    followed, _ = await trail.reader.since(Cursor(), TrailQuery())

    assert found is not None
    assert [canonical_bytes(s.record) for s in (found, *searched, *followed)] == [expected] * 3


NASTY: Mapping[str, Sequence[Fields]] = {
    "a null in each column": [{name: None} for name in NULLABLE],
    "nothing but nulls": [dict.fromkeys(NULLABLE)],
    "text": [
        dict.fromkeys(TEXTS, text)
        for text in (UNICODE, CONTROLS, WORDS_OF_COPY, "\\N", "\\.", "", " ", "null")
    ],
    "long text": [{name: LONG} for name in ("record_key", "source_position", "change_user")],
    "JSON": [dict.fromkeys(JSONS, text) for text in JSON_TEXTS],
    "numbers": [
        dict.fromkeys(("key_hash", "transaction_order", "collection_order"), number)
        for number in (0, -1, 2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))
    ],
    "versions": [{"decoder_version": version} for version in (0, 2, 2**15 - 1)],
    "times of changes": [
        {"change_timestamp": time}
        for time in (YEAR_2000, YEAR_2000 + 1, NOON + 123_457, YEAR_2200 - 1)
    ],
    "times of other clocks": [
        dict.fromkeys(("captured_at", "kafka_timestamp"), time)
        for time in (0, -1, 999_999, YEAR_1, YEAR_1 - 1, YEAR_2000, YEAR_2200 + 1, LAST_TIMESTAMP)
    ],
    "arrays": [
        {"changed_columns": array}
        for array in (
            (),
            ("",),
            ("", ""),
            ("NULL", "null"),
            ("a,b", "a", "b"),
            ("{", "}"),
            ('"', "\\", '\\"'),
            (" ", "\t\n\r"),
            (UNICODE, CONTROLS, WORDS_OF_COPY),
        )
    ],
    "words": [
        *({"operation": word} for word in OperationTypeEnum),
        *({"before_image": word} for word in BeforeImage),
        *({"timestamp_source": word} for word in TimestampSource),
    ],
}


@pytest.mark.parametrize("fields", NASTY.values(), ids=NASTY)
async def test_bytes_before_storing_are_those_after_reading_back(
    trail: Trail, fields: Sequence[Fields]
) -> None:
    records = await kept(trail, *fields)

    found = [
        await trail.reader.find(r.stream_id, r.kafka_partition, r.kafka_offset) for r in records
    ]

    assert [s and canonical_bytes(s.record) for s in found] == [canonical_bytes(r) for r in records]
