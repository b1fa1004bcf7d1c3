"""Questions to the trail, and what comes back."""

import json
from collections.abc import Collection

import msgspec

from domain.audit_record import AuditRecord
from domain.control import ControlMessage
from domain.operation import OperationTypeEnum
from domain.row_identity import source_of
from domain.source_table import SourceTable


class Place(msgspec.Struct, frozen=True, order=True):
    """
    The place of a record in the order in which people read: the keyset of every page.

    Attributes:
        change_timestamp: Microseconds since 1970, UTC.
        stream_id: The stream.
        partition: Partition of the topic.
        offset: Offset in the partition.
    """

    change_timestamp: int
    stream_id: int
    partition: int
    offset: int


class ValueFilter(msgspec.Struct, frozen=True):
    """
    A column that has a value in one of the two images: before or after the change.

    Attributes:
        column: Name of the column.
        value: JSON text of the value, or the bare text: ``paid``, ``"paid"`` and ``1.50`` all do.
    """

    column: str
    value: str


class TrailQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which records to read. Unset filters let everything pass; set ones must all match.

    Changed column, value, text and user have no index: where no whole key and no transaction is
    named with them, the search may give up (`QueryTooWideError`).

    Attributes:
        source_name: Debezium's topic prefix.
        source_database: Database of the table.
        source_table: Bare table name.
        source_schema: Schema of the table.
        record_key: Canonical JSON of the key, or the bare value of a key of one column, which the
            trail has met among the columns of the table.
        operation: What happened.
        transaction_id: The connector's own id.
        change_user: Who made the change, by the event or by its transaction's context.
        changed_column: A column whose value is known to differ.
        column_value: A column that had or got a value.
        text: A text that occurs in an image or the key as they are stored, in any case.
        since: From this change timestamp on; microseconds since 1970, UTC.
        until: Before this change timestamp; microseconds since 1970, UTC.
        before: Only records that come before this place (the next page, newest first).
        limit: At most this many records.
        include_redeliveries: Give also rows that are certain to repeat another one.
        tables: Only of these tables, of any connector; None for all.
    """

    source_name: str | None = None
    source_database: str | None = None
    source_table: str | None = None
    source_schema: str | None = None
    record_key: str | None = None
    operation: OperationTypeEnum | None = None
    transaction_id: str | None = None
    change_user: str | None = None
    changed_column: str | None = None
    column_value: ValueFilter | None = None
    text: str | None = None
    since: int | None = None
    until: int | None = None
    before: Place | None = None
    limit: int = 50
    include_redeliveries: bool = False
    tables: tuple[SourceTable, ...] | None = None


def is_whole_key(record_key: str) -> bool:
    """Whether this is a canonical key (a JSON object), and not the bare value of one."""
    return record_key.startswith("{") and record_key.endswith("}")


def bare_text(value: str) -> str:
    """The text that a value is compared by: a JSON string's own text, any other value as it is."""
    if not value.startswith('"'):
        return value
    try:
        return msgspec.json.decode(value, type=str)
    except msgspec.DecodeError:
        return value


def json_forms(text: str) -> Collection[str]:
    """How a text may stand in JSON: as it is, or with escapes."""
    quoted = (msgspec.json.encode(text).decode(), json.dumps(text))
    return dict.fromkeys((text, *(form[1:-1] for form in quoted)))


class StoredRecord(msgspec.Struct, frozen=True):
    """
    An audit record as it lies in the trail.

    Attributes:
        record: What was stored, rebuilt exactly.
        topic: Name of the topic that it came from.
        recorded_at: When the trail stored it; microseconds since 1970, UTC.
    """

    record: AuditRecord
    topic: str
    recorded_at: int

    @property
    def id(self) -> str:
        """The one id that people use: ``stream-partition-offset``."""
        r = self.record
        return f"{r.stream_id}-{r.kafka_partition}-{r.kafka_offset}"

    @property
    def source(self) -> SourceTable:
        """The table whose row was changed."""
        return source_of(self.record)

    @property
    def place(self) -> Place:
        """Where it stands in the reading order."""
        r = self.record
        return Place(r.change_timestamp, r.stream_id, r.kafka_partition, r.kafka_offset)


class Cursor(msgspec.Struct, frozen=True):
    """
    Where a live reader stands: the next offset of every stream partition.

    Attributes:
        offsets: (stream_id, partition, next_offset), sorted.
    """

    offsets: tuple[tuple[int, int, int], ...] = ()


class BoundedCount(msgspec.Struct, frozen=True):
    """
    How many changes there are.

    Attributes:
        number: That many.
        is_exact: Otherwise there are at least so many.
    """

    number: int
    is_exact: bool


class StoredControl(msgspec.Struct, frozen=True):
    """
    A control message as it lies in the trail.

    Attributes:
        message: What was stored.
        topic: Name of the topic that it came from.
        recorded_at: When the trail stored it; microseconds since 1970, UTC.
    """

    message: ControlMessage
    topic: str
    recorded_at: int

    @property
    def id(self) -> str:
        """``stream-partition-offset``."""
        m = self.message
        return f"{m.stream_id}-{m.kafka_partition}-{m.kafka_offset}"
