"""
What the questions to the trail need of it. Each docstring is a contract, and has its tests.

All raise `QueryTooWideError` where the database may not take longer, and another
`RepositoryError` where the trail cannot be read now.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Protocol

from application.trail_facts import (
    Accounting,
    Activity,
    Bucket,
    ChangeCount,
    QuarantineCount,
    TableCoverage,
)
from application.trail_query import (
    BoundedCount,
    Place,
    StoredControl,
    StoredRecord,
    TrailQuery,
)
from domain.missing_part import Incompleteness
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity


class RowReader(Protocol):
    """Reads the changes of single rows, by their keys. Certain redeliveries are left out."""

    async def changes_of(
        self,
        row: RowIdentity,
        *,
        before: Place | None = None,
        after: Place | None = None,
        oldest_first: bool = False,
        limit: int,
    ) -> Sequence[StoredRecord]:
        """
        Changes of `row`, newest first, before one place and after another, at most `limit`.

        With `oldest_first` they come in the other order, and the limit keeps the oldest.
        """
        ...

    async def turns_of(self, row: RowIdentity) -> Sequence[StoredRecord]:
        """
        The turns of the row, newest first: deletes, and changes whose headers name another key.

        At most `TURNS_LIMIT` of them.
        """
        ...

    async def truncates_of(
        self, source: SourceTable, *, since: int, until: int | None, limit: int
    ) -> Sequence[StoredRecord]:
        """TRUNCATEs of a table in an interval of change timestamps, newest first."""
        ...

    async def rows_changed(
        self, source: SourceTable, *, since: int, until: int, limit: int
    ) -> Sequence[RowIdentity]:
        """Rows with a change in the interval, by key, at most `limit`."""
        ...


class RedeliveryReader(Protocol):
    """Knows which rows of the trail the connector delivered again."""

    async def repeats_of(self, ids: Collection[str]) -> Sequence[tuple[str, str, bool]]:
        """
        Redeliveries that repeat one of these changes, or are one of them.

        Returns:
            (id of the change that is repeated, id of the repetition, whether that is certain),
            sorted.
        """
        ...


class TransactionReader(Protocol):
    """Reads what belongs to one transaction of a source."""

    async def transactions(
        self, transaction_id: str, *, source_name: str | None, limit: int
    ) -> Sequence[tuple[TransactionIdentity, int]]:
        """
        Transactions with this id, newest first, each with the time of a change in it.

        Ids wrap and several sources may use them: those further apart than the window of
        `domain.transaction_identity` are several transactions.
        """
        ...

    async def changes_in(
        self, transaction: TransactionIdentity, *, at: int, limit: int
    ) -> Sequence[StoredRecord]:
        """
        Changes of `transaction` within its window of time around `at`, at most `limit`.

        In their order in the transaction where it is known, else in the order of the trail.
        """
        ...

    async def boundaries_of(
        self, transaction: TransactionIdentity, *, at: int
    ) -> Sequence[StoredControl]:
        """The BEGIN and END records of `transaction`, likewise, by place."""
        ...


class TrailExporter(Protocol):
    """Reads all that a search finds, however much it is."""

    def pages(self, query: TrailQuery) -> AsyncGenerator[Sequence[StoredRecord]]:
        """
        Give everything that matches `query`, newest first, as the trail is at one moment.

        What is committed meanwhile is not in it, whatever its time. At most `limit` changes are
        given at once; fewer, or none, where looking for more takes long.

        Raises:
            RepositoryError: The trail cannot be read now, or too many exports are under way.
        """
        ...


class ChangeCounter(Protocol):
    """Counts the changes that a search finds."""

    async def count(self, query: TrailQuery, *, at_most: int) -> BoundedCount:
        """
        Count what matches `query`, whatever its place and limit say, up to `at_most`.

        Never raises `QueryTooWideError`: what was counted in time is a least number.
        """
        ...


class StatisticsReader(Protocol):
    """
    Adds up the trail over an interval of change timestamps.

    Of one bare name of a table, and of some tables, if they are named.
    """

    async def by_table(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[ChangeCount]:
        """Changes by table and operation, the most first, with first and last change."""
        ...

    async def by_hour(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[Bucket]:
        """Changes by hour, in order; hours without changes are left out."""
        ...

    async def busiest_keys(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[RowIdentity, int]]:
        """The rows with the most changes, and how many."""
        ...

    async def writers(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[str | None, int]]:
        """Who made the most changes, and how many; None for changes that do not say."""
        ...


class TrailHealthReader(Protocol):
    """Reads what the trail says of itself."""

    async def quarantine(self) -> Sequence[QuarantineCount]:
        """Open records of the quarantine by topic and error type, the most first."""
        ...

    async def accounting(self) -> Sequence[Accounting]:
        """What became of all offsets, by stream partition."""
        ...

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        """For each table with changes in the interval: the hours in which it had some."""
        ...


class CoverageReader(Protocol):
    """Knows which tables and columns the trail has met."""

    async def coverage(self) -> Sequence[TableCoverage]:
        """Every table that was met, sorted."""
        ...


class MissingPartsReader(Protocol):
    """Knows what is missing from the trail."""

    async def missing(
        self, *, streams: Collection[int] | None, since: int | None, until: int | None, limit: int
    ) -> Incompleteness:
        """
        Open gaps that lose changes, and open quarantine, that may belong into an interval.

        Args:
            streams: Only of these streams; None for all.
            since: From this change timestamp on. A record of the quarantine counts if Kafka's
                timestamp lies in the interval, or a day behind its end: connectors may lag; a gap
                by the records around it; what has no time always counts.
            until: Before this change timestamp.
            limit: At most so many parts.
        """
        ...
