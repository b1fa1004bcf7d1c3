"""
Record keys: decoded on their own, whatever the value's wire format is.

The canonical key (`domain.record_key`) has canonical values, columns sorted by name, and none of
the fields that routers add. A key that is no JSON is text, as StringConverter writes it. Imitators
that name no connector wrap a key as ``{"payload": {...}}``, without a schema: no column of a key
is an object there.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.exact_json import (
    decode_exact,
    encode_sorted,
    first_byte,
    is_object,
    is_too_deep,
)
from adapters.debezium.extended_json import plain_document
from adapters.debezium.poison import invalid, shown
from adapters.debezium.row_plan import ColumnPlan, settled_value
from adapters.debezium.wire_json import JsonPart, JsonWire
from domain.consumed import ConsumedRecord
from domain.errors import TransformationError

_ROUTER_FIELDS = ("__dbz__physicalTableIdentifier", "__dbz__sourceIdentifier")
_REGISTRY_MAGIC = 0
_SHALLOW_BYTES = 1000


class RecordKey(msgspec.Struct, gc=False):
    """
    A decoded key.

    Attributes:
        canonical: Its canonical JSON in UTF-8.
        columns: Its columns with canonical values; None for a key that is no object.
    """

    canonical: bytes
    columns: Mapping[str, Any] | None


class KeyDecoder:
    """Decodes keys."""

    def __init__(self) -> None:
        self._wire = JsonWire()

    def decode(self, topic: str, key: bytes | None, connector: str | None) -> RecordKey | None:
        """
        Decode `key`.

        Args:
            topic: Topic of the record.
            key: The key's bytes; None for Kafka null.
            connector: Kind of connector that wrote it, where known: some wrap their keys.

        Returns:
            None for a row without a key.

        Raises:
            TransformationError: It is neither JSON nor text, or not what its schema says.
        """
        if key is None:
            return None
        value = self._value(topic, key)
        if value is None:
            return None
        if is_object(value):
            columns = _own_columns(value, connector)
            return RecordKey(encode_sorted(columns), columns)
        return RecordKey(encode_sorted(value), None)

    def raw_columns(self, record: ConsumedRecord) -> Mapping[str, Any]:
        """The columns of its key, none if it is no object: to recognise a record by them."""
        if record.key is None:
            return {}
        try:
            value = self._value(record.topic, record.key)
        except TransformationError:
            return {}
        return value if is_object(value) else {}

    def _value(self, topic: str, key: bytes) -> Any:
        if len(key) > _SHALLOW_BYTES and is_too_deep(key):
            raise invalid("nested_too_deep", f"the key {shown(key)}")
        try:
            return _canonical(self._wire.unwrap(topic, key))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        try:
            return _canonical(self._wire.unwrap_members(topic, key))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _text(key)


def _canonical(part: JsonPart) -> Any:
    plan = part.plan
    if plan is None:
        return decode_exact(part.payload)
    if plan.itself is not None and first_byte(part.payload) == b"{":
        return plan.itself.values(part.payload)
    column = ColumnPlan(convert=plan.convert, is_masked=False, truncated_to=None)
    return settled_value("key", column, decode_exact(part.payload))


def _text(key: bytes) -> str:
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise invalid(
            "undecodable_key", f"the key is neither JSON nor text: {shown(key)}"
        ) from error
    if not key or key[0] == _REGISTRY_MAGIC:
        raise invalid(
            "undecodable_key",
            f"the key is neither JSON nor text ({shown(key)}); a key of a schema registry needs "
            f"the registry's address",
        )
    return text


def _own_columns(columns: dict[str, Any], connector: str | None) -> dict[str, Any]:
    if connector is None and columns.keys() == {"payload"} and is_object(columns["payload"]):
        columns = columns["payload"]
    for name in _ROUTER_FIELDS:
        if name in columns and len(columns) > 1:
            del columns[name]
    if connector == "mongodb" and columns.keys() == {"id"}:
        return {"_id": _document_id(columns["id"])}
    if connector == "yugabytedb":
        return {name: cell["value"] if _is_cell(cell) else cell for name, cell in columns.items()}
    return columns


def _is_cell(cell: Any) -> bool:
    return is_object(cell) and "value" in cell and cell.keys() <= {"value", "set", "deletion_ts"}


def _document_id(text: Any) -> Any:
    """MongoDB writes the id of a document as JSON text; flattened, as plain text."""
    if type(text) is not str:
        return text
    data = text.encode()
    if is_too_deep(data):
        raise invalid("nested_too_deep", f"the key {shown(data)}")
    try:
        return plain_document(decode_exact(data))
    except msgspec.MsgspecError:
        return text
