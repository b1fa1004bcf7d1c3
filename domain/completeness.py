"""
Whether a transaction of the source arrived whole, by what its END record counts.

    END: 4 changes of public.orders ──▶ orders in the trail: 1 2 3 4 ──▶ complete
                                                            1 2 4    ──▶ pending or missing

The connector numbers the changes of each table in a transaction from 1, and its END record says
how many there were. What is not there yet may be on its way: `missing` is said only when every
partition of the source has been read beyond the transaction, and nothing else can explain it.

It compares what the connector sent with what the trail has. What a connector itself never sent, its
END does not count: LSNs and GTIDs have holes, and prove nothing of that kind.
"""

import enum
import re
from collections.abc import Collection, Sequence

import msgspec

from domain.redelivery import Coordinates

GRACE = 60_000_000
"""Of a transaction that ended so short ago (microseconds) records may be on their way to Kafka."""

_NEARBY = 3_600_000_000
_LSN_DIGITS = 16
_POSTGRESQL_ID = re.compile(r"\d+:(\d+)", re.ASCII)


class TransactionState(enum.StrEnum):
    """
    How a transaction stands.

    COMPLETE: all that END counts is there. PENDING: what lacks may still come. MISSING: it lacks,
    and cannot come any more. UNKNOWN: something else may explain what lacks.
    """

    COMPLETE = "complete"
    PENDING = "pending"
    MISSING = "missing"
    UNKNOWN = "unknown"


class TableCount(msgspec.Struct, frozen=True):
    """
    Changes of one table in a transaction.

    Attributes:
        name: Name of the table, as the END record has it.
        expected: How many changes END counts.
        rows: How many rows the trail has, but for certain redeliveries.
        orders: How many different places among the table's changes they have.
        highest: Greatest of these places; 0 without rows.
    """

    name: str
    expected: int
    rows: int = 0
    orders: int = 0
    highest: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every place from 1 to the last is there."""
        return self.orders == self.expected and self.highest <= self.expected


class EndedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transaction whose END record is in the trail.

    Attributes:
        end: Row of the END record in `control_message`.
        topic: Topic of the END record.
        cluster_id: Id of the Kafka cluster.
        source_name: Debezium's topic prefix; None where nothing tells.
        transaction_id: The connector's own id.
        ended_at: Kafka's timestamp of END, else when it was stored; microseconds since 1970.
        recorded_at: When END was stored; microseconds since 1970.
        begins: How many BEGIN records it has.
        ends: How many END records it has.
        tables: Its tables, by END and by the trail.
        last_position: Greatest source position of its rows; None where they have none.
        end_lsn: Where PostgreSQL's log had it end, 16 hexadecimal digits; None for others.
        is_ambiguous: Whether rows of several sources have its id.
    """

    end: Coordinates
    topic: str
    cluster_id: str
    source_name: str | None
    transaction_id: str
    ended_at: int
    recorded_at: int
    begins: int
    ends: int
    tables: tuple[TableCount, ...]
    last_position: str | None = None
    end_lsn: str | None = None
    is_ambiguous: bool = False


