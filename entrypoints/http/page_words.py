"""The words and signs of the page. Nothing is told by colour alone."""

import re
from collections.abc import Mapping

from domain.audit_record import AuditRecord
from domain.diff import ColumnStatus
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource, ValueNote

SIGNS: Mapping[OperationTypeEnum, str] = {
    OperationTypeEnum.INSERT: "+",
    OperationTypeEnum.UPDATE: "~",
    OperationTypeEnum.DELETE: "−",  # noqa: RUF001 - a minus sign: as wide as the plus
    OperationTypeEnum.TRUNCATE: "×",  # noqa: RUF001 - a sign, no letter
    OperationTypeEnum.SNAPSHOT: "=",
    OperationTypeEnum.UPSERT: "±",
    OperationTypeEnum.RANGE_DELETE: "÷",
}

MEANINGS: Mapping[OperationTypeEnum, str] = {
    OperationTypeEnum.INSERT: "A row was inserted.",
    OperationTypeEnum.UPDATE: "A row was updated.",
    OperationTypeEnum.DELETE: "A row was deleted.",
    OperationTypeEnum.TRUNCATE: "The table was emptied: every row of it is gone.",
    OperationTypeEnum.SNAPSHOT: "A row as it was when capturing began: a baseline, not a write.",
    OperationTypeEnum.UPSERT: "A row was written; the record does not tell insert from update.",
    OperationTypeEnum.RANGE_DELETE: "All rows in a range of keys were deleted.",
}

STATUSES: Mapping[ColumnStatus, str] = {
    ColumnStatus.ADDED: "added",
    ColumnStatus.REMOVED: "removed",
    ColumnStatus.CHANGED: "changed",
    ColumnStatus.UNCHANGED: "unchanged",
    ColumnStatus.UNAVAILABLE: "not sent",
    ColumnStatus.UNKNOWN: "not comparable",
}

NOTES: Mapping[str, str] = {
    ValueNote.UNAVAILABLE: "The source did not send this value, as it does with large values "
    "that a change leaves alone.",
    ValueNote.OFFLOADED: "The value was put elsewhere before it was sent.",
    ValueNote.MASKED: "The value was masked before it was stored.",
    ValueNote.HIDDEN: "The value was hidden before it was stored, null or not.",
    ValueNote.HASHED: "A hash of the value was stored in its place.",
    ValueNote.TRUNCATED: "Only the beginning of the value was stored.",
    ValueNote.UNDECODED: "The value is shown as it was sent: its type is not known.",
    ValueNote.ESCAPED: "The value cannot be cast to jsonb: the trail stores it escaped.",
    ValueNote.SUSPECT: "The value is shown as it was sent, and does not look right.",
}

CLOCKS: Mapping[TimestampSource, str] = {
    TimestampSource.SOURCE: "by the source's clock",
    TimestampSource.ENVELOPE: "by the connector's clock: the source's time is not known",
    TimestampSource.KAFKA: "by Kafka's clock: the source's time is not known",
}

_BEFORE: Mapping[BeforeImage, str] = {
    BeforeImage.COMPLETE: "The source sent the whole row as it was before.",
    BeforeImage.KEY: "The source sent only the key of the old row. Its other columns are not "
    "known from this change.",
    BeforeImage.INVENTED: "The source sent the key of the old row, and fillers in place of its "
    "other columns. The fillers are no data.",
    BeforeImage.ABSENT: "The source did not send the row as it was before: it is not known from "
    "this change.",
}

NO_ROW_BEFORE = "There was no row before this change."
NO_ROW_AFTER = "There is no row after this change."
NO_COLUMN = "This image of the row does not have the column."
NOT_KNOWN_BEFORE = "The source did not send the value as it was before."

_BASELINE = "A baseline has no row before it: this is how the row was found."
_NO_ROWS = "This change carries no rows."
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def before_image(record: AuditRecord) -> str:
    """How far the old row can be trusted, in words."""
    if record.operation is OperationTypeEnum.INSERT:
        return NO_ROW_BEFORE
    if record.operation is OperationTypeEnum.SNAPSHOT:
        return _BASELINE
    if record.operation in (OperationTypeEnum.TRUNCATE, OperationTypeEnum.RANGE_DELETE):
        return _NO_ROWS
    return _BEFORE[record.before_image]


def remedy(record: AuditRecord) -> str | None:
    """The statement that makes old values known in future; None where nothing is missing."""
    may_have = record.operation in (OperationTypeEnum.UPDATE, OperationTypeEnum.DELETE)
    if record.connector != "postgresql" or record.source_table is None or not may_have:
        return None
    if record.before_image is BeforeImage.COMPLETE:
        return None
    names = [name for name in (record.source_schema, record.source_table) if name is not None]
    return f"ALTER TABLE {'.'.join(map(_sql_name, names))} REPLICA IDENTITY FULL;"


def _sql_name(name: str) -> str:
    """The name as SQL needs it: people copy the statement, and a name may be any text."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
