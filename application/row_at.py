"""
The row as it was: at a time, before a change, after a change.

Looks at the changes up to that moment, from the newest back, until each column is known; what they
do not tell, the old image of the next change may.
"""

import msgspec

from application.missing_parts import among
from application.reading_ports import MissingPartsReader, RowReader
from application.row_walk import RowWalk, at_time
from application.trail_query import Place, StoredRecord
from domain.missing_part import Incompleteness
from domain.operation import OperationTypeEnum
from domain.row_identity import RowIdentity, row_of
from domain.row_state import Existence, RowState, RowStateBuilder

MOST_CHANGES = 1000
"""Changes that are looked at; a column that none of them tells is not known."""


class RowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row at one moment.

    Attributes:
        row: The row; under the key that it had at that moment.
        at: Change timestamp up to which changes were taken; microseconds since 1970, UTC.
        state: The row.
        looked_at: How many changes were looked at.
        gave_up: Whether there are older ones that were not looked at, and columns not known.
        may_be_incomplete: What is missing from the trail, where it could matter.
    """

    row: RowIdentity
    at: int
    state: RowState
    looked_at: int
    gave_up: bool
    may_be_incomplete: Incompleteness


class RowAt:
    """
    Tells what rows were.

    Args:
        rows: Reads the changes of single rows.
        missing: Knows what is missing.
    """

    def __init__(self, rows: RowReader, missing: MissingPartsReader) -> None:
        self._rows = rows
        self._walk = RowWalk(rows)
        self._missing = missing

    async def at(self, row: RowIdentity, microseconds: int) -> RowAnswer:
        """
        The row after all changes up to a time, it included; microseconds since 1970, UTC.

        A row whose key changed before that time is followed to its new key.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        return await self._answer(row, at_time(microseconds), at=microseconds)

    async def before(self, change: StoredRecord) -> RowAnswer | None:
        """The row before `change`; None for a change without a key."""
        row = row_of(change.record)
        at = change.record.change_timestamp
        return None if row is None else await self._answer(row, change.place, at=at)

    async def after(self, change: StoredRecord) -> RowAnswer | None:
        """The row after `change`; None for a change without a key."""
        row = row_of(change.record)
        place = msgspec.structs.replace(change.place, offset=change.place.offset + 1)
        at = change.record.change_timestamp
        return None if row is None else await self._answer(row, place, at=at)

    async def _answer(self, row: RowIdentity, end: Place, *, at: int) -> RowAnswer:
        row = await self._current(row, end)
        last = msgspec.structs.replace(end, offset=end.offset - 1)
        following = await self._walk.first_after(row, last)
        builder = RowStateBuilder(None if following is None else following.record)
        looked_at: list[StoredRecord] = []
        gave_up = False
        async for stored in self._walk.back(row, before=end, batch=20):
            if len(looked_at) == MOST_CHANGES:
                gave_up = True
                break
            builder.add(stored.record)
            looked_at.append(stored)
            if builder.is_complete:
                break
        state = builder.state()
        if looked_at and state.existence is not Existence.ABSENT:
            state = await self._unless_truncated(state, looked_at[0], end)
        return RowAnswer(
            row=row,
            at=at,
            state=state,
            looked_at=len(looked_at),
            gave_up=gave_up,
            may_be_incomplete=await among(
                self._missing,
                looked_at,
                since=looked_at[-1].record.change_timestamp if looked_at else None,
                until=at + 1,
            ),
        )

    async def _current(self, row: RowIdentity, end: Place) -> RowIdentity:
        """The key that the row has at `end`, if its own key was changed before."""
        seen = {row}
        while True:
            newest = await self._rows.changes_of(row, before=end, limit=1)
            is_delete = bool(newest) and newest[0].record.operation is OperationTypeEnum.DELETE
            moved = await self._walk.moved_to(newest[0]) if is_delete else None
            if moved is None or moved in seen:
                return row
            if not await self._rows.changes_of(moved, before=end, limit=1):
                return row
            row = moved
            seen.add(row)

    async def _unless_truncated(
        self, state: RowState, newest: StoredRecord, end: Place
    ) -> RowState:
        """The state, unless the table was emptied between its last change and the moment."""
        truncates = await self._rows.truncates_of(
            newest.source,
            since=newest.record.change_timestamp,
            until=end.change_timestamp + 1,
            limit=50,
        )
        for truncate in truncates:
            if newest.place < truncate.place < end:
                return RowState(
                    existence=Existence.ABSENT,
                    made_by=truncate.id,
                    followed_by=state.followed_by,
                )
        return state
