"""Ordinary changes of PostgreSQL's, and a decoder that looks at each of them closely."""

import json
from typing import Any

from adapters.debezium.decoder import DebeziumDecoder
from domain.consumed import ConsumedRecord, RawRecord
from domain.errors import TransformationError
from domain.ordinary_change import OrdinaryChange

PLACEHOLDER = "__debezium_unavailable_value"
AT = 1_700_000_000_000

SOURCE = {
    "version": "3.6.1.Final",
    "connector": "postgresql",
    "name": "shop",
    "ts_ms": AT,
    "snapshot": "false",
    "db": "shop",
    "sequence": '["24023000","24023128"]',
    "ts_us": AT * 1000 + 7,
    "ts_ns": AT * 1_000_000 + 7_001,
    "schema": "public",
    "table": "orders",
    "txId": 771,
    "lsn": 24_023_128,
    "xmin": None,
}
ENVELOPE = {
    "before": {"id": 1, "status": "placed", "paid": 1, "total": 1.50, "note": None},
    "after": {"id": 1, "status": "paid", "paid": True, "total": 2.5, "note": None},
    "source": SOURCE,
    "transaction": {"id": "771:24023128", "total_order": 2, "data_collection_order": 1},
    "op": "u",
    "ts_ms": AT + 5,
    "ts_us": (AT + 5) * 1000,
    "ts_ns": (AT + 5) * 1_000_000,
}


class LongWay(DebeziumDecoder):
    """A decoder that takes every record the long way."""

    def ordinary_change(self, record: ConsumedRecord, stream_id: int) -> OrdinaryChange | None:
        """Take none."""
        del record, stream_id
        return None


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def in_wrapper(envelope: dict[str, Any], schema: object) -> bytes:
    return as_json({"schema": schema, "payload": envelope})


def decoded(decoder: DebeziumDecoder, record: RawRecord) -> object:
    try:
        return decoder.decode(record, 1)
    except TransformationError as error:
        return str(error)
