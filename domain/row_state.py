"""
The row as it was, put together from its changes.

    changes up to a time, newest first ──▶ for each column the newest value that is data
    the next change                    ──▶ its old image, for what those do not tell

A column is *known from* one image of one change. What no image tells stays not known: a value that
the source did not send (`unavailable`), a filler of an invented old image, a change before the
trail began. Nothing is guessed from defaults.
"""

import enum
from collections.abc import Iterable, Sequence

import msgspec

from domain.audit_record import AuditRecord
from domain.column_notes import Side
from domain.diff import ColumnDiff, ColumnStatus, ColumnValue, column_diff
from domain.operation import OperationTypeEnum, ValueNote
from domain.row_identity import key_move


class Existence(enum.StrEnum):
    """Whether the row was there."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Origin(msgspec.Struct, frozen=True):
    """
    Which image of which change tells a value.

    Attributes:
        change_id: The change, as ``stream-partition-offset``.
        side: ``new`` or ``old`` image of it.
        change_timestamp: When it happened; microseconds since 1970, UTC.
    """

    change_id: str
    side: Side
    change_timestamp: int


class KnownColumn(msgspec.Struct, frozen=True):
    """
    One column of the row at that time.

    Attributes:
        name: Name of the column.
        value: Its value; None: not known. Without a text it lies in another store: see its notes.
        origin: Where the value is known from; None where it is not known.
    """

    name: str
    value: ColumnValue | None
    origin: Origin | None


class RowState(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row at one moment.

    Attributes:
        existence: Whether it was there.
        columns: Its columns in the order of the image that tells of them; none where it was absent,
            or nothing is known.
        made_by: The change that made it so: the last one up to that moment. None where the trail
            has none.
        followed_by: The first change behind that moment; None where the trail has none.
    """

    existence: Existence
    columns: Sequence[KnownColumn] = ()
    made_by: str | None = None
    followed_by: str | None = None


_GONE = frozenset({OperationTypeEnum.DELETE, OperationTypeEnum.TRUNCATE})
_BEGINS = frozenset({OperationTypeEnum.INSERT})


def change_id(record: AuditRecord) -> str:
    """The one id that people use."""
    return f"{record.stream_id}-{record.kafka_partition}-{record.kafka_offset}"


class RowStateBuilder:
    """
    Puts a row together, one change after the other, from the newest back.

    Args:
        following: The first change behind that moment, if there is one.
    """

    def __init__(self, following: AuditRecord | None = None) -> None:
        self._following = following
        self._made_by: AuditRecord | None = None
        self._columns: dict[str, KnownColumn] = {}
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether no older change can tell more."""
        return self._is_complete

    def add(self, older: AuditRecord) -> None:
        """Look at the next older change."""
        if self._is_complete:
            return
        diffs = column_diff(older)
        is_gone = older.operation in _GONE and key_move(older).to_key is None
        if self._made_by is None:
            self._made_by = older
            names = [d.name for d in diffs if d.new or older.operation in _GONE]
            self._columns = {} if is_gone else {n: KnownColumn(n, None, None) for n in names}
        if is_gone:  # the row's own end, or that of the row which had its key before
            self._is_complete = True
            return
        for diff in diffs:
            self._learn(diff, older)
        begins = older.operation in _BEGINS and key_move(older).from_key is None
        known = all(column.value is not None for column in self._columns.values())
        self._is_complete = known or begins

    def state(self) -> RowState:
        """The row as far as it is known."""
        made_by = self._made_by
        follows = None if self._following is None else change_id(self._following)
        if made_by is None:
            return self._before_the_trail(follows)
        if made_by.operation in _GONE and key_move(made_by).to_key is None:
            return RowState(
                existence=Existence.ABSENT, made_by=change_id(made_by), followed_by=follows
            )
        if self._following is not None:
            for diff in column_diff(self._following):
                self._learn_old(diff, self._following)
        return RowState(
            existence=Existence.UNKNOWN
            if made_by.operation is OperationTypeEnum.RANGE_DELETE
            else Existence.PRESENT,
            columns=tuple(self._columns.values()),
            made_by=change_id(made_by),
            followed_by=follows,
        )

    def _learn(self, diff: ColumnDiff, record: AuditRecord) -> None:
        """Take the new value; where it was not sent since it did not change, the old one."""
        column = self._columns.get(diff.name)
        if column is None or column.value is not None:
            return
        if is_data(diff.new) or _is_elsewhere(diff.new):
            self._keep(diff.name, diff.new, record, "new")
        elif record.new_data is None or diff.status is ColumnStatus.UNAVAILABLE:
            self._learn_old(diff, record)

    def _learn_old(self, diff: ColumnDiff, following: AuditRecord) -> None:
        column = self._columns.get(diff.name)
        if column is not None and column.value is None and is_data(diff.old):
            self._keep(diff.name, diff.old, following, "old")

    def _keep(self, name: str, value: ColumnValue | None, record: AuditRecord, side: Side) -> None:
        origin = Origin(change_id(record), side, record.change_timestamp)
        self._columns[name] = KnownColumn(name, value, origin)

    def _before_the_trail(self, follows: str | None) -> RowState:
        """What the first change of all says of the row before it."""
        following = self._following
        if following is None:
            return RowState(existence=Existence.UNKNOWN)
        if following.operation in _BEGINS and key_move(following).from_key is None:
            return RowState(existence=Existence.ABSENT, followed_by=follows)
        had_row = following.operation in {OperationTypeEnum.UPDATE, OperationTypeEnum.DELETE}
        if not had_row:
            return RowState(existence=Existence.UNKNOWN, followed_by=follows)
        for diff in column_diff(following):
            self._columns[diff.name] = KnownColumn(diff.name, None, None)
            self._learn_old(diff, following)
        return RowState(
            existence=Existence.PRESENT,
            columns=tuple(self._columns.values()),
            followed_by=follows,
        )


def row_state(changes: Iterable[AuditRecord], *, following: AuditRecord | None = None) -> RowState:
    """
    Put a row together.

    Args:
        changes: Its changes up to the moment, newest first; only as many are taken as are needed.
        following: The first change behind the moment, if there is one.
    """
    builder = RowStateBuilder(following)
    for record in changes:
        builder.add(record)
        if builder.is_complete:
            break
    return builder.state()


def _is_elsewhere(value: ColumnValue | None) -> bool:
    """Whether the value lies in another store: it may be a new one, so no older one holds."""
    return value is not None and ValueNote.OFFLOADED in value.notes


def is_data(value: ColumnValue | None) -> bool:
    """Whether this is a value of the row, if perhaps a redacted one."""
    return value is not None and value.text is not None and value.trusted
