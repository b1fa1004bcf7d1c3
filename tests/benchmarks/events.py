"""The events that are measured: updates of one table, about 800 bytes without their schema."""

import json
from typing import Any

from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition

TOPIC = "shop.public.orders"
FIRST_CHANGE_NS = 1_750_000_000_000_000_000

Row = dict[str, Any]

_ROW_TYPES = {
    "id": "int64",
    "customer": "string",
    "status": "string",
    "amount": "string",
    "quantity": "int32",
    "note": "string",
    "paid": "boolean",
}
_SOURCE_TYPES = {
    **dict.fromkeys(("version", "connector", "name"), "string"),
    **dict.fromkeys(("ts_ms", "ts_us", "ts_ns"), "int64"),
    **dict.fromkeys(("snapshot", "db", "sequence", "schema", "table"), "string"),
    **dict.fromkeys(("txId", "lsn", "xmin"), "int64"),
}


def an_update(number: int) -> Row:
    """Make the envelope of the update number `number`; each is another row, a millisecond later."""
    at = FIRST_CHANGE_NS + number * 1_000_000
    before = _an_order(number)
    return {
        "before": before,
        "after": {**before, "status": "paid", "paid": True},
        "source": _a_source_block(number, at),
        "transaction": None,
        "op": "u",
        "ts_ms": at // 1_000_000 + 5,
        "ts_us": at // 1_000 + 5_000,
        "ts_ns": at + 5_000_000,
    }


def plain(number: int) -> bytes:
    """Encode an update as ``schemas.enable=false`` has it."""
    return _compact(an_update(number))


def with_schema(number: int) -> bytes:
    """Encode an update as ``schemas.enable=true`` has it: the schema in front of each event."""
    return _compact({"schema": _SCHEMA, "payload": an_update(number)})


def records(values: list[bytes], *, partition: int = 0) -> tuple[RawRecord, ...]:
    """Make consumed records of `values`, with their keys."""
    return tuple(
        RawRecord(
            topic=TOPIC,
            partition=partition,
            offset=offset,
            timestamp=FIRST_CHANGE_NS // 1_000_000 + offset,
            key=_compact({"id": offset}),
            value=value,
        )
        for offset, value in enumerate(values)
    )


def a_slice(values: list[bytes]) -> PartitionSlice:
    """Make one slice of consumed records of `values`, from offset 0."""
    return PartitionSlice(
        partition=StreamPartition(stream_id=1, partition=0, topic=TOPIC),
        expected=0,
        next_offset=len(values),
        records=records(values),
    )


def _an_order(number: int) -> Row:
    return {
        "id": number,
        "customer": f"customer {number % 997}",
        "status": "placed",
        "amount": f"{number % 500}.90",
        "quantity": number % 7 + 1,
        "note": "please leave it at the door, the bell does not work",
        "paid": False,
    }


def _a_source_block(number: int, at: int) -> Row:
    lsn = 24_000_000 + number * 176
    return {
        "version": "3.6.3.Final",
        "connector": "postgresql",
        "name": "shop",
        "ts_ms": at // 1_000_000,
        "ts_us": at // 1_000,
        "ts_ns": at,
        "snapshot": "false",
        "db": "shop",
        "sequence": f'["{lsn - 56}","{lsn}"]',
        "schema": "public",
        "table": "orders",
        "txId": number % 2**31,
        "lsn": lsn,
        "xmin": None,
    }


def _compact(value: Row) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _struct(name: str, types: dict[str, str], field: str) -> Row:
    fields = [{"type": kind, "optional": True, "field": key} for key, kind in types.items()]
    return {"type": "struct", "fields": fields, "optional": True, "name": name, "field": field}


_TIMES = [
    {"type": "int64", "optional": True, "field": field} for field in ("ts_ms", "ts_us", "ts_ns")
]
_SCHEMA = {
    "type": "struct",
    "fields": [
        _struct(f"{TOPIC}.Value", _ROW_TYPES, "before"),
        _struct(f"{TOPIC}.Value", _ROW_TYPES, "after"),
        _struct("io.debezium.connector.postgresql.Source", _SOURCE_TYPES, "source"),
        _struct("event.block", {"id": "string", "total_order": "int64"}, "transaction"),
        {"type": "string", "optional": False, "field": "op"},
        *_TIMES,
    ],
    "optional": False,
    "name": f"{TOPIC}.Envelope",
    "version": 2,
}
