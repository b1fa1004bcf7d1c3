"""Records on Debezium's topics that are no change of a row."""

import enum

import msgspec


class ControlKind(enum.StrEnum):
    """
    Which control message a record is. Heartbeats and tombstones are counted, not stored.

    TRANSACTION is a transaction's boundary that does not say which one: CloudEventsConverter
    writes null for both.
    """

    HEARTBEAT = "heartbeat"
    TOMBSTONE = "tombstone"
    TRANSACTION_BEGIN = "transaction_begin"
    TRANSACTION_END = "transaction_end"
    TRANSACTION = "transaction"
    SCHEMA_CHANGE = "schema_change"
    SCHEMA_HISTORY = "schema_history"
    LOGICAL_MESSAGE = "logical_message"
    OUTBOX = "outbox"
    SIGNAL = "signal"
    NOTIFICATION = "notification"
    DEAD_LETTER = "dead_letter"


COUNTED_ONLY = frozenset({ControlKind.HEARTBEAT, ControlKind.TOMBSTONE})


class ControlMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A control message, with what is kept of it in `control_message`.

    Attributes:
        stream_id: The stream that it came from.
        kafka_partition: Partition of the topic.
        kafka_offset: Offset in the partition.
        kafka_timestamp: Microseconds since 1970, UTC; None where Kafka has none.
        kind: Which control message it is.
        source_name: Debezium's topic prefix, where the record names it.
        transaction_id: The connector's own id, fit for grouping.
        record_key: Canonical JSON of the record's key; None without one. An outbox record's is its
            aggregate.
        payload: JSON text of the message; None where there is nothing to keep.
        headers: JSON array of [name, value] pairs; None without headers.
    """

    stream_id: int
    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: int | None
    kind: ControlKind
    source_name: str | None = None
    transaction_id: str | None = None
    record_key: str | None = None
    payload: str | None = None
    headers: str | None = None


class SkippedRecord(msgspec.Struct, frozen=True, gc=False):
    """
    A record that a rule of ours leaves out of the trail. It is counted.

    Attributes:
        rule: Name of the rule.
    """

    rule: str
