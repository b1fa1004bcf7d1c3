"""
Which row a change is about, and how the key of a row moves.

    {"id":1} ── DELETE, newkey {"id":2} ──▶ {"id":2} INSERT, oldkey {"id":1}

Debezium tells a change of a primary key as a delete under the old key and an insert under the new
one, each with a header that names the other key. The header is the key as it was on the wire: for
keys whose values are encoded there (dates, decimals) it does not name the decoded key.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from domain.audit_record import AuditRecord
from domain.json_text import canonical_text, parsed, written
from domain.record_key import identity_prefix, key_hash
from domain.source_table import SourceTable

_NEW_KEY = "__debezium.newkey"
_OLD_KEY = "__debezium.oldkey"
_WRAPPER = {"schema", "payload"}


class RowIdentity(msgspec.Struct, frozen=True):
    """
    One row of one source table, by its key.

    Attributes:
        source: The table.
        record_key: Canonical JSON of the key, as `AuditRecord.record_key` has it.
    """

    source: SourceTable
    record_key: str

    @property
    def key_hash(self) -> int:
        """The hash that finds it in the index."""
        key = self.record_key.encode("utf-8", "surrogatepass")
        return key_hash(identity_prefix(*self.source), key)


class KeyMove(msgspec.Struct, frozen=True):
    """
    What a change says of a row's key before or after it; None where it says nothing.

    Attributes:
        from_key: The key that the row had before (the change is the insert of the pair).
        to_key: The key that the row has from then on (the change is the delete of the pair).
    """

    from_key: str | None = None
    to_key: str | None = None


def source_of(record: AuditRecord) -> SourceTable:
    """The table whose row `record` is about."""
    return SourceTable(
        record.connector,
        record.source_name,
        record.source_database,
        record.source_schema,
        record.source_table,
    )


def row_of(record: AuditRecord) -> RowIdentity | None:
    """The row that `record` is about; None for a record without a key."""
    if record.record_key is None:
        return None
    return RowIdentity(source_of(record), record.record_key)


def key_move(record: AuditRecord) -> KeyMove:
    """What the headers of `record` say of another key of its row."""
    if record.headers is None or "__debezium." not in record.headers:
        return KeyMove()
    pairs = [cast("tuple[object, object]", (n, v)) for n, v in json.loads(record.headers)]
    headers: Mapping[object, object] = dict(pairs)
    return KeyMove(from_key=_key(headers.get(_OLD_KEY)), to_key=_key(headers.get(_NEW_KEY)))


def _key(header: object) -> str | None:
    """The canonical key in a header: JSON, alone or in JsonConverter's wrapper."""
    if not isinstance(header, str):
        return None
    try:
        key: Any = parsed(header)
    except ValueError:
        return None
    if not isinstance(key, dict):
        return None
    columns = cast("dict[str, object]", key)
    if set(columns) == _WRAPPER:
        return written(columns["payload"], is_sorted=True)
    return canonical_text(header)
