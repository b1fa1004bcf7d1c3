"""Audit records as lines of COPY: made on the workers, sent to the server as they are."""

from struct import Struct

from adapters.postgres.copy_binary import (
    NULL,
    array_field,
    int2_field,
    int8_field,
    text_field,
    timestamp_field,
)
from domain.audit_record import AuditRecord
from domain.operation import TimestampSource
from domain.ordinary_change import ChangeKind, OrdinaryChange

COLUMNS = AuditRecord.__struct_fields__
"""The columns of a line, in order: those of the record. The database fills in `recorded_at`."""

_MOST_CACHED = 4096
_BY_SOURCE = text_field(TimestampSource.SOURCE)

_COUNT = len(COLUMNS)
_place = Struct(">hiiiiiq").pack  # the number of fields, and the first three: int4, int4, int8


class PostgresRowEncoder:
    """
    Encodes rows for `audit_logging` of one version. Picklable.

    Args:
        version: Version of the tables.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        # What repeats from row to row is encoded once.
        self._names: dict[tuple[str | None, ...], bytes] = {}
        self._kinds: dict[ChangeKind, tuple[bytes, bytes, bytes]] = {}
        self._columns: dict[tuple[str, ...] | None, bytes] = {}

    def __reduce__(self) -> tuple[type["PostgresRowEncoder"], tuple[int]]:
        return type(self), (self.version,)

    def encode(self, record: AuditRecord) -> bytes:
        r = record
        names = (r.connector, r.source_name, r.source_database, r.source_schema, r.source_table)
        columns = r.changed_columns
        null, text, number, time = NULL, text_field, int8_field, timestamp_field
        return b"".join(
            (
                _place(_COUNT, 4, r.stream_id, 4, r.kafka_partition, 8, r.kafka_offset),
                time(r.change_timestamp),
                text(r.timestamp_source),
                time(r.captured_at),
                time(r.kafka_timestamp),
                self._names.get(names) or self._named(names),
                text(r.operation),
                null if r.record_key is None else text(r.record_key),
                null if r.key_hash is None else number(r.key_hash),
                null if r.old_data is None else text(r.old_data),
                null if r.new_data is None else text(r.new_data),
                self._columns.get(columns) or self._listed(columns),
                text(r.before_image),
                null if r.value_notes is None else text(r.value_notes),
                null if r.transaction_id is None else text(r.transaction_id),
                null if r.transaction_order is None else number(r.transaction_order),
                null if r.collection_order is None else number(r.collection_order),
                null if r.lsn is None else text(r.lsn),
                null if r.source_position is None else text(r.source_position),
                null if r.source_metadata is None else text(r.source_metadata),
                null if r.headers is None else text(r.headers),
                null if r.change_user is None else text(r.change_user),
                int2_field(r.decoder_version),
            )
        )

    def encode_ordinary(self, change: OrdinaryChange) -> bytes:
        c = change
        start, judged, end = self._kinds.get(c.kind) or self._of_kind(c.kind)
        columns, order, place = c.changed_columns, c.transaction_order, c.collection_order
        null, text, number, time = NULL, text_field, int8_field, timestamp_field
        return b"".join(
            (
                _place(_COUNT, 4, c.stream_id, 4, c.kafka_partition, 8, c.kafka_offset),
                time(c.change_timestamp),
                _BY_SOURCE,
                time(c.captured_at),
                time(c.kafka_timestamp),
                start,
                null if c.record_key is None else text(c.record_key),
                null if c.key_hash is None else number(c.key_hash),
                null if c.old_data is None else text(c.old_data),
                null if c.new_data is None else text(c.new_data),
                self._columns.get(columns) or self._listed(columns),
                judged,
                null if c.transaction_id is None else text(c.transaction_id),
                null if order is None else number(order),
                null if place is None else number(place),
                text(c.lsn),
                text(c.source_position),
                text(c.source_metadata),
                null if c.headers is None else text(c.headers),
                end,
            )
        )

    def kind_fields(self, kind: ChangeKind) -> tuple[bytes, bytes, bytes]:
        return self._kinds.get(kind) or self._of_kind(kind)

    def column_element(self, column: str) -> bytes:
        return text_field(column)

    def _of_kind(self, kind: ChangeKind) -> tuple[bytes, bytes, bytes]:
        if len(self._kinds) >= _MOST_CACHED:
            self._kinds.clear()
        fields = self._kinds[kind] = (
            self._named(kind.source) + text_field(kind.operation),
            text_field(kind.before_image) + text_field(kind.value_notes),
            NULL + int2_field(kind.decoder_version),
        )
        return fields

    def _named(self, names: tuple[str | None, ...]) -> bytes:
        if len(self._names) >= _MOST_CACHED:
            self._names.clear()
        fields = self._names[names] = b"".join([text_field(name) for name in names])
        return fields

    def _listed(self, columns: tuple[str, ...] | None) -> bytes:
        if len(self._columns) >= _MOST_CACHED:
            self._columns.clear()
        field = self._columns[columns] = array_field(columns)
        return field
