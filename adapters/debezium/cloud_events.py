"""
CloudEvents (`CloudEventsConverter`): the envelope's parts as attributes, the rows as data.

Attributes are ``iodebezium`` and the field's name without anything but letters and digits, case
kept: ``iodebeziumtxId`` is the source's txId, ``iodebeziumtxid`` the transaction block's id. 64-bit
numbers are text. With the attributes switched off, operation and position are gone. The data is
JSON, or bytes whose schema is in a registry.
"""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.debezium.exact_json import Json, decode_exact, decode_members, encode, first_byte
from adapters.debezium.source_block import SourceBlock, TransactionBlock, source_from_fields

_PREFIX = "iodebezium"
_OWN = frozenset({"specversion", "data"})
_NAMES = {
    "".join(c for c in field.encode_name if c.isalnum()): field
    for field in msgspec.structs.fields(SourceBlock)
}
_ROUTE_PARTS = 3
_REGISTRY_MAGIC = b"\0"


class CloudEvent(msgspec.Struct, gc=False):
    """
    A change as a CloudEvent.

    Attributes:
        op: The envelope's letter; None with the attributes switched off.
        source: The source block, as far as the attributes have it.
        transaction: The transaction block.
        metadata: All attributes as a JSON object.
        rows: ``before`` and ``after``, and what else is in the data.
        schema: The schema in front of the data; None where there is none.
    """

    op: str | None
    source: SourceBlock
    transaction: TransactionBlock | None
    metadata: str
    rows: Mapping[str, msgspec.Raw]
    schema: bytes | None


def is_cloud_event(members: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a value is a CloudEvent with JSON data."""
    return members.keys() >= _OWN and first_byte(members["data"]) == b"{"


def registered_data(members: Mapping[str, msgspec.Raw]) -> bytes | None:
    """The data of a CloudEvent whose schema is in a registry; None for any other value."""
    if not members.keys() >= _OWN or first_byte(members["data"]) != b'"':
        return None
    try:
        data = b64decode(msgspec.json.decode(members["data"], type=str), validate=True)
    except ValueError:
        return None
    return data if data[:1] == _REGISTRY_MAGIC else None


def read_cloud_event(members: Mapping[str, msgspec.Raw], data: Json) -> CloudEvent:
    """Read a CloudEvent; its data is JSON, or was made so."""
    attributes = {name: raw for name, raw in members.items() if name != "data"}
    values = {name: decode_exact(raw) for name, raw in attributes.items()}
    rows = decode_members(data)
    schema = None
    if rows.keys() == {"schema", "payload"} and first_byte(rows["payload"]) == b"{":
        schema, rows = bytes(rows["schema"]), decode_members(rows["payload"])
    op = values.get(f"{_PREFIX}op")
    return CloudEvent(
        op=op if isinstance(op, str) else None,
        source=_source(values),
        transaction=_transaction(values),
        metadata=encode(attributes).decode(),
        rows=rows,
        schema=schema,
    )


def _source(values: Mapping[str, Any]) -> SourceBlock:
    fields: dict[str, Any] = {}
    for name, field in _NAMES.items():
        value = values.get(_PREFIX + name)
        if isinstance(value, str) and field.encode_name not in _TEXTS and _is_number(value):
            value = int(value)
        fields[field.encode_name] = value
    route = str(values.get("source") or "").strip("/").split("/")
    if len(route) == _ROUTE_PARTS and route[0] == "debezium":
        fields["connector"] = fields["connector"] or route[1]
        fields["name"] = fields["name"] or route[2]
    if fields["ts_ms"] is None:
        fields["ts_ms"] = _milliseconds(values.get("time"))
    return source_from_fields(fields)


_TEXTS = frozenset(
    {"sequence", "gtid", "scn", "commit_scn", "change_lsn", "commit_lsn", "db", "name", "schema"}
    | {"table", "file", "ts_hlc", "connector", "version", "keyspace", "collection"}
)


def _transaction(values: Mapping[str, Any]) -> TransactionBlock | None:
    own = values.get(f"{_PREFIX}txid")
    if not isinstance(own, str):
        return None
    return TransactionBlock(
        id=own,
        total_order=_integer(values.get(f"{_PREFIX}txtotalorder")),
        data_collection_order=_integer(values.get(f"{_PREFIX}txdatacollectionorder")),
    )


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and _is_number(value):
        value = int(value)
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20  # noqa: PLR2004 - 64 bits


def _milliseconds(time: Any) -> int | None:
    """The attribute `time`: the source's ts_ms as ISO 8601, UTC."""
    try:
        moment = datetime.fromisoformat(str(time))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
