"""The documented model of one row of the trail, as programs read and write it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from domain.operation import OperationTypeEnum


class AuditLogging(msgspec.Struct, kw_only=True):
    """
    One entry of the audit trail.

    Programs give `source_table`, `operation_type` and what they know; the trail gives the rest.

    Attributes:
        source_table: Bare name of the source table.
        operation_type: What happened to the row.
        old_data: The row before; None where there is none.
        new_data: The row after; None where there is none.
        change_timestamp: When the source changed the row; aware.
        change_user: Who made the change, where it is known.
        transaction_id: The source's own id of the transaction.
        lsn: Position in the source's log, as the source writes it.
        source_metadata: The whole source block.
        id: ``stream-partition-offset``; None until it is stored.
        topic: Topic that it came from; ``api`` for entries that programs wrote.
        kafka_partition: Partition of the topic.
        kafka_offset: Offset in the partition.
        kafka_timestamp: The Kafka record's timestamp.
        captured_at: When the connector handled it.
        recorded_at: When the trail stored it.
        connector: Kind of connector.
        source_name: Debezium's topic prefix.
        source_database: Database of the source table.
        source_schema: Schema of the source table.
        record_key: Canonical JSON of the key; None for a table without one.
        changed_columns: Columns whose value is known to differ; None if unknown.
        before_image: How far `old_data` can be trusted.
        value_notes: What must be said of values: column to note.
        headers: Headers of the Kafka record, [name, value] pairs.
    """

    source_table: str
    operation_type: OperationTypeEnum
    old_data: Mapping[str, Any] | None = None
    new_data: Mapping[str, Any] | None = None
    change_timestamp: datetime | None = None
    change_user: str | None = None
    transaction_id: str | None = None
    lsn: str | None = None
    source_metadata: Mapping[str, Any] | None = None
    id: str | None = None
    topic: str | None = None
    kafka_partition: int | None = None
    kafka_offset: int | None = None
    kafka_timestamp: datetime | None = None
    captured_at: datetime | None = None
    recorded_at: datetime | None = None
    connector: str | None = None
    source_name: str | None = None
    source_database: str | None = None
    source_schema: str | None = None
    record_key: str | None = None
    changed_columns: tuple[str, ...] | None = None
    before_image: str | None = None
    value_notes: Mapping[str, Any] | None = None
    headers: list[Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary that `json.dumps` takes: times in ISO 8601, words as text."""
        return plain_fields(self)


def plain_fields(model: msgspec.Struct) -> dict[str, Any]:
    """The fields of a model as JSON has them: arrays as lists, bytes as base64 text."""
    fields: dict[str, Any] = msgspec.to_builtins(model)
    return {name: _listed(value) for name, value in fields.items()}


def _listed(value: object) -> object:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
