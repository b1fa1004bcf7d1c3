"""Consumed records for the decoder's tests, and what it makes of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.consumed import RawRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import TransformationError

DATA = Path(__file__).parents[2] / "data" / "debezium"

TOPIC = "srv1.public.customers"
AT = 1_700_000_000_000
"""Kafka's timestamp: 2023-11-14T22:13:20Z in milliseconds."""

SOURCE: Mapping[str, Any] = {
    "version": "3.5.0.Final",
    "connector": "postgresql",
    "name": "srv1",
    "ts_ms": AT + 123,
    "snapshot": "false",
    "db": "inventory",
    "sequence": '["24023119","24023128"]',
    "schema": "public",
    "table": "customers",
    "txId": 556,
    "lsn": 24023128,
}
"""The source block of PostgreSQL's connector."""

Decoded = AuditRecord | ControlMessage | SkippedRecord


def a_consumed(value: object, *, key: object = None, **fields: Any) -> RawRecord:  # noqa: ANN401 - any field
    """
    A consumed record.

    Args:
        value: Bytes as they are, None for Kafka null, anything else as its JSON.
        key: Likewise.
        fields: Other fields of the record.
    """
    made: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "offset": 7,
        "timestamp": AT,
        "key": as_bytes(key),
        "value": as_bytes(value),
    }
    made.update(fields)
    return RawRecord(**made)


def as_bytes(value: object) -> bytes | None:
    """The bytes of a key or value: bytes and None as they are, anything else as JSON."""
    if value is None or isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def an_envelope(op: str = "c", **members: object) -> dict[str, Any]:
    """An envelope of PostgreSQL's connector without rows; `members` replace its own."""
    envelope: dict[str, Any] = {
        "before": None,
        "after": None,
        "source": dict(SOURCE),
        "transaction": None,
        "op": op,
        "ts_ms": AT + 500,
    }
    return {**envelope, **members}


def a_source(**fields: object) -> dict[str, Any]:
    """The source block of PostgreSQL's connector; `fields` replace its own."""
    return {**SOURCE, **fields}


def with_schema(
    envelope: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """`envelope` as JsonConverter writes it with schemas, its rows having `columns`."""
    fields: list[dict[str, Any]] = [{"optional": True, **column} for column in columns]
    row: dict[str, Any] = {"type": "struct", "optional": True, "fields": fields}
    sides = [{**row, "field": side} for side in ("before", "after")]
    schema: dict[str, Any] = {"type": "struct", "name": "t.Envelope", "fields": sides}
    return {"schema": schema, "payload": dict(envelope)}


def decoded(record: RawRecord, config: DecoderConfig | None = None) -> Decoded:
    """What a new decoder makes of `record`."""
    return DebeziumDecoder(config).decode(record, 1)


def judged(record: RawRecord) -> Decoded | str:
    """What a new decoder makes of `record`, or the text of its error; other errors go on."""
    try:
        return decoded(record)
    except TransformationError as error:
        return str(error)


def audited(value: object, config: DecoderConfig | None = None, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """The audit record that a new decoder makes of a consumed record with this value."""
    result = decoded(a_consumed(value, **fields), config)
    assert isinstance(result, AuditRecord)
    return result


def control(value: object, config: DecoderConfig | None = None, **fields: Any) -> ControlMessage:  # noqa: ANN401 - any field
    """The control message that a new decoder makes of a consumed record with this value."""
    result = decoded(a_consumed(value, **fields), config)
    assert isinstance(result, ControlMessage)
    return result
