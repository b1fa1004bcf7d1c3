"""Audit records as lines of COPY: made on the workers, sent to the server as they are."""

from adapters.postgres.copy_text import NULL, array_field, text_field, timestamp_field
from domain.audit_record import AuditRecord
from domain.operation import TimestampSource
from domain.ordinary_change import ChangeKind, OrdinaryChange

COLUMNS = AuditRecord.__struct_fields__
"""The columns of a line, in order: those of the record. The database fills in `recorded_at`."""

_MOST_CACHED = 4096
_MICROSECONDS = 1_000_000
_BY_SOURCE = TimestampSource.SOURCE.value


class PostgresRowEncoder:
    """
    Encodes rows for `audit_logging` of one version. Picklable.

    Args:
        version: Version of the tables.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        # What repeats from row to row is escaped once.
        self._names: dict[tuple[str | None, ...], str] = {}
        self._kinds: dict[ChangeKind, tuple[str, str, str]] = {}
        self._columns: dict[tuple[str, ...] | None, str] = {}
        self._seconds: dict[str, str] = {}

    def __reduce__(self) -> tuple[type["PostgresRowEncoder"], tuple[int]]:
        return type(self), (self.version,)

    def encode(self, record: AuditRecord) -> bytes:
        r = record
        names = (r.connector, r.source_name, r.source_database, r.source_schema, r.source_table)
        columns = r.changed_columns
        null, text, time = NULL, text_field, self._time
        return "\t".join(
            (
                f"{r.stream_id}\t{r.kafka_partition}\t{r.kafka_offset}",
                time(r.change_timestamp),
                r.timestamp_source,
                time(r.captured_at),
                time(r.kafka_timestamp),
                self._names.get(names) or self._named(names),
                r.operation,
                null if r.record_key is None else text(r.record_key),
                null if r.key_hash is None else str(r.key_hash),
                null if r.old_data is None else text(r.old_data),
                null if r.new_data is None else text(r.new_data),
                self._columns.get(columns) or self._listed(columns),
                r.before_image,
                null if r.value_notes is None else text(r.value_notes),
                null if r.transaction_id is None else text(r.transaction_id),
                null if r.transaction_order is None else str(r.transaction_order),
                null if r.collection_order is None else str(r.collection_order),
                null if r.lsn is None else text(r.lsn),
                null if r.source_position is None else text(r.source_position),
                null if r.source_metadata is None else text(r.source_metadata),
                null if r.headers is None else text(r.headers),
                null if r.change_user is None else text(r.change_user),
                f"{r.decoder_version}\n",
            )
        ).encode("utf-8", "surrogatepass")

    def encode_ordinary(self, change: OrdinaryChange) -> bytes:
        c = change
        start, judged, end = self._kinds.get(c.kind) or self._of_kind(c.kind)
        columns, order, place = c.changed_columns, c.transaction_order, c.collection_order
        null, text, time = NULL, text_field, self._time
        return "\t".join(
            (
                f"{c.stream_id}\t{c.kafka_partition}\t{c.kafka_offset}",
                time(c.change_timestamp),
                _BY_SOURCE,
                time(c.captured_at),
                time(c.kafka_timestamp),
                start,
                null if c.record_key is None else text(c.record_key),
                null if c.key_hash is None else str(c.key_hash),
                null if c.old_data is None else text(c.old_data),
                null if c.new_data is None else text(c.new_data),
                self._columns.get(columns) or self._listed(columns),
                judged,
                null if c.transaction_id is None else c.transaction_id,
                null if order is None else str(order),
                null if place is None else str(place),
                c.lsn,
                c.source_position,
                text(c.source_metadata),
                null if c.headers is None else text(c.headers),
                end,
            )
        ).encode("utf-8", "surrogatepass")

    def kind_fields(self, kind: ChangeKind) -> tuple[str, str, str]:
        return self._kinds.get(kind) or self._of_kind(kind)

    def column_element(self, column: str) -> str:
        return array_field((column,))[1:-1]

    def _of_kind(self, kind: ChangeKind) -> tuple[str, str, str]:
        if len(self._kinds) >= _MOST_CACHED:
            self._kinds.clear()
        fields = self._kinds[kind] = (
            f"{self._named(kind.source)}\t{kind.operation}",
            f"{kind.before_image}\t{text_field(kind.value_notes)}",
            f"{NULL}\t{kind.decoder_version}\n",
        )
        return fields

    def _time(self, microseconds: int | None) -> str:
        if microseconds is None or microseconds < _MICROSECONDS:
            return timestamp_field(microseconds)
        digits = str(microseconds)
        start = self._seconds.get(digits[:-6]) or self._started(digits[:-6])
        return f"{start}{digits[-6:]}+00"

    def _started(self, second: str) -> str:
        """The field of a time up to its second: one that is after 1970 has no era at its end."""
        if len(self._seconds) >= _MOST_CACHED:
            self._seconds.clear()
        field = timestamp_field(int(second) * _MICROSECONDS)
        start = self._seconds[second] = field.removesuffix("000000+00")
        return start

    def _named(self, names: tuple[str | None, ...]) -> str:
        if len(self._names) >= _MOST_CACHED:
            self._names.clear()
        fields = self._names[names] = "\t".join(text_field(name) for name in names)
        return fields

    def _listed(self, columns: tuple[str, ...] | None) -> str:
        if len(self._columns) >= _MOST_CACHED:
            self._columns.clear()
        field = self._columns[columns] = array_field(columns)
        return field
