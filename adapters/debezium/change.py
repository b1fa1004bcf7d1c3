"""What every shape of record is decoded to, before it becomes an audit record."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.record_keys import RecordKey
from adapters.debezium.rows import Row
from adapters.debezium.source_block import SourceBlock, TransactionBlock
from domain.operation import OperationTypeEnum


class Change(msgspec.Struct, kw_only=True, gc=False):
    """
    One decoded change.

    Attributes:
        operation: What happened.
        source: The source block; empty where the record has none.
        metadata: The source block's JSON, to store; None where the record has none.
        before: The old row.
        after: The new row.
        key: The record's key.
        transaction: The transaction block.
        headers: The record headers' JSON, to store.
        captured_at: When the connector handled it; microseconds since 1970, UTC.
        types_known: Whether a schema told the columns' types.
        changed: Columns that the record itself names as changed; None where it does not.
        defaults: The columns' defaults, where a schema tells.
    """

    operation: OperationTypeEnum
    source: SourceBlock
    metadata: str | None
    headers: str | None = None
    before: Row | None = None
    after: Row | None = None
    key: RecordKey | None = None
    transaction: TransactionBlock | None = None
    captured_at: int | None = None
    types_known: bool = False
    changed: tuple[str, ...] | None = None
    defaults: Mapping[str, Any] = {}
