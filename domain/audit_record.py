"""What the trail stores of one change event. The table is `audit_logging`."""

import msgspec

from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One row of the trail: what one consumed record says about one row of a source table.

    Every field is a function of the consumed record alone, so that a record that is read again
    gives the same audit record. JSON is kept as text, exactly: number format and key order.

    Attributes:
        stream_id: The life of the topic that it came from (`kafka_stream`).
        kafka_partition: Partition of the topic.
        kafka_offset: Offset in the partition.
        change_timestamp: When the source changed the row; microseconds since 1970, UTC.
        timestamp_source: Which clock `change_timestamp` was taken from.
        captured_at: When the connector handled it; microseconds since 1970, UTC.
        kafka_timestamp: When the broker or producer stamped it; microseconds since 1970, UTC.
        connector: Kind of connector (``postgresql``, ``mysql``, ...); None where unknown.
        source_name: Debezium's topic prefix.
        source_database: Database of the source table.
        source_schema: Schema of the source table; None where the source has none.
        source_table: Bare name of the source table.
        operation: What happened to the row.
        record_key: Canonical JSON of the key; None for a table without one.
        key_hash: First 8 bytes of SHA-256 over source identity and canonical key, as a signed
            big-endian integer; None without a key.
        old_data: JSON object of the row before; None where there is none.
        new_data: JSON object of the row after; None where there is none.
        changed_columns: Columns whose value is known to differ, in row order; None if unknown.
        before_image: How far `old_data` can be trusted.
        value_notes: JSON object, column to note (`ValueNote`, or an object with detail).
        transaction_id: The connector's own id, fit for grouping (PostgreSQL: the txId).
        transaction_order: Place in the transaction, from 1.
        collection_order: Place among the changes of one table in the transaction, from 1.
        lsn: Position as the source writes it (PostgreSQL: ``0/16E9058``).
        source_position: Sorts as text in the source's order, where it has one.
        source_metadata: JSON object: the whole source block.
        headers: JSON array of [name, value] pairs: record headers but Debezium's constant ones.
        change_user: Who made the change, where the event says so.
        decoder_version: Version of the rules that made this record.
    """

    stream_id: int
    kafka_partition: int
    kafka_offset: int
    change_timestamp: int
    timestamp_source: TimestampSource
    captured_at: int | None = None
    kafka_timestamp: int | None = None
    connector: str | None = None
    source_name: str | None = None
    source_database: str | None = None
    source_schema: str | None = None
    source_table: str | None = None
    operation: OperationTypeEnum
    record_key: str | None = None
    key_hash: int | None = None
    old_data: str | None = None
    new_data: str | None = None
    changed_columns: tuple[str, ...] | None = None
    before_image: BeforeImage
    value_notes: str | None = None
    transaction_id: str | None = None
    transaction_order: int | None = None
    collection_order: int | None = None
    lsn: str | None = None
    source_position: str | None = None
    source_metadata: str | None = None
    headers: str | None = None
    change_user: str | None = None
    decoder_version: int
