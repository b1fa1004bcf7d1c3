"""Audit records as lines of COPY: made on the workers, sent to the server as they are."""

from adapters.postgres.copy_text import array_field, text_field, timestamp_field
from domain.audit_record import AuditRecord

COLUMNS = AuditRecord.__struct_fields__
"""The columns of a line, in order: those of the record. The database fills in `recorded_at`."""

_MOST_CACHED = 4096


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
        self._columns: dict[tuple[str, ...] | None, str] = {}
        self._times: dict[int | None, str] = {}
        self._seconds: dict[int, str] = {}

    def __reduce__(self) -> tuple[type["PostgresRowEncoder"], tuple[int]]:
        return type(self), (self.version,)

    def encode(self, record: AuditRecord) -> bytes:
        r = record
        names = (r.connector, r.source_name, r.source_database, r.source_schema, r.source_table)
        columns = r.changed_columns
        null, text, times = r"\N", text_field, self._times
        return "\t".join(
            (
                f"{r.stream_id}\t{r.kafka_partition}\t{r.kafka_offset}",
                times.get(r.change_timestamp) or self._timed(r.change_timestamp),
                r.timestamp_source,
                times.get(r.captured_at) or self._timed(r.captured_at),
                times.get(r.kafka_timestamp) or self._timed(r.kafka_timestamp),
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

    def _timed(self, microseconds: int | None) -> str:
        if microseconds is None:
            return r"\N"
        if len(self._times) >= _MOST_CACHED:
            self._times.clear()
        second, fraction = divmod(microseconds, 1_000_000)
        start = self._seconds.get(second) or self._started(second)
        # Before year 1 the era stands at the end: nothing to reuse there.
        field = f"{start}{fraction:06d}+00" if start else timestamp_field(microseconds)
        self._times[microseconds] = field
        return field

    def _started(self, second: int) -> str:
        if len(self._seconds) >= _MOST_CACHED:
            self._seconds.clear()
        start, _, rest = timestamp_field(second * 1_000_000).partition("000000+00")
        self._seconds[second] = start = "" if rest else start
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
