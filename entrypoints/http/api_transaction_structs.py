"""What `/api/v1` answers with about transactions, and about putting things back."""

from collections.abc import Sequence

import msgspec

from application.put_back import RevertAnswer
from application.show_transaction import TransactionAnswer
from domain.transaction_completeness import Completeness
from entrypoints.http.api_missing import Missing, missing_out
from entrypoints.http.api_structs import Change, change_out
from entrypoints.http.page_times import iso


class TableTally(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one table in a transaction: by its END record, and found."""

    name: str
    expected: int
    found: int


class WholeTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transaction, its changes in their order.

    `completeness` is by the END record: `unknown` without one, and where `has_more` says that not
    all changes were given. `cluster` is the id of the Kafka cluster.
    """

    id: str
    cluster: str
    source: str | None
    database: str | None
    completeness: Completeness
    expected: int | None
    found: int
    tables: Sequence[TableTally]
    first: str | None
    last: str | None
    changes: Sequence[Change]
    has_more: bool
    may_be_incomplete: Missing


class Transactions(msgspec.Struct, frozen=True, kw_only=True):
    """Every transaction with an id, newest first: ids wrap, and several sources may use one."""

    transactions: Sequence[WholeTransaction]
    may_be_incomplete: Missing


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that puts a change back; it must change one row."""

    change: str
    sql: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A change that cannot be put back, and why."""

    change: str
    reasons: Sequence[str]


class Revert(msgspec.Struct, frozen=True, kw_only=True):
    """
    The SQL that puts something back. It is never executed by us.

    `script` is null if a change cannot be put back, or not all were looked at (`has_more`).
    `types_known` says whether the source's catalog told the types of columns.
    """

    dialect: str | None
    script: str | None
    statements: Sequence[Statement]
    refused: Sequence[Refusal]
    has_more: bool
    types_known: bool
    may_be_incomplete: Missing


def transaction_out(answer: TransactionAnswer) -> WholeTransaction:
    """Show a transaction."""
    report = answer.report
    return WholeTransaction(
        id=answer.identity.transaction_id,
        cluster=answer.identity.cluster_id,
        source=answer.identity.source_name,
        database=answer.identity.source_database,
        completeness=report.completeness,
        expected=report.expected,
        found=report.found,
        tables=[
            TableTally(name=c.name, expected=c.expected, found=c.found) for c in report.collections
        ],
        first=_time(answer.first),
        last=_time(answer.last),
        changes=[change_out(change) for change in answer.changes],
        has_more=answer.has_more,
        may_be_incomplete=missing_out(answer.may_be_incomplete),
    )


def transactions_out(answers: Sequence[TransactionAnswer]) -> Transactions:
    """Show all transactions with one id."""
    return Transactions(
        transactions=[transaction_out(answer) for answer in answers],
        may_be_incomplete=missing_out(*(answer.may_be_incomplete for answer in answers)),
    )


def revert_out(answer: RevertAnswer) -> Revert:
    """Show how to put something back."""
    plan = answer.plan
    return Revert(
        dialect=plan.dialect,
        script=answer.script,
        statements=[Statement(change=s.change_id, sql=s.sql) for s in plan.statements],
        refused=[Refusal(change=r.change_id, reasons=r.reasons) for r in plan.refused],
        has_more=answer.has_more,
        types_known=answer.types_known,
        may_be_incomplete=missing_out(answer.may_be_incomplete),
    )


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else iso(microseconds)
