"""
The last known values of rows, while their changes go by from the oldest to the newest.

A history may hold several rows at once: one whose key changed, and one that got its key then. What
is known belongs to a row: an insert begins with nothing, unless it is a change of a key; then it
goes on with what was known under the old one.
"""

from collections.abc import Mapping

import msgspec

from application.trail_query import StoredRecord
from domain.diff import ColumnDiff, ColumnValue, column_diff
from domain.operation import OperationTypeEnum
from domain.row_identity import key_move
from domain.row_state import Origin, is_data


class LastKnown(msgspec.Struct, frozen=True):
    """
    The last value that is known of a column, before a change that does not tell it.

    Attributes:
        value: The value.
        origin: Which image of which change tells it.
    """

    value: ColumnValue
    origin: Origin


_NOTHING: Mapping[str, LastKnown] = {}


class KnownValues:
    """Keeps what is known, by key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Mapping[str, LastKnown]] = {}

    def see(self, stored: StoredRecord) -> Mapping[str, LastKnown]:
        """Look at the next change, and give what was known of its row before it."""
        record = stored.record
        if record.operation is OperationTypeEnum.TRUNCATE:
            self._by_key.clear()
            return _NOTHING
        move = key_move(record)
        is_new = record.operation is OperationTypeEnum.INSERT or move.from_key is not None
        key = move.from_key if is_new else record.record_key
        before = _NOTHING if key is None else self._by_key.get(key, _NOTHING)
        is_end = record.operation is OperationTypeEnum.DELETE and move.to_key is None
        if record.record_key is not None:
            self._by_key[record.record_key] = _NOTHING if is_end else {**before, **_told(stored)}
        return before


def lacks_data(diff: ColumnDiff) -> bool:
    """Whether an image of the change has the column, and no data for it."""
    return any(value is not None and not is_data(value) for value in (diff.old, diff.new))


def _told(stored: StoredRecord) -> Mapping[str, LastKnown]:
    """What a change tells of the row behind it; of a row that moves, what it was."""
    record = stored.record
    told: dict[str, LastKnown] = {}
    for diff in column_diff(record):
        if diff.new is not None and is_data(diff.new):
            told[diff.name] = LastKnown(diff.new, Origin(stored.id, "new", record.change_timestamp))
        elif diff.old is not None and is_data(diff.old):
            told[diff.name] = LastKnown(diff.old, Origin(stored.id, "old", record.change_timestamp))
    return told
