"""
Walks along the changes of a row, also where its key changed.

    {"id":1} ──────────────▶ DELETE, newkey {"id":2}
                                  └─▶ {"id":2} INSERT, oldkey {"id":1} ──────────▶

A *life* is a stretch of the changes of one key. The history of a key is all changes of the key,
and the lives of other keys that its rows had before and got later. The state of a row is found
along one line of lives: the key's row at that time, back to where it began.
"""

from collections.abc import AsyncGenerator, Sequence

import msgspec

from application.reading_ports import RowReader
from application.trail_query import Place, StoredRecord
from domain.operation import OperationTypeEnum
from domain.row_identity import RowIdentity, key_move

MOST_LIVES = 32
"""A row whose key changed more often is followed so far."""

_TRUNCATES = 100

_TOGETHER = 60_000_000
"""Both halves of a change of a key happened within this time (microseconds)."""


class Life(msgspec.Struct, frozen=True):
    """
    A stretch of the changes of one key.

    Attributes:
        row: The key.
        after: Only behind this place; None from the beginning.
        before: Only before this place; None to the end.
    """

    row: RowIdentity
    after: Place | None = None
    before: Place | None = None

    def holds(self, place: Place) -> bool:
        """Whether a change at `place` belongs to it."""
        return (self.after is None or place > self.after) and (
            self.before is None or place < self.before
        )


class RowWalk:
    """
    Walks along the changes of rows.

    Args:
        rows: Reads the changes of single keys.
    """

    def __init__(self, rows: RowReader) -> None:
        self._rows = rows

    async def lives(self, row: RowIdentity) -> Sequence[Life]:
        """The whole of `row`'s key, and the lives of other keys that its rows had."""
        found = [Life(row)]
        for life in found:
            for turn in await self._rows.turns_of(life.row):
                if not life.holds(turn.place) or len(found) >= MOST_LIVES:
                    continue
                other = await self._life_behind(turn) or await self._life_before(turn)
                if other is not None and all(other.row != known.row for known in found):
                    found.append(other)
        return found

    async def newest_first(
        self, lives: Sequence[Life], *, before: Place | None, batch: int
    ) -> AsyncGenerator[StoredRecord]:
        """Give the changes of all `lives`, merged, the newest first."""
        seen: set[Place] = set()
        while True:
            found: list[StoredRecord] = []
            floor: Place | None = None  # below it a life may have more than it gave
            for life in lives:
                part = await self._rows.changes_of(
                    life.row, before=_lower(before, life.before), after=life.after, limit=batch
                )
                found += part
                if len(part) == batch:
                    floor = part[-1].place if floor is None else max(floor, part[-1].place)
            for stored in sorted(found, key=lambda s: s.place, reverse=True):
                if (floor is None or stored.place >= floor) and stored.place not in seen:
                    seen.add(stored.place)
                    yield stored
            if floor is None:
                return
            before = floor

    async def back(
        self, row: RowIdentity, *, before: Place | None, batch: int
    ) -> AsyncGenerator[StoredRecord]:
        """Give the changes of the row that has the key of `row` before a place, back in time."""
        life = Life(row, before=before)
        for _ in range(MOST_LIVES):
            moved: StoredRecord | None = None
            async for stored in self.newest_first([life], before=life.before, batch=batch):
                yield stored
                if (
                    stored.record.operation is not OperationTypeEnum.DELETE
                    and key_move(stored.record).from_key
                ):
                    moved = stored
                    break
            earlier = None if moved is None else await self._life_before(moved)
            if earlier is None:
                return
            life = earlier

    async def first_after(self, row: RowIdentity, place: Place) -> StoredRecord | None:
        """The first change of the key behind `place`."""
        found = await self._rows.changes_of(row, after=place, oldest_first=True, limit=1)
        return found[0] if found else None

    async def moved_to(self, turn: StoredRecord) -> RowIdentity | None:
        """The key that the row got by `turn`; None if it is no delete of a pair."""
        life = await self._life_behind(turn)
        return None if life is None else life.row

    async def _life_behind(self, turn: StoredRecord) -> Life | None:
        """The life under the new key that a delete names, up to its end."""
        key = key_move(turn.record).to_key
        if key is None or turn.record.record_key is None:
            return None
        row = RowIdentity(turn.source, key)
        turns = await self._rows.turns_of(row)
        creates = [t for t in turns if key_move(t.record).from_key == turn.record.record_key]
        create = _nearest(creates, turn)
        first = Place(turn.record.change_timestamp, -1, -1, -1) if create is None else create.place
        ends = [t.place for t in turns if _is_delete(t)]
        ends += await self._emptied(turn, since=first.change_timestamp)
        ends = [place for place in ends if place > first]
        return Life(
            row,
            after=msgspec.structs.replace(first, offset=first.offset - 1),
            before=_just_behind(min(ends)) if ends else None,
        )

    async def _life_before(self, turn: StoredRecord) -> Life | None:
        """The life under the old key that an insert names, from its beginning."""
        key = key_move(turn.record).from_key
        if key is None or turn.record.record_key is None:
            return None
        row = RowIdentity(turn.source, key)
        turns = await self._rows.turns_of(row)
        deletes = [t for t in turns if key_move(t.record).to_key == turn.record.record_key]
        delete = _nearest(deletes, turn)
        last = turn.place if delete is None else delete.place
        earlier = [t.place for t in turns if _is_delete(t)]
        earlier += await self._emptied(turn, until=last.change_timestamp + 1)
        earlier = [place for place in earlier if place < last]
        return Life(row, after=max(earlier) if earlier else None, before=_just_behind(last))

    async def _emptied(
        self, turn: StoredRecord, *, since: int = 0, until: int | None = None
    ) -> Sequence[Place]:
        """When the row's table was emptied: the lives of all its rows end there."""
        found = await self._rows.truncates_of(
            turn.source, since=since, until=until, limit=_TRUNCATES
        )
        return [truncate.place for truncate in found]


def at_time(microseconds: int) -> Place:
    """The place behind everything that happened up to a time."""
    return Place(microseconds + 1, -1, -1, -1)


def _just_behind(place: Place) -> Place:
    return msgspec.structs.replace(place, offset=place.offset + 1)


def _lower(one: Place | None, other: Place | None) -> Place | None:
    places = [place for place in (one, other) if place is not None]
    return min(places) if places else None


def _is_delete(stored: StoredRecord) -> bool:
    return stored.record.operation is OperationTypeEnum.DELETE


def _nearest(candidates: Sequence[StoredRecord], turn: StoredRecord) -> StoredRecord | None:
    """The other half of a change of a key: the candidate that happened with it."""

    def distance(stored: StoredRecord) -> int:
        return abs(stored.record.change_timestamp - turn.record.change_timestamp)

    near = [candidate for candidate in candidates if distance(candidate) <= _TOGETHER]
    return min(near, key=distance) if near else None
