"""
How much of a transaction is there, by the END record of the transaction: for who looks at it.

The END record counts the events of the transaction, and those of each table. Without one nobody
can say: the connector may not provide them (`provide.transaction.metadata`), or the transaction
still goes on. Why changes lack, and whether they can still come, `domain.completeness` judges: that
takes a look at all partitions, and at rows that this reader may not see.
"""

import enum
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from domain.audit_record import AuditRecord
from domain.completeness import End, collection_names, read_end
from domain.control import ControlKind, ControlMessage


class Completeness(enum.StrEnum):
    """COMPLETE and INCOMPLETE by the END record; UNKNOWN without one."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


class CollectionCount(msgspec.Struct, frozen=True):
    """
    Changes of one table in a transaction.

    Attributes:
        name: Name of the table as the END record has it.
        expected: How many there are, by the END record.
        found: How many the trail has.
    """

    name: str
    expected: int
    found: int


class CompletenessReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much of a transaction is in the trail.

    Attributes:
        completeness: Whether it is all there.
        expected: How many changes there are by the END record; None without one.
        found: How many the trail has.
        collections: The same for each table; none without an END record.
    """

    completeness: Completeness
    expected: int | None
    found: int
    collections: Sequence[CollectionCount] = ()


def completeness_of(
    changes: Sequence[AuditRecord], boundaries: Sequence[ControlMessage]
) -> CompletenessReport:
    """
    Compare the changes of a transaction with its END record.

    Args:
        changes: All that the trail has, without certain redeliveries.
        boundaries: Its BEGIN and END records; of several END records the last one counts.
    """
    found = _events(changes)
    end = _last_end(boundaries)
    if end is None:
        return CompletenessReport(
            completeness=Completeness.UNKNOWN, expected=None, found=len(found)
        )
    collections = tuple(
        CollectionCount(name, expected, sum(name in _names(record) for record in found))
        for name, expected in end.counts
    )
    missing = len(found) < end.events or any(c.found < c.expected for c in collections)
    return CompletenessReport(
        completeness=Completeness.INCOMPLETE if missing else Completeness.COMPLETE,
        expected=end.events,
        found=len(found),
        collections=collections,
    )


def _events(changes: Sequence[AuditRecord]) -> Collection[AuditRecord]:
    """Each change once, by its place in the transaction: it may have come more than once."""
    by_order: dict[Any, AuditRecord] = {}
    for at, record in enumerate(changes):
        by_order.setdefault(record.transaction_order or (at,), record)
    return by_order.values()


def _last_end(boundaries: Sequence[ControlMessage]) -> End | None:
    ends = (m.payload for m in reversed(boundaries) if m.kind is ControlKind.TRANSACTION_END)
    return next((end for payload in ends if (end := read_end(payload)) is not None), None)


def _names(record: AuditRecord) -> Collection[str]:
    return collection_names(record.source_database, record.source_schema, record.source_table)