class PartitionStanding(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far a stream partition with rows has been read.

    Attributes:
        stream_id: The stream.
        partition: Partition of the topic.
        topic: Name of the topic.
        cluster_id: Id of the Kafka cluster.
        source_name: Debezium's topic prefix, of its last row.
        next_offset: First offset that is not in the trail.
        last_position: Source position of its last row that has one.
        skipped: Records that rules left out.
        quarantined_from: Time of its first record in quarantine without a row; None without any.
        quarantined_until: Time of the last of them.
        gap_seen: When its last gap of offsets was found; None without any.
        at_log_end: Whether it has been read to the end of its log, as far as was asked.
    """

    stream_id: int
    partition: int
    topic: str
    cluster_id: str
    source_name: str
    next_offset: int
    last_position: str | None
    skipped: int = 0
    quarantined_from: int | None = None
    quarantined_until: int | None = None
    gap_seen: int | None = None
    at_log_end: bool = False


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """
    What may explain that changes lack.

    Attributes:
        partitions: Every stream partition with rows.
        tables: Names that END records give to the tables that the trail has met, by source name.
        begun_at: When a trail began that did not begin at the start of its topics; None else.
        now: Microseconds since 1970.
    """

    partitions: Sequence[PartitionStanding]
    tables: Collection[tuple[str | None, str]]
    begun_at: int | None
    now: int


class JudgedTransaction(msgspec.Struct, frozen=True):
    """
    A transaction, and how it stands.

    Attributes:
        transaction: The transaction.
        state: How it stands.
        reason: Why, in words; empty for one that is complete.
    """

    transaction: EndedTransaction
    state: TransactionState
    reason: str = ""


def collection_names(database: str | None, schema: str | None, table: str | None) -> Sequence[str]:
    """How an END record may name a table: each connector has its own way."""
    names = (f"{schema}.{table}", f"{database}.{table}", f"{database}.{schema}.{table}")
    return (table or "", *names)


def judge(
    transaction: EndedTransaction, around: Surroundings, *, grace: int = GRACE
) -> JudgedTransaction:
    """
    Say how `transaction` stands.

    Args:
        transaction: The transaction; its rows were counted after `around` was looked at.
        around: What may explain that changes lack.
        grace: One that ended within this time (microseconds) is pending at worst.
    """
    lacking = [table for table in transaction.tables if not table.is_whole]
    if not lacking:
        return JudgedTransaction(transaction, TransactionState.COMPLETE)
    partitions = [
        p
        for p in around.partitions
        if p.cluster_id == transaction.cluster_id and p.source_name == transaction.source_name
    ]
    doubt = _doubt(transaction, lacking, around) or _doubt_of(partitions, transaction)
    if doubt:
        return JudgedTransaction(transaction, TransactionState.UNKNOWN, doubt)
    if around.now - transaction.recorded_at < grace:
        reason = "it ended just now"
        return JudgedTransaction(transaction, TransactionState.PENDING, reason)
    behind = [p for p in partitions if not _has_passed(p, transaction)]
    if behind:
        names = ", ".join(f"{p.topic} {p.partition}" for p in behind[:3])
        reason = f"{len(behind)} partitions may still be behind it: {names}"
        return JudgedTransaction(transaction, TransactionState.PENDING, reason)
    counts = ", ".join(f"{t.name} {t.orders} of {t.expected}" for t in lacking)
    reason = f"{counts}, and every partition of {transaction.source_name} was read beyond it"
    return JudgedTransaction(transaction, TransactionState.MISSING, reason)


def _doubt(
    transaction: EndedTransaction, lacking: Sequence[TableCount], around: Surroundings
) -> str:
    if transaction.is_ambiguous or transaction.source_name is None:
        return "which source it is of cannot be told"
    if transaction.begins != 1 or transaction.ends != 1:
        return f"it has {transaction.begins} BEGIN and {transaction.ends} END records"
    for table in lacking:
        if (transaction.source_name, table.name) not in around.tables:
            return f"no change of {table.name} has ever come: it may not be read, or be left out"
        if table.rows > table.orders or table.highest > table.expected:
            return f"the places of changes of {table.name} are counted anew, or in other ways"
    if around.begun_at is not None and transaction.ended_at <= around.begun_at + GRACE:
        return "the trail began while it was under way"
    return ""


def _doubt_of(partitions: Sequence[PartitionStanding], transaction: EndedTransaction) -> str:
    ended = transaction.ended_at
    for p in partitions:
        where = f"{p.topic} {p.partition}"
        if p.skipped:
            return f"rules left {p.skipped} records of {where} out of the trail"
        first, last = p.quarantined_from, p.quarantined_until
        if first is not None and last is not None and first - _NEARBY <= ended <= last + _NEARBY:
            return f"records of {where} are in quarantine"
        if p.gap_seen is not None and ended <= p.gap_seen + _NEARBY:
            return f"{where} has a gap of offsets"
    return ""


def _has_passed(partition: PartitionStanding, transaction: EndedTransaction) -> bool:
    """Whether no change of `transaction` can come any more in `partition`."""
    if partition.at_log_end:
        return True
    position = partition.last_position
    if position is None:
        return False
    if transaction.end_lsn is not None:
        return position[:_LSN_DIGITS] >= transaction.end_lsn
    return transaction.last_position is not None and position > transaction.last_position


class _EndCollection(msgspec.Struct):
    data_collection: str
    event_count: int


class _End(msgspec.Struct):
    id: str = ""
    event_count: int | None = None
    data_collections: list[_EndCollection] | None = None


class End(msgspec.Struct, frozen=True):
    """
    What an END record says.

    Attributes:
        counts: How many changes of each table.
        lsn: Where PostgreSQL's log had the transaction end, 16 hexadecimal digits; None for others.
        events: How many changes in all.
    """

    counts: Sequence[tuple[str, int]]
    lsn: str | None
    events: int


def read_end(payload: str | None) -> End | None:
    """Read an END record's payload; None if it is none, or counts nothing."""
    try:
        end = msgspec.json.decode(payload or "", type=_End)
    except msgspec.DecodeError:
        return None
    if end.data_collections is None:
        return None
    match = _POSTGRESQL_ID.fullmatch(end.id)
    counts = [(c.data_collection, c.event_count) for c in end.data_collections]
    lsn = f"{int(match[1]):0{_LSN_DIGITS}X}" if match else None
    whole = sum(count for _, count in counts) if end.event_count is None else end.event_count
    return End(counts, lsn, whole)
