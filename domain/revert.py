"""
SQL that puts a change back. It is written, and never executed, by us.

    INSERT ──▶ DELETE                    where the row is still what the change made it
    UPDATE ──▶ UPDATE to the old values  where the row is still what the change made it
    DELETE ──▶ INSERT of the old row

Several changes are put back in reverse order. Whoever changed the row later is never overwritten:
the conditions name every value that the change left. Where a value is not known (it was not sent,
is redacted, is a filler of an invented old image, could not be decoded) there is no SQL, and the
reason.
"""

from collections.abc import Mapping, Sequence

import msgspec

from domain.audit_record import AuditRecord
from domain.diff import ColumnDiff, ColumnStatus, ColumnValue, column_diff, key_values
from domain.mysql_values import MYSQL
from domain.operation import BeforeImage, OperationTypeEnum, ValueNote
from domain.postgresql_values import POSTGRESQL
from domain.row_state import change_id
from domain.source_types import SourceTypes
from domain.sql_values import ColumnSql, Dialect, NoSqlError

DIALECTS: Mapping[str | None, Dialect] = {
    "postgresql": POSTGRESQL,
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
"""Connector to the dialect of its database."""

_NOT_THE_VALUE: Mapping[str, str] = {
    ValueNote.MASKED: "is masked",
    ValueNote.HASHED: "is hashed",
    ValueNote.HIDDEN: "is hidden",
    ValueNote.TRUNCATED: "was cut",
    ValueNote.UNDECODED: "could not be decoded",
    ValueNote.SUSPECT: "is suspect",
    ValueNote.OFFLOADED: "lies in another store",
    ValueNote.UNAVAILABLE: "was not sent by the source",
}


class RevertStatement(msgspec.Struct, frozen=True):
    """
    One statement.

    Attributes:
        change_id: The change that it puts back.
        sql: The statement, without a semicolon; it must change one row.
    """

    change_id: str
    sql: str


class RefusedRevert(msgspec.Struct, frozen=True):
    """
    A change that cannot be put back.

    Attributes:
        change_id: The change.
        reasons: Why, in words.
    """

    change_id: str
    reasons: Sequence[str]


class RevertPlan(msgspec.Struct, frozen=True, kw_only=True):
    """
    How changes are put back.

    Attributes:
        dialect: ``postgresql`` or ``mysql``; None where no change has a dialect.
        statements: In the order in which they must run.
        refused: Changes that have no statement.
    """

    dialect: str | None
    statements: Sequence[RevertStatement]
    refused: Sequence[RefusedRevert]

    @property
    def is_whole(self) -> bool:
        """Whether every change has its statement."""
        return bool(self.statements) and not self.refused


def revert_plan(changes: Sequence[AuditRecord], types: SourceTypes | None = None) -> RevertPlan:
    """
    Write the SQL that puts `changes` back.

    Args:
        changes: In the order in which they happened, all of one source.
        types: Types of columns, as the source's catalog tells them now; where values need them.
    """
    statements: list[RevertStatement] = []
    refused: list[RefusedRevert] = []
    for record in reversed(changes):
        try:
            sql = _Writer(record, types or {}).statement()
            statements.append(RevertStatement(change_id(record), sql))
        except _RefusedError as error:
            refused.append(RefusedRevert(change_id(record), error.reasons))
    dialects = {DIALECTS[r.connector].name for r in changes if r.connector in DIALECTS}
    dialect = dialects.pop() if len(dialects) == 1 else None
    return RevertPlan(dialect=dialect, statements=statements, refused=refused)


class _RefusedError(Exception):
    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class _Writer:
    """Writes the statement for one change."""

    def __init__(self, record: AuditRecord, types: SourceTypes) -> None:
        dialect = DIALECTS.get(record.connector)
        if dialect is None:
            raise _RefusedError(f"no SQL is written for the connector {record.connector}")
        self._record = record
        self._dialect = dialect
        self._types = types.get(_type_name(record), {})
        self._reasons: list[str] = []

    def statement(self) -> str:
        record, diffs = self._record, column_diff(self._record)
        if record.operation is OperationTypeEnum.INSERT:
            sql = self._delete(diffs)
        elif record.operation is OperationTypeEnum.UPDATE:
            sql = self._update(diffs)
        elif record.operation is OperationTypeEnum.DELETE:
            sql = self._insert(diffs)
        else:
            raise _RefusedError(f"a {record.operation} cannot be put back")
        if self._reasons:
            raise _RefusedError(*self._reasons)
        return sql

    def _delete(self, diffs: Sequence[ColumnDiff]) -> str:
        conditions = [*self._key(), *self._now(diffs)]
        return "\n".join([f"DELETE FROM {self._table()}", f"WHERE {_joined(conditions)}"])  # noqa: S608 - quoted names

    def _update(self, diffs: Sequence[ColumnDiff]) -> str:
        before = self._record.before_image
        if before is not BeforeImage.COMPLETE:
            self._refuse(f"the row before is not known: its old image is {before.value}")
        changed = [diff for diff in diffs if self._is_changed(diff)]
        columns = [self._column(diff.name, diff.old, "before the change") for diff in changed]
        sets = [f"{c.name} = {c.literal}" for c in columns if c is not None]
        if not changed:
            self._refuse("it changed no column that is known")
        conditions = [*self._key(), *self._now(diffs, changed)]
        return f"UPDATE {self._table()}\nSET {', '.join(sets)}\nWHERE {_joined(conditions)}"

    def _insert(self, diffs: Sequence[ColumnDiff]) -> str:
        before = self._record.before_image
        if before is not BeforeImage.COMPLETE or not diffs:
            self._refuse(f"the deleted row is not known: its old image is {before.value}")
        found = [self._column(diff.name, diff.old, "before the change") for diff in diffs]
        columns = [column for column in found if column is not None]
        names, values = (
            ", ".join(column.name for column in columns),
            ", ".join(column.literal for column in columns),
        )
        suffix = self._dialect.insert_suffix
        return f"INSERT INTO {self._table()} ({names}){suffix}\nVALUES ({values})"

    def _is_changed(self, diff: ColumnDiff) -> bool:
        """Whether the change set this column to another value; refuses where nobody can say."""
        if diff.status is ColumnStatus.UNAVAILABLE:
            not_sent = diff.new is not None and ValueNote.UNAVAILABLE in diff.new.notes
            if not not_sent:  # where it is not sent, it did not change
                self._refuse(f"{_shown(diff.name)}: its value is not known on both sides")
            return False
        if diff.status in {ColumnStatus.CHANGED, ColumnStatus.UNCHANGED}:
            return diff.status is ColumnStatus.CHANGED
        self._refuse(f"{_shown(diff.name)}: nobody can say whether it changed")
        return False

    def _now(
        self, diffs: Sequence[ColumnDiff], changed: Sequence[ColumnDiff] | None = None
    ) -> Sequence[str]:
        """Conditions that the row is what the change made it: no later change is overwritten."""
        conditions: list[str] = []
        for diff in diffs:
            is_needed = changed is None or diff in changed
            if diff.new is None or (not is_needed and _problem(diff.new) is not None):
                continue
            column = self._column(diff.name, diff.new, "after the change")
            if column is not None:
                conditions.append(column.condition)
        return conditions

    def _key(self) -> Sequence[str]:
        """Conditions on columns of the key that are not among the new image's."""
        key = key_values(self._record)
        if not key:
            self._refuse("the table has no key: nobody can say which row it was")
        known = {diff.name: diff.new for diff in column_diff(self._record)}
        conditions: list[str] = []
        for name, text in key.items():
            value = known.get(name)
            if value is not None:
                if (problem := _problem(value)) is not None:
                    self._refuse(f"{_shown(name)}: it is in the key, and {problem}")
                continue
            column = self._column(name, ColumnValue(text=text), "in the key")
            if column is not None:
                conditions.append(column.condition)
        return conditions

    def _column(self, name: str, value: ColumnValue | None, when: str) -> ColumnSql | None:
        problem = _problem(value)
        if value is None or value.text is None or problem is not None:
            self._refuse(f"{_shown(name)}: its value {when} {problem or 'is not known'}")
            return None
        kind = self._types.get(name)
        try:
            return self._dialect.column(name, value.text, None if kind is None else kind.text)
        except NoSqlError as error:
            self._refuse(f"{_shown(name)}: its value {when} has no SQL: {error}")
        except ValueError:
            self._refuse(f"{_shown(name)}: its value {when} is no JSON that can be read")
        return None

    def _table(self) -> str:
        record = self._record
        is_mysql = self._dialect is MYSQL
        schema = record.source_database if is_mysql else record.source_schema
        try:
            names = [
                self._dialect.quoted_name(n)
                for n in (schema, record.source_table or "")
                if n is not None
            ]
        except NoSqlError:
            raise _RefusedError("the table's name cannot be written as SQL") from None
        return ".".join(names)

    def _refuse(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.append(reason)


def _problem(value: ColumnValue | None) -> str | None:
    """Why a value of the trail is not the row's own value; None if it is."""
    if value is None:
        return "is not known"
    for note in value.notes:
        if note in _NOT_THE_VALUE:
            return _NOT_THE_VALUE[note]
    if value.text is None:
        return "was not sent by the source"
    return None if value.trusted else "is a filler, and not the row's"


def _type_name(record: AuditRecord) -> str:
    names = (record.source_database, record.source_schema, record.source_table)
    return ".".join(name for name in names if name)


def _shown(name: str) -> str:
    return f"column {name!r}"


def _joined(conditions: Sequence[str]) -> str:
    return "\n    AND ".join(conditions)
