"""What differs between two states of a row, column by column."""

from collections.abc import Sequence

import msgspec

from domain.diff import ColumnStatus
from domain.operation import ValueNote
from domain.row_state import Existence, KnownColumn, RowState

_HIDING = frozenset({ValueNote.MASKED, ValueNote.HIDDEN, ValueNote.TRUNCATED})


class StateColumn(msgspec.Struct, frozen=True):
    """
    One column at both times.

    Attributes:
        name: Name of the column.
        status: What became of it; UNKNOWN where one of the values is not known.
        earlier: The column at the earlier time; None if the row did not have it.
        later: The column at the later time; None if the row did not have it.
    """

    name: str
    status: ColumnStatus
    earlier: KnownColumn | None
    later: KnownColumn | None


def state_diff(earlier: RowState, later: RowState) -> Sequence[StateColumn]:
    """Compare two states of one row: the columns of the later one first."""
    before = {column.name: column for column in earlier.columns}
    after = {column.name: column for column in later.columns}
    return [
        StateColumn(
            name,
            _status(before.get(name), after.get(name), earlier=earlier, later=later),
            before.get(name),
            after.get(name),
        )
        for name in dict.fromkeys((*after, *before))
    ]


def _status(
    before: KnownColumn | None,
    after: KnownColumn | None,
    *,
    earlier: RowState,
    later: RowState,
) -> ColumnStatus:
    if before is None:
        return _gained(ColumnStatus.ADDED, earlier)
    if after is None:
        return _gained(ColumnStatus.REMOVED, later)
    if before.value is None or after.value is None:
        return ColumnStatus.UNKNOWN
    if before.value.text != after.value.text:
        return ColumnStatus.CHANGED
    hidden = _HIDING.intersection((*before.value.notes, *after.value.notes))
    same_change = before.origin == after.origin
    return ColumnStatus.UNKNOWN if hidden and not same_change else ColumnStatus.UNCHANGED


def _gained(status: ColumnStatus, other: RowState) -> ColumnStatus:
    return ColumnStatus.UNKNOWN if other.existence is Existence.UNKNOWN else status
