"""
What the commands that read a trail ask, whoever answers.

    cdc-audit log ... ──▶ Answers ◀── DatabaseAnswers  the database itself (--dsn, or the settings)
                                  ◀── ServiceAnswers   a running service (--url)

Answers are those of `/api/v1`, and so is what `--json` prints: one suite of tests runs over both.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

import msgspec

from domain.errors import CdcAuditError
from entrypoints.http.api_missing import Missing
from entrypoints.http.api_parameters import DEFAULT_LIMIT, Filters
from entrypoints.http.api_row_structs import RowDiff, RowHistoryOut, RowState, TableDiff
from entrypoints.http.api_structs import Change, ChangeDetail, ChangePage
from entrypoints.http.api_trail_structs import StatisticsOut, TrailHealthOut
from entrypoints.http.api_transaction_structs import Revert, WholeTransaction
from entrypoints.reading.exporting import Format

Scope = Literal["change", "row", "transaction"]
"""What is put back."""


class NothingFoundError(CdcAuditError):
    """
    The trail has nothing of that kind. Not retryable.

    Attributes:
        may_be_incomplete: What is missing from the trail: perhaps it is that. None if not known.
    """

    def __init__(self, message: str, may_be_incomplete: Missing | None = None) -> None:
        super().__init__(message)
        self.may_be_incomplete = may_be_incomplete


class SeveralFoundError(CdcAuditError):
    """The question fits several things, and only the person knows which one is meant."""


class NotServedError(CdcAuditError):
    """The service cannot be asked, or refuses; the text says why, and what to do."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """
    A table or a row, as a person names it.

    Attributes:
        table: Bare table name, or ``schema.table``.
        key: Value of a key of one column, or JSON of any key; empty for a whole table.
        source: Debezium's topic prefix; empty for any.
        database: Database of the table; empty for any.
    """

    table: str
    key: str = ""
    source: str = ""
    database: str = ""


class TransactionName(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transaction, as a person names it: by its own id, or by a change in it.

    Attributes:
        id: The connector's own id; empty where a change is named.
        change: Id of a change in it.
        source: Debezium's topic prefix; empty for any.
        around: A time near it, microseconds since 1970, UTC: ids come again. None: the latest.
    """

    id: str = ""
    change: str = ""
    source: str = ""
    around: int | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """
    A page of a search.

    Attributes:
        filters: What must match; times are ISO 8601.
        before: `older` of the page before; None for the first.
        limit: At most so many changes.
        is_counted: Whether to count what the whole search finds.
    """

    filters: Filters = Filters()
    before: str | None = None
    limit: int = DEFAULT_LIMIT
    is_counted: bool = False


class Piece(msgspec.Struct, frozen=True):
    """
    A piece of an export.

    Attributes:
        data: The next bytes of the file.
        rows: Changes in it; 0 where that is not known.
    """

    data: bytes
    rows: int = 0


class Answers(Protocol):
    """
    Answers questions to one trail. Times are microseconds since 1970, UTC.

    All raise `NothingFoundError` where there is no such thing, `SeveralFoundError` where there are
    several, and another `CdcAuditError` where nobody answers now.
    """

    async def change(self, change_id: str) -> ChangeDetail:
        """One change by its id."""
        ...

    async def search(self, search: Search) -> ChangePage:
        """A page of changes, newest first; nothing found is an answer, too."""
        ...

    def export(self, filters: Filters, kind: Format, *, is_safe: bool) -> AsyncGenerator[Piece]:
        """All changes that match, newest first, as a file: never more than a page in memory."""
        ...

    def follow(self, filters: Filters, after: str) -> AsyncGenerator[Change]:
        """Changes that are committed behind the cursor `after` and match: each once, for ever."""
        ...

    async def history(self, row: Named, *, before: str | None, limit: int) -> RowHistoryOut:
        """The newest changes of a row; before a place, if one is given."""
        ...

    async def row_at(self, row: Named, at: int) -> RowState:
        """The row after all changes up to a time."""
        ...

    async def row_before(self, row: Named, change_id: str) -> RowState:
        """The row as it was before one of its changes."""
        ...

    async def compare_row(self, row: Named, *, earlier: int, later: int) -> RowDiff:
        """A row at two times."""
        ...

    async def compare_table(self, table: Named, *, earlier: int, later: int) -> TableDiff:
        """The rows of a table that were changed between two times."""
        ...

    async def transaction(self, name: TransactionName) -> WholeTransaction:
        """All changes of a transaction."""
        ...

    async def statistics(self, since: int, until: int, *, table: str, limit: int) -> StatisticsOut:
        """What happened in an interval; in one table, if one is named."""
        ...

    async def health(self) -> TrailHealthOut:
        """What the trail says of itself."""
        ...

    async def put_back(self, change_id: str, scope: Scope) -> Revert:
        """The SQL that puts a change, its row or its transaction back."""
        ...
