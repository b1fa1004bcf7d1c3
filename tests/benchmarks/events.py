"""The events that are measured: updates of one table, about 800 bytes in plain JSON."""

import json
from collections.abc import Sequence
from typing import Any

from domain.consumed import PartitionSlice, RawRecord
from domain.stream import StreamPartition

TOPIC = "shop.public.orders"
FIRST_CHANGE_NS = 1_750_000_000_000_000_000

Row = dict[str, Any]


def an_update(number: int) -> Row:
    """Make the envelope of the update number `number`; each is another row, a millisecond later."""
    before = _an_order(number)
    return an_envelope(number, before, {**before, "status": "paid", "paid": True})


def an_envelope(number: int, before: Row, after: Row) -> Row:
    """Make the envelope of the update number `number` of a row."""
    at = FIRST_CHANGE_NS + number * 1_000_000
    return {
        "before": before,
        "after": after,
        "source": _a_source_block(number, at),
        "transaction": None,
        "op": "u",
        "ts_ms": at // 1_000_000 + 5,
        "ts_us": at // 1_000 + 5_000,
        "ts_ns": at + 5_000_000,
    }


def plain(number: int) -> bytes:
    """Encode an update as ``schemas.enable=false`` has it."""
    return compact(an_update(number))


def flattened(number: int) -> bytes:
    """Encode an update as ExtractNewRecordState leaves it, with the fields it is told to add."""
    update = an_update(number)
    source = update["source"]
    added = {
        "__deleted": "false",
        "__op": update["op"],
        "__table": source["table"],
        "__lsn": source["lsn"],
        "__source_ts_ms": source["ts_ms"],
    }
    return compact({**update["after"], **added})


def key(number: int) -> bytes:
    """Encode the key of the update number `number`."""
    return compact({"id": number})


def records(values: Sequence[bytes], *, partition: int = 0) -> tuple[RawRecord, ...]:
    """Make consumed records of `values`, with their keys."""
    return tuple(
        RawRecord(
            topic=TOPIC,
            partition=partition,
            offset=offset,
            timestamp=FIRST_CHANGE_NS // 1_000_000 + offset,
            key=key(offset),
            value=value,
        )
        for offset, value in enumerate(values)
    )


def a_slice(values: Sequence[bytes]) -> PartitionSlice:
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
        "note": "please leave it at the door: the bell does not work, and the dog does all day",
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


def compact(value: Row) -> bytes:
    """Encode JSON as Debezium does, without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()
