"""
A transaction of a source: all its changes, in order, over all tables, and whether that is all.

A transaction is (cluster, source name, database, the connector's own id) within a window of time
(`domain.transaction_identity`): ids wrap, and several sources may use the same ones.
"""

from collections.abc import Sequence

import msgspec

from application.missing_parts import among
from application.reading_ports import MissingPartsReader, TransactionReader
from application.trail_query import StoredControl, StoredRecord
from domain.missing_part import Incompleteness
from domain.transaction_completeness import CompletenessReport, completeness_of
from domain.transaction_identity import TransactionIdentity

MOST_CHANGES = 10_000
"""Changes of one transaction that are given at most."""


class FoundTransaction(msgspec.Struct, frozen=True):
    """
    A transaction that an id may mean.

    Attributes:
        identity: Its name.
        at: Time of a change in it; with the name it says which one is meant: ids wrap.
    """

    identity: TransactionIdentity
    at: int


class TransactionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transaction.

    Attributes:
        identity: Its name.
        changes: Its changes in their order in the transaction, else in the order of the trail.
        has_more: Whether it has more changes than were given; then nothing is said of
            completeness.
        boundaries: Its BEGIN and END records.
        report: Whether all of it is there, by its END record.
        first: Time of its first change; None without any.
        last: Time of its last change; None without any.
        may_be_incomplete: What is missing from the trail around it.
    """

    identity: TransactionIdentity
    changes: Sequence[StoredRecord]
    has_more: bool
    boundaries: Sequence[StoredControl]
    report: CompletenessReport
    first: int | None
    last: int | None
    may_be_incomplete: Incompleteness


class ShowTransaction:
    """
    Shows transactions.

    Args:
        transactions: Reads what belongs to one.
        missing: Knows what is missing.
    """

    def __init__(self, transactions: TransactionReader, missing: MissingPartsReader) -> None:
        self._transactions = transactions
        self._missing = missing

    async def named(
        self, transaction_id: str, *, source_name: str | None = None, limit: int = 10
    ) -> Sequence[FoundTransaction]:
        """
        Every transaction with this id, newest first.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        found = await self._transactions.transactions(
            transaction_id, source_name=source_name, limit=limit
        )
        return [FoundTransaction(identity, at) for identity, at in found]

    async def of(self, change: StoredRecord) -> TransactionAnswer | None:
        """The transaction of `change`; None where the change names none."""
        wanted = change.record.transaction_id
        if wanted is None:
            return None
        at = change.record.change_timestamp
        found = await self._transactions.transactions(
            wanted, source_name=change.record.source_name, limit=100
        )
        same = [
            FoundTransaction(identity, time)
            for identity, time in found
            if identity.source_database == change.record.source_database
            and identity.source_name == change.record.source_name
        ]
        if not same:
            return None
        nearest = min(same, key=lambda one: abs(one.at - at))
        return await self.show(FoundTransaction(nearest.identity, at))

    async def show(
        self, transaction: FoundTransaction, *, limit: int = MOST_CHANGES
    ) -> TransactionAnswer:
        """
        Show a transaction.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        identity, at = transaction.identity, transaction.at
        found = await self._transactions.changes_in(identity, at=at, limit=limit + 1)
        changes, has_more = found[:limit], len(found) > limit
        boundaries = await self._transactions.boundaries_of(identity, at=at)
        times = [stored.record.change_timestamp for stored in changes]
        first, last = (min(times), max(times)) if times else (None, None)
        return TransactionAnswer(
            identity=identity,
            changes=changes,
            has_more=has_more,
            boundaries=boundaries,
            report=completeness_of(
                [stored.record for stored in changes],
                [] if has_more else [stored.message for stored in boundaries],
            ),
            first=first,
            last=last,
            # of any stream: the change that is missing may be another table's
            may_be_incomplete=await among(
                self._missing, (), since=first, until=None if last is None else last + 1
            ),
        )
