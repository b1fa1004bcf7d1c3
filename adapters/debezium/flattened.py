"""
Flattened records (`ExtractNewRecordState`): the row itself, with metadata in prefixed fields.

``__op``, ``__table``, ``__source_ts_ms`` and their like come as fields of the row or as record
headers. A name counts as metadata only if Debezium can write it; other columns that begin with the
prefix are the user's. Without ``__op`` and ``__deleted`` an insert and an update look the same.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.exact_json import decode_exact, encode, is_array, is_object
from adapters.debezium.record_headers import Headers
from adapters.debezium.source_block import (
    SourceBlock,
    TransactionBlock,
    source_from_fields,
)
from domain.operation import OperationTypeEnum
from domain.timestamps import microseconds

_OPERATIONS = {
    "c": OperationTypeEnum.INSERT,
    "u": OperationTypeEnum.UPDATE,
    "d": OperationTypeEnum.DELETE,
    "r": OperationTypeEnum.SNAPSHOT,
}
_SOURCE_FIELDS = frozenset(field.encode_name for field in msgspec.structs.fields(SourceBlock)) | {
    "version", "xmin", "origin", "origin_lsn", "thread", "query", "collection", "lcr_position",
    "redo_thread", "row_id", "redo_sql", "commit_ts_ms", "start_ts_ms", "start_scn",
}  # fmt: skip
_ENVELOPE_FIELDS = frozenset({"op", "deleted", "ts_ms", "ts_us", "ts_ns"})
_TRANSACTION_FIELDS = frozenset({"id", "total_order", "data_collection_order"})
_FROM_SOURCE, _FROM_TRANSACTION = "source_", "transaction_"


class Metadata(msgspec.Struct, gc=False):
    """
    What a flattened record says besides the row.

    Attributes:
        fields: Metadata without the prefix: name to value.
    """

    fields: Mapping[str, Any]
    _source: SourceBlock | None = None

    @property
    def operation(self) -> OperationTypeEnum:
        """What happened, as far as the record says."""
        known = _OPERATIONS.get(str(self.fields.get("op")))
        deleted = self.fields.get("deleted")
        if deleted is True or deleted == "true":
            return OperationTypeEnum.DELETE
        return known if known is not None else OperationTypeEnum.UPSERT

    @property
    def source(self) -> SourceBlock:
        """The fields of the source block that were added."""
        if self._source is None:  # it is asked for several times
            fields = {
                name.removeprefix(_FROM_SOURCE): value
                for name, value in self.fields.items()
                if name not in _ENVELOPE_FIELDS
            }
            self._source = source_from_fields(fields)
        return self._source

    @property
    def transaction(self) -> TransactionBlock | None:
        """The fields of the transaction block that were added."""
        found = {
            name.removeprefix(_FROM_TRANSACTION): value
            for name, value in self.fields.items()
            if name.removeprefix(_FROM_TRANSACTION) in _TRANSACTION_FIELDS
        }
        try:
            return msgspec.convert(found, TransactionBlock, strict=False) if found else None
        except msgspec.ValidationError:
            return None

    @property
    def captured_at(self) -> int | None:
        """When the connector handled it; microseconds since 1970, UTC."""
        nanos, micros, millis = (
            value if type(value) is int else None
            for value in (self.fields.get(name) for name in ("ts_ns", "ts_us", "ts_ms"))
        )
        return microseconds(nanos, micros, millis)

    @property
    def text(self) -> str | None:
        """The metadata as a JSON object; None where there is none."""
        return encode(self.fields).decode() if self.fields else None


def split_row(
    members: Mapping[str, msgspec.Raw], prefix: str
) -> tuple[dict[str, msgspec.Raw], dict[str, Any]]:
    """Part a flattened row into the row and its metadata fields, these without the prefix."""
    row: dict[str, msgspec.Raw] = {}
    found: dict[str, Any] = {}
    for name, raw in members.items():
        own = name.removeprefix(prefix)
        if name.startswith(prefix) and is_metadata(own):
            found[own] = decode_exact(raw)
        else:
            row[name] = raw
    return row, found


def header_metadata(headers: Headers, prefix: str) -> dict[str, Any]:
    """The metadata that `add.headers` put into the record headers, without the prefix."""
    found: dict[str, Any] = {}
    for name, value in headers:
        own = name.removeprefix(prefix)
        if value is not None and name.startswith(prefix) and is_metadata(own):
            found[own] = _header_value(value)
    return found


def is_metadata(name: str) -> bool:
    """Whether Debezium can add a field of this name (without the prefix)."""
    return (
        name in _ENVELOPE_FIELDS
        or name in _TRANSACTION_FIELDS
        or name.removeprefix(_FROM_SOURCE) in _SOURCE_FIELDS
        or (
            name.startswith(_FROM_TRANSACTION)
            and name.removeprefix(_FROM_TRANSACTION) in _TRANSACTION_FIELDS
        )
    )


def _header_value(value: bytes) -> Any:
    """Bare text or JSON, alone or in JsonConverter's wrapper; numbers stay numbers."""
    try:
        parsed = decode_exact(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return value.decode("utf-8", "replace")
    if is_object(parsed) and parsed.keys() == {"schema", "payload"}:
        parsed = parsed["payload"]
    if type(parsed) is msgspec.Raw or is_object(parsed) or is_array(parsed):
        return value.decode("utf-8", "replace")
    return parsed
