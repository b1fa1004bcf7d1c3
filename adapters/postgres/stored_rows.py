"""Rows of the trail as they are read back: exactly what was stored."""

from typing import Any, LiteralString

from psycopg import sql

from adapters.postgres.row_encoder import COLUMNS
from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource

_TIMES = frozenset({"change_timestamp", "captured_at", "kafka_timestamp", "recorded_at"})
_RECORD_TIMES = tuple(name for name in COLUMNS if name in _TIMES)
_JSON = frozenset({"old_data", "new_data", "value_notes", "source_metadata", "headers"})

# Counted from 2000, as PostgreSQL itself does: `extract(epoch FROM <timestamptz>)` rounds where
# microseconds since 1970 do not fit an int8.
_MICROSECONDS = sql.SQL(
    "trunc(extract(epoch FROM {} - '2000-01-01+00'::timestamptz) * 1000000) + 946684800000000"
)

# Columns that no record lacks, and that whoever inserts by hand may leave out.
_INSTEAD_OF_NULL = {
    "timestamp_source": sql.Literal(TimestampSource.KAFKA.value),
    "before_image": sql.Literal(BeforeImage.ABSENT.value),
    "decoder_version": sql.Literal(0),
}


def _selected(name: str) -> sql.Composable:
    column = sql.Identifier("t", name)
    if name in _TIMES:  # not as a datetime: Python's ends with the year 9999
        # and not as a bigint, whose end some times of `timestamptz` are beyond
        return _MICROSECONDS.format(column)
    if name in _JSON:  # as text: exactly what was stored
        return sql.SQL("{}::text").format(column)
    if name in _INSTEAD_OF_NULL:
        return sql.SQL("coalesce({}, {})").format(column, _INSTEAD_OF_NULL[name])
    return column


_EVERY = [*(_selected(name) for name in COLUMNS), _selected("recorded_at"), sql.SQL("s.topic")]

# Written down once: that takes longer than reading some answers.
_WRITTEN: LiteralString = sql.SQL(", ").join(_EVERY).as_string()  # pyright: ignore[reportAssignmentType] - all is literal

SELECTED = sql.SQL(_WRITTEN)
"""What to select of `audit_logging AS t` and `kafka_stream AS s`, for `stored_record`."""


def stored_record(row: tuple[Any, ...]) -> StoredRecord:
    """Rebuild the record from a row of `SELECTED` columns."""
    *values, recorded_at, topic = row
    fields = dict(zip(COLUMNS, values, strict=True))
    for name in _RECORD_TIMES:
        fields[name] = None if fields[name] is None else int(fields[name])
    changed = fields["changed_columns"]
    fields["changed_columns"] = None if changed is None else tuple(changed)
    fields["timestamp_source"] = TimestampSource(fields["timestamp_source"])
    fields["operation"] = OperationTypeEnum(fields["operation"])
    fields["before_image"] = BeforeImage(fields["before_image"])
    return StoredRecord(AuditRecord(**fields), topic, int(recorded_at))
