"""One change as the library's documented `MessageTransformer` returns it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from domain.audit_record import AuditRecord
from domain.operation import OperationTypeEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TransformedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transformed change message.

    Attributes:
        source_table: Bare name of the source table; the topic's name where the record says none.
        operation_type: What happened to the row.
        change_timestamp: When the source changed the row; aware, UTC.
        old_data: The row before; None where there is none.
        new_data: The row after; None where there is none.
        change_user: Who made the change, where the event says so.
        transaction_id: The connector's own id, fit for grouping.
        lsn: Position as the source writes it (PostgreSQL: ``0/16E9058``).
        source_metadata: The whole source block.
        topic: Topic that it came from.
        partition: Partition of the topic.
        offset: Offset in the partition.
        record_key: Canonical JSON of the key; None for a table without one.
        changed_columns: Columns whose value is known to differ; None if unknown.
        before_image: How far `old_data` can be trusted (`BeforeImage`).
        value_notes: What must be said of values: column to note.
        record: The audit record that the service would store.
    """

    source_table: str
    operation_type: OperationTypeEnum
    change_timestamp: datetime
    old_data: Mapping[str, Any] | None = None
    new_data: Mapping[str, Any] | None = None
    change_user: str | None = None
    transaction_id: str | None = None
    lsn: str | None = None
    source_metadata: Mapping[str, Any] | None = None
    topic: str
    partition: int
    offset: int
    record_key: str | None = None
    changed_columns: tuple[str, ...] | None = None
    before_image: str
    value_notes: Mapping[str, Any] | None = None
    record: AuditRecord

    def to_dict(self) -> dict[str, Any]:
        """
        Convert to a dictionary that `json.dumps` takes: times in ISO 8601, words as text.

        The audit record itself is left out: its fields are these.
        """
        fields: dict[str, Any] = {
            name: getattr(self, name) for name in self.__struct_fields__ if name != "record"
        }
        fields["operation_type"] = self.operation_type.value
        fields["change_timestamp"] = self.change_timestamp.isoformat()
        if self.changed_columns is not None:
            fields["changed_columns"] = list(self.changed_columns)
        return fields


def transformed_message(record: AuditRecord, *, topic: str) -> TransformedMessage:
    """Show `record`, which came from `topic`, in the documented form."""
    return TransformedMessage(
        source_table=record.source_table if record.source_table is not None else topic,
        operation_type=record.operation,
        change_timestamp=_EPOCH + timedelta(microseconds=record.change_timestamp),
        old_data=_parsed(record.old_data),
        new_data=_parsed(record.new_data),
        change_user=record.change_user,
        transaction_id=record.transaction_id,
        lsn=record.lsn,
        source_metadata=_parsed(record.source_metadata),
        topic=topic,
        partition=record.kafka_partition,
        offset=record.kafka_offset,
        record_key=record.record_key,
        changed_columns=record.changed_columns,
        before_image=record.before_image.value,
        value_notes=_parsed(record.value_notes),
        record=record,
    )


def _parsed(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
