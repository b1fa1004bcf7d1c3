"""Writes the SQL that puts a change, a row or a transaction back. It is never executed by us."""

from collections.abc import Sequence

import msgspec

from application.missing_parts import among
from application.reading_ports import MissingPartsReader, RowReader
from application.show_transaction import ShowTransaction
from application.source_types import ColumnTypeCatalog
from application.trail_query import StoredRecord
from domain.errors import RepositoryError
from domain.missing_part import Incompleteness
from domain.revert import RevertPlan, revert_plan
from domain.revert_script import revert_script
from domain.row_identity import row_of
from domain.source_types import SourceTypes

MOST_CHANGES = 1000
"""Changes that are put back together at most."""


class RevertAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    How to put something back.

    Attributes:
        plan: Statements, and what has none.
        script: The whole script; None if a change cannot be put back, or there is none.
        has_more: Whether more changes are concerned than were looked at: then there is no script.
        types_known: Whether the source's catalog told types of columns.
        may_be_incomplete: What is missing from the trail since the first of the changes: what is
            put back may not be all, or not the newest.
    """

    plan: RevertPlan
    script: str | None
    has_more: bool
    types_known: bool
    may_be_incomplete: Incompleteness


class PutBack:
    """
    Writes SQL.

    Args:
        rows: Reads the changes of single rows.
        transactions: Shows transactions.
        missing: Knows what is missing.
        catalog: Knows the types of the source's columns; None where nobody knows them.
    """

    def __init__(
        self,
        rows: RowReader,
        transactions: ShowTransaction,
        missing: MissingPartsReader,
        *,
        catalog: ColumnTypeCatalog | None = None,
    ) -> None:
        self._rows = rows
        self._transactions = transactions
        self._missing = missing
        self._catalog = catalog

    async def change(self, change: StoredRecord) -> RevertAnswer:
        """Put back one change."""
        return await self._answer([change])

    async def row(self, change: StoredRecord) -> RevertAnswer:
        """
        Put the row of `change` back to what it was before it: undo it and all later changes.

        A change of the key is not followed: its halves are put back as changes of both keys, by
        their transaction.
        """
        row = row_of(change.record)
        if row is None:
            return await self._answer([change])
        place = change.place
        after = msgspec.structs.replace(place, offset=place.offset - 1)
        found = await self._rows.changes_of(
            row, after=after, oldest_first=True, limit=MOST_CHANGES + 1
        )
        return await self._answer(found[:MOST_CHANGES], has_more=len(found) > MOST_CHANGES)

    async def transaction(self, change: StoredRecord) -> RevertAnswer:
        """Put back the whole transaction of `change`, in reverse order."""
        found = await self._transactions.of(change)
        if found is None:
            return await self._answer([change])
        changes = found.changes[:MOST_CHANGES]
        has_more = found.has_more or len(found.changes) > len(changes)
        return await self._answer(changes, has_more=has_more)

    async def _answer(
        self, changes: Sequence[StoredRecord], *, has_more: bool = False
    ) -> RevertAnswer:
        types = await self._known_types()
        plan = revert_plan([stored.record for stored in changes], types)
        times = [stored.record.change_timestamp for stored in changes]
        return RevertAnswer(
            plan=plan,
            script=None if has_more else revert_script(plan),
            has_more=has_more,
            types_known=bool(types),
            may_be_incomplete=await among(self._missing, changes, since=min(times, default=None)),
        )

    async def _known_types(self) -> SourceTypes | None:
        try:
            return None if self._catalog is None else await self._catalog.types()
        except RepositoryError:
            return None  # the answer says so: values that need a type are refused
