"""A row, or a small table, at two times: what differs."""

from collections.abc import Sequence

import msgspec

from application.missing_parts import among
from application.reading_ports import MissingPartsReader, RowReader
from application.row_at import RowAnswer, RowAt
from domain.missing_part import Incompleteness
from domain.row_identity import RowIdentity
from domain.row_state import Existence
from domain.source_table import SourceTable
from domain.state_diff import StateColumn, state_diff

MOST_ROWS = 200
"""Rows of a table that are compared at most."""


class RowComparison(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row at two times.

    Attributes:
        row: The row.
        earlier: The row at the earlier time.
        later: The row at the later time.
        columns: Column by column.
    """

    row: RowIdentity
    earlier: RowAnswer
    later: RowAnswer
    columns: Sequence[StateColumn]

    @property
    def differs(self) -> bool:
        """Whether anything is, or may be, different."""
        same = {Existence.PRESENT, Existence.ABSENT}
        existence = {self.earlier.state.existence, self.later.state.existence}
        return (
            len(existence) > 1
            or not existence <= same
            or any(column.status != "unchanged" for column in self.columns)
        )


class TableComparison(msgspec.Struct, frozen=True, kw_only=True):
    """
    The rows of a table that were changed between two times.

    Attributes:
        source: The table.
        rows: By key; also rows that are now as they were, since they were changed and changed
            back: these do not `differ`.
        has_more: Whether more rows were changed than are compared.
        may_be_incomplete: What is missing from the trail between the two times.
    """

    source: SourceTable
    rows: Sequence[RowComparison]
    has_more: bool
    may_be_incomplete: Incompleteness


class CompareTimes:
    """
    Compares what was with what was later.

    Args:
        row_at: Tells what rows were.
        rows: Reads the changes of rows.
        missing: Knows what is missing.
    """

    def __init__(self, row_at: RowAt, rows: RowReader, missing: MissingPartsReader) -> None:
        self._row_at = row_at
        self._rows = rows
        self._missing = missing

    async def row(self, row: RowIdentity, *, earlier: int, later: int) -> RowComparison:
        """
        Compare a row after all changes up to each of two times; microseconds since 1970, UTC.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        before = await self._row_at.at(row, earlier)
        after = await self._row_at.at(row, later)
        columns = state_diff(before.state, after.state)
        return RowComparison(row=row, earlier=before, later=after, columns=columns)

    async def table(
        self, source: SourceTable, *, earlier: int, later: int, limit: int = MOST_ROWS
    ) -> TableComparison:
        """
        Compare the rows of a table that were changed behind `earlier`, up to `later`.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        since, until = earlier + 1, later + 1
        rows = await self._rows.rows_changed(source, since=since, until=until, limit=limit + 1)
        compared = [await self.row(row, earlier=earlier, later=later) for row in rows[:limit]]
        return TableComparison(
            source=source,
            rows=compared,
            has_more=len(rows) > limit,
            may_be_incomplete=await among(self._missing, (), since=since, until=until),
        )
