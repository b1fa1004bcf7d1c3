"""
The most frequent audit record: a row that a source with clocks changed, and nothing odd about it.

    AuditRecord = ChangeKind (the same for every change of a table and operation) + OrdinaryChange

It says the same as the audit record that it stands for, with a third of the work: what repeats
from record to record is made, compared, counted and encoded once for each kind.
"""

import msgspec

from domain.audit_record import AuditRecord
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.source_table import SourceTable


class ChangeKind(msgspec.Struct, frozen=True, eq=False):
    """
    What all ordinary changes of one table and operation have in common. Equal to itself only.

    Attributes:
        source: The table.
        operation: What happened to the rows.
        before_image: How far the old rows can be trusted.
        value_notes: What is noted of the values, as `AuditRecord` has it.
        decoder_version: Version of the rules that made the record.
    """

    source: SourceTable
    operation: OperationTypeEnum
    before_image: BeforeImage
    value_notes: str | None
    decoder_version: int


class OrdinaryChange(msgspec.Struct, gc=False):
    """
    One change: what differs from those of its kind. Fields mean what `AuditRecord` says.

    The change timestamp is the source's own, and nothing tells who made the change.
    """

    kind: ChangeKind
    stream_id: int
    kafka_partition: int
    kafka_offset: int
    change_timestamp: int
    captured_at: int | None
    kafka_timestamp: int
    record_key: str | None
    key_hash: int | None
    old_data: str | None
    new_data: str | None
    changed_columns: tuple[str, ...] | None
    transaction_id: str | None
    transaction_order: int | None
    collection_order: int | None
    lsn: str
    source_position: str
    source_metadata: str
    headers: str | None

    def record(self) -> AuditRecord:
        """The audit record that it stands for."""
        kind = self.kind
        connector, source_name, database, schema, table = kind.source
        return AuditRecord(
            stream_id=self.stream_id,
            kafka_partition=self.kafka_partition,
            kafka_offset=self.kafka_offset,
            change_timestamp=self.change_timestamp,
            timestamp_source=TimestampSource.SOURCE,
            captured_at=self.captured_at,
            kafka_timestamp=self.kafka_timestamp,
            connector=connector,
            source_name=source_name,
            source_database=database,
            source_schema=schema,
            source_table=table,
            operation=kind.operation,
            record_key=self.record_key,
            key_hash=self.key_hash,
            old_data=self.old_data,
            new_data=self.new_data,
            changed_columns=self.changed_columns,
            before_image=kind.before_image,
            value_notes=kind.value_notes,
            transaction_id=self.transaction_id,
            transaction_order=self.transaction_order,
            collection_order=self.collection_order,
            lsn=self.lsn,
            source_position=self.source_position,
            source_metadata=self.source_metadata,
            headers=self.headers,
            decoder_version=kind.decoder_version,
        )
