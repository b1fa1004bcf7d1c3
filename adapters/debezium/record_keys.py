"""
Record keys: decoded on their own, whatever the value's wire format is.

    JSON, alone or wrapped ──┐
    a registry's formats ────┼──▶ canonical key
    text ────────────────────┘

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
    decode_members,
    encode_sorted,
    first_byte,
    is_object,
    is_too_deep,
)
from adapters.debezium.extended_json import plain_document
from adapters.debezium.incoming import Incoming
from adapters.debezium.poison import invalid, shown
from adapters.debezium.registry_wire import Part, RegistryWire
from adapters.debezium.row_plan import ColumnPlan, RowPlan, settled_value
from adapters.debezium.value_plan import ValuePart, in_json
from adapters.debezium.wire_json import BYTE_ORDER_MARK, JsonPart, JsonWire, schema_id_of
from domain.errors import TransformationError

_ROUTER_FIELDS = ("__dbz__physicalTableIdentifier", "__dbz__sourceIdentifier")
_REGISTRY_MAGIC = b"\0"
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
    """
    Decodes keys.

    Args:
        registry: For those whose schema is in a registry.
    """

    def __init__(self, registry: RegistryWire) -> None:
        self._wire = JsonWire()
        self._registry = registry

    def decode(
        self, incoming: Incoming, connector: str | None, rows: RowPlan | None = None
    ) -> RecordKey | None:
        """
        Decode the key of a record.

        Args:
            incoming: The record.
            connector: Kind of connector that wrote it, where known: some wrap their keys.
            rows: What is known of the table's columns, for a key without schema.

        Returns:
            None for a row without a key.

        Raises:
            TransformationError: It is neither JSON nor text, or not what its schema says.
            SchemaRegistryUnavailableError: Its schema is in a registry that is away.
        """
        if incoming.record.key is None:
            return None
        value = self._value(incoming, incoming.record.key, rows)
        if value is None:
            return None
        if is_object(value):
            columns = _own_columns(value, connector)
            return RecordKey(encode_sorted(columns), columns)
        return RecordKey(encode_sorted(value), None)

    def raw_columns(self, incoming: Incoming) -> Mapping[str, Any]:
        """
        The columns of its key, none if it is no object: to recognise a record by them.

        Raises:
            SchemaRegistryUnavailableError: Its schema is in a registry that is away.
        """
        key = incoming.record.key
        if key is None:
            return {}
        try:
            value = self._value(incoming, key)
        except TransformationError:
            return {}
        return value if is_object(value) else {}

    def plain_front(self, topic: str, key: bytes) -> bytes | None:
        """What is in front of a key whose columns are what they are there; None for another."""
        last = self._wire.last_front(topic, key)
        if last is None or last[1].itself is None or last[1].itself.columns:
            return None
        return last[0]

    def text(self, incoming: Incoming) -> str | None:
        """
        Its canonical JSON, for a record that is no change; of bytes that say nothing, hexadecimal.

        Raises:
            SchemaRegistryUnavailableError: Its schema is in a registry that is away.
        """
        try:
            key = self.decode(incoming, None)
        except TransformationError:
            return encode_sorted({"hex": (incoming.record.key or b"").hex()}).decode()
        return None if key is None else key.canonical.decode()

    def _value(self, incoming: Incoming, key: bytes, rows: RowPlan | None = None) -> Any:
        named = incoming.look.key_schema
        if named is not None or key[:1] == _REGISTRY_MAGIC:
            return self._of_part(self._registry.part(key, named), key)
        value = self._own(incoming.record.topic, key, rows)
        schema_id = None if not is_object(value) else schema_id_of(value)
        if schema_id is None:
            return value
        payload = decode_members(key.removeprefix(BYTE_ORDER_MARK))["payload"]
        return self._of_part(self._registry.json_part(schema_id, payload), key)

    def _of_part(self, part: Part, key: bytes) -> Any:
        if isinstance(part, ValuePart):
            rows = part.plan.itself
            if rows is not None and is_object(part.value):
                return rows.values(part.value)
        try:
            return _canonical(in_json(part))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise invalid(
                "undecodable_key", f"the key is no JSON ({error}): {shown(key)}"
            ) from error

    def _own(self, topic: str, key: bytes, rows: RowPlan | None) -> Any:
        if len(key) > _SHALLOW_BYTES and is_too_deep(key):
            raise invalid("nested_too_deep", f"the key {shown(key)}")
        try:
            return _canonical(self._wire.unwrap(topic, key), rows)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        try:
            return _canonical(self._wire.unwrap_members(topic, key), rows)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _text(key)


def _canonical(part: JsonPart, rows: RowPlan | None = None) -> Any:
    plan = part.plan
    if plan is None and rows is not None and first_byte(part.payload) == b"{":
        return rows.values(part.payload)
    if plan is None:
        return decode_exact(part.payload)
    if plan.itself is not None and first_byte(part.payload) == b"{":
        return plan.itself.values(part.payload)
    column = ColumnPlan(convert=plan.convert)
    return settled_value("key", column, decode_exact(part.payload))


def _text(key: bytes) -> str:
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise invalid(
            "undecodable_key", f"the key is neither JSON nor text: {shown(key)}"
        ) from error
    if not key:
        raise invalid("undecodable_key", "the key is empty, which is neither JSON nor text")
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
