"""
What `/api/v1` answers with.

Times are ISO 8601 in UTC with microseconds. Images, key, notes, headers and source block are the
stored JSON itself: decimals and 64-bit integers in them have all their digits, so read them with
a parser that keeps them. Elsewhere no number is beyond 2^53, but for offsets beyond it; `id` has
every offset as text. `key_hash` is text.
"""

from collections.abc import Sequence

import msgspec

from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, ColumnValue, column_diff
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.source_table import SourceTable
from entrypoints.http.api_missing import Missing
from entrypoints.http.page_times import iso


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a change lies in Kafka."""

    topic: str
    stream: int
    partition: int
    offset: int


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The table that was changed. `source` is Debezium's topic prefix."""

    connector: str | None
    source: str | None
    database: str | None
    schema: str | None
    name: str | None


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction that a change belongs to. `id` is the connector's own."""

    id: str
    order: int | None
    collection_order: int | None


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """
    A column's value in one image.

    `available` is false where the source sent none: then there is no `value`. `trusted` is false
    for these, and for fillers that are not the row's value.
    """

    available: bool
    trusted: bool
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    notes: Sequence[str] = ()
    detail: msgspec.Raw | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column before and after. `old` or `new` is null if that image does not have the column."""

    name: str
    status: ColumnStatus
    old: Value | None
    new: Value | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change as lists of changes have it: everything that was stored."""

    id: str
    url: str
    time: str
    time_source: TimestampSource
    captured_at: str | None
    kafka_time: str | None
    recorded_at: str
    operation: OperationTypeEnum
    table: Table
    key: msgspec.Raw | None
    key_hash: str | None
    old: msgspec.Raw | None
    new: msgspec.Raw | None
    changed_columns: Sequence[str] | None
    before_image: BeforeImage
    value_notes: msgspec.Raw | None
    transaction: Transaction | None
    user: str | None
    lsn: str | None
    source_position: str | None
    source_metadata: msgspec.Raw | None
    headers: msgspec.Raw | None
    kafka: Position
    decoder_version: int


class ChangeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One change, with its columns compared."""

    change: Change
    columns: Sequence[Column]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many changes a search finds: at least so many, where it is not exact."""

    number: int
    is_exact: bool


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    """
    A page of changes, newest first.

    `older` is the `before` of the next page, null on the last one. `cursor` is where the stream
    of changes goes on behind this page. `count` is given where it was asked for.
    """

    changes: Sequence[Change]
    older: str | None
    cursor: str
    count: Count | None
    may_be_incomplete: Missing


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem as RFC 9457 has it; `field` names the parameter that is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None


def change_out(stored: StoredRecord) -> Change:
    """Show a stored change."""
    r = stored.record
    return Change(
        id=stored.id,
        url=f"/changes/{stored.id}",
        time=iso(r.change_timestamp),
        time_source=r.timestamp_source,
        captured_at=None if r.captured_at is None else iso(r.captured_at),
        kafka_time=None if r.kafka_timestamp is None else iso(r.kafka_timestamp),
        recorded_at=iso(stored.recorded_at),
        operation=r.operation,
        table=table_out(stored.source),
        key=_raw(r.record_key),
        key_hash=None if r.key_hash is None else str(r.key_hash),
        old=_raw(r.old_data),
        new=_raw(r.new_data),
        changed_columns=r.changed_columns,
        before_image=r.before_image,
        value_notes=_raw(r.value_notes),
        transaction=_transaction(r),
        user=r.change_user,
        lsn=r.lsn,
        source_position=r.source_position,
        source_metadata=_raw(r.source_metadata),
        headers=_raw(r.headers),
        kafka=Position(
            topic=stored.topic,
            stream=r.stream_id,
            partition=r.kafka_partition,
            offset=r.kafka_offset,
        ),
        decoder_version=r.decoder_version,
    )


def detail_out(stored: StoredRecord) -> ChangeDetail:
    """Show a stored change with its columns compared."""
    columns = [_column(diff) for diff in column_diff(stored.record)]
    return ChangeDetail(change=change_out(stored), columns=columns)


def _column(diff: ColumnDiff) -> Column:
    return Column(
        name=plain_name(diff.name),
        status=diff.status,
        old=value_out(diff.old),
        new=value_out(diff.new),
    )


def value_out(value: ColumnValue | None) -> Value | None:
    """Show a value of a column."""
    if value is None:
        return None
    return Value(
        available=value.text is not None,
        trusted=value.trusted,
        value=msgspec.UNSET if value.text is None else msgspec.Raw(value.text.encode()),
        notes=value.notes,
        detail=_raw(value.detail),
    )


def table_out(source: SourceTable) -> Table:
    """Show which table it is."""
    return Table(
        connector=source.connector,
        source=source.source_name,
        database=source.source_database,
        schema=source.source_schema,
        name=source.source_table,
    )


def _transaction(r: AuditRecord) -> Transaction | None:
    if r.transaction_id is None:
        return None
    return Transaction(
        id=r.transaction_id, order=r.transaction_order, collection_order=r.collection_order
    )


def plain_name(name: str) -> str:
    """The name, half characters in it as escapes: JSON can name them, UTF-8 cannot."""
    return name.encode(errors="backslashreplace").decode()


def json_text(text: str) -> msgspec.Raw:
    """The text, which is JSON, as it is."""
    return msgspec.Raw(text.encode())


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else json_text(text)
