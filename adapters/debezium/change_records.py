"""The last step: one decoded change, whatever its shape was, as an audit record."""

from adapters.debezium.before_image import judge_before
from adapters.debezium.change import Change
from adapters.debezium.config import DecoderConfig
from adapters.debezium.position import change_user, lsn_text, source_position, transaction_id
from adapters.debezium.record_keys import RecordKey
from adapters.debezium.rows import changed_columns
from adapters.debezium.source_block import (
    SourceBlock,
    TransactionBlock,
    source_names,
    source_time,
)
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.operation import BeforeImage, TimestampSource, ValueNote
from domain.record_key import identity_prefix, key_hash
from domain.timestamps import change_timestamp, kafka_microseconds, storable
from domain.value_notes import ALL_COLUMNS, Note, combined_notes

DECODER_VERSION = 1
"""Version of the rules that make a record; it grows when the same bytes would give another."""

_MOST_TABLES = 10_000
_NO_BLOCK = TransactionBlock()


class ChangeRecords:
    """Makes audit records; keeps what is the same for all changes of a table."""

    def __init__(self, config: DecoderConfig) -> None:
        self._config = config
        self._prefixes: dict[tuple[str | None, ...], bytes] = {}

    def audit_record(self, change: Change, record: ConsumedRecord, stream_id: int) -> AuditRecord:
        """The audit record of `change`, which came as `record`."""
        source, key, block = change.source, change.key, change.transaction or _NO_BLOCK
        database, schema, table = source_names(source)
        image, changed = self._compared(change)
        changed_at, clock, kafka = _times(change, record)
        return AuditRecord(
            stream_id=stream_id,
            kafka_partition=record.partition,
            kafka_offset=record.offset,
            change_timestamp=changed_at,
            timestamp_source=clock,
            captured_at=storable(change.captured_at),
            kafka_timestamp=kafka,
            connector=source.connector,
            source_name=source.name,
            source_database=database,
            source_schema=schema,
            source_table=table,
            operation=change.operation,
            record_key=None if key is None else key.canonical.decode(),
            key_hash=None if key is None else self._key_hash(source, record.topic, key),
            old_data=None if change.before is None else change.before.text,
            new_data=None if change.after is None else change.after.text,
            changed_columns=changed,
            before_image=image,
            value_notes=_notes(change),
            transaction_id=transaction_id(source, block.id),
            transaction_order=block.total_order,
            collection_order=block.data_collection_order,
            lsn=lsn_text(source),
            source_position=source_position(source, block),
            source_metadata=change.metadata,
            headers=change.headers,
            change_user=change_user(source),
            decoder_version=DECODER_VERSION,
        )

    def _compared(self, change: Change) -> tuple[BeforeImage, tuple[str, ...] | None]:
        """How far the old row can be trusted, and the columns that are known to differ from it."""
        before, after = change.before, change.after
        if before is None:
            return BeforeImage.ABSENT, change.changed
        image = judge_before(change, self._config)
        if after is not None and image is BeforeImage.COMPLETE:
            return image, changed_columns(before, after)
        return image, change.changed

    def _key_hash(self, source: SourceBlock, topic: str, key: RecordKey) -> int:
        """Where a record does not name its table, the topic stands for it."""
        database, schema, table = source_names(source)
        names = (source.connector, source.name, database, schema, table or f"topic:{topic}")
        prefix = self._prefixes.get(names)
        if prefix is None:
            if len(self._prefixes) >= _MOST_TABLES:
                self._prefixes.clear()
            prefix = self._prefixes[names] = identity_prefix(*names)
        return key_hash(prefix, key.canonical)


def _times(change: Change, record: ConsumedRecord) -> tuple[int, TimestampSource, int | None]:
    """When the row was changed, by which clock, and when Kafka had the record."""
    kafka = kafka_microseconds(record.timestamp)
    changed_at, clock = change_timestamp(source_time(change.source), change.captured_at, kafka)
    return changed_at, clock, storable(kafka)


def _notes(change: Change) -> str | None:
    before, after = change.before, change.after
    old = None if before is None else before.notes
    new = None if after is None else after.notes
    if not change.types_known and (before is not None or after is not None):
        if not old and not new:
            return _ALL_UNDECODED
        unknown: dict[str, Note] = {ALL_COLUMNS: ValueNote.UNDECODED}
        old = None if before is None else {**(old or {}), **unknown}
        new = None if after is None else {**(new or {}), **unknown}
    return combined_notes(old, new, both=before is not None and after is not None)


_ALL_UNDECODED = '{"*":"undecoded"}'
