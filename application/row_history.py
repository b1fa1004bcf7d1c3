"""
The history of a row: every change of its key, newest first, with what each did to each column.

Where the key changed, the history goes on under the other key. A change that the connector
delivered again is there once, and names its repetitions. A value that the source did not send is
shown as such, with the last value that is known, and where that is from.
"""

from collections.abc import AsyncGenerator, Sequence

import msgspec

from application.known_values import KnownValues, LastKnown, lacks_data
from application.missing_parts import among
from application.reading_ports import MissingPartsReader, RedeliveryReader, RowReader
from application.row_walk import Life, RowWalk
from application.trail_query import Place, StoredRecord
from domain.diff import ColumnDiff, column_diff
from domain.missing_part import Incompleteness
from domain.row_identity import KeyMove, RowIdentity, key_move

_LOOK_BACK = 200
"""Changes behind a page that are looked at for the last known values of its columns."""


class HistoryColumn(msgspec.Struct, frozen=True):
    """
    One column in one change.

    Attributes:
        diff: What the change did to it.
        last_known: Where an image of the change has no data for it: what older changes say.
    """

    diff: ColumnDiff
    last_known: LastKnown | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One change of the row.

    Attributes:
        change: The change.
        columns: What it did to each column.
        repeats: Ids of certain redeliveries of this change: they are left out of the history.
        may_repeat: Id of the change that this one perhaps only repeats; None where nothing
            says so.
        moved: Whether it is one half of a change of the key, and the other key.
    """

    change: StoredRecord
    columns: Sequence[HistoryColumn]
    repeats: Sequence[str] = ()
    may_repeat: str | None = None
    moved: KeyMove = KeyMove()


class RowHistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """
    A page of the history.

    Attributes:
        row: The row that was asked for.
        keys: All keys that its changes were looked for under, the one that was asked for first.
        entries: Newest first. TRUNCATEs of the table are among them.
        older: Where the next page begins (`before`); None on the last one.
        may_be_incomplete: What is missing from the trail in the time of this page.
    """

    row: RowIdentity
    keys: Sequence[RowIdentity]
    entries: Sequence[HistoryEntry]
    older: Place | None
    may_be_incomplete: Incompleteness


class RowHistory:
    """
    Tells histories of rows.

    Args:
        rows: Reads the changes of single rows.
        redeliveries: Knows what was delivered again.
        missing: Knows what is missing.
    """

    def __init__(
        self, rows: RowReader, redeliveries: RedeliveryReader, missing: MissingPartsReader
    ) -> None:
        self._rows = rows
        self._walk = RowWalk(rows)
        self._redeliveries = redeliveries
        self._missing = missing

    async def page(
        self, row: RowIdentity, *, before: Place | None = None, limit: int = 50
    ) -> RowHistoryPage:
        """
        Give the newest changes of `row` before a place.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        lives = await self._walk.lives(row)
        walk = self._walk.newest_first(lives, before=before, batch=limit + 1)
        found, has_more = await _take(walk, limit)
        changes = await self._with_truncates(row, found, before, limit=limit)
        has_more = has_more or changes[-1:] != found[-1:]
        older = changes[-1].place if changes and has_more else None
        known = await self._known_before(lives, changes)
        return RowHistoryPage(
            row=row,
            keys=tuple(dict.fromkeys(life.row for life in lives)),
            entries=await self._entries(changes, known),
            older=older,
            may_be_incomplete=await among(
                self._missing,
                changes,
                since=None if older is None else older.change_timestamp,
                until=None if before is None else before.change_timestamp + 1,
            ),
        )

    async def _with_truncates(
        self,
        row: RowIdentity,
        changes: Sequence[StoredRecord],
        before: Place | None,
        *,
        limit: int,
    ) -> Sequence[StoredRecord]:
        """The changes, and the TRUNCATEs that came after the oldest of them."""
        if not changes:
            return ()
        truncates = await self._rows.truncates_of(
            row.source,
            since=changes[-1].place.change_timestamp,
            until=None if before is None else before.change_timestamp + 1,
            limit=limit,
        )
        among_them = [
            t
            for t in truncates
            if t.place > changes[-1].place and (before is None or t.place < before)
        ]
        both = sorted((*changes, *among_them), key=lambda s: s.place, reverse=True)
        return both[:limit]

    async def _known_before(
        self, lives: Sequence[Life], changes: Sequence[StoredRecord]
    ) -> KnownValues:
        """What changes behind the page say, if the page has columns without data."""
        known = KnownValues()
        if not any(lacks_data(d) for stored in changes for d in column_diff(stored.record)):
            return known
        walk = self._walk.newest_first(lives, before=changes[-1].place, batch=50)
        older, _ = await _take(walk, _LOOK_BACK)
        for stored in reversed(older):
            known.see(stored)
        return known

    async def _entries(
        self, changes: Sequence[StoredRecord], known: KnownValues
    ) -> Sequence[HistoryEntry]:
        repeats: dict[str, list[str]] = {}
        doubts: dict[str, str] = {}
        for first, again, is_certain in await self._redeliveries.repeats_of(
            [stored.id for stored in changes]
        ):
            if is_certain:
                repeats.setdefault(first, []).append(again)
            else:
                doubts[again] = first
        entries: list[HistoryEntry] = []
        for stored in reversed(changes):
            before = known.see(stored)
            entries.append(
                HistoryEntry(
                    change=stored,
                    columns=[
                        HistoryColumn(d, before.get(d.name) if lacks_data(d) else None)
                        for d in column_diff(stored.record)
                    ],
                    repeats=tuple(repeats.get(stored.id, ())),
                    may_repeat=doubts.get(stored.id),
                    moved=key_move(stored.record),
                )
            )
        return entries[::-1]


async def _take(
    walk: AsyncGenerator[StoredRecord], limit: int
) -> tuple[Sequence[StoredRecord], bool]:
    """At most `limit` changes, and whether there are more."""
    found: list[StoredRecord] = []
    try:
        async for stored in walk:
            if len(found) == limit:
                return found, True
            found.append(stored)
    finally:
        await walk.aclose()
    return found, False
