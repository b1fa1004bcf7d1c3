"""
A trail as somebody sees it who may see some of its tables: the others are not there.

    TrailReaders ──▶ each sifted by table ──▶ the same questions, about less

What has a table is sifted by it: changes, rows, counts, statistics. A search is narrowed by the
tables that may be seen before it is asked, so that pages stay full. What has only a topic (gaps,
quarantine, accounting) is seen where the topic's name ends in a table that may be seen
(``shop.public.orders``); a topic that is named otherwise is not.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

import msgspec

from application.ports import TrailReader
from application.put_back import PutBack
from application.questions import TrailQuestions, TrailReaders, questions_to
from application.reading_ports import (
    ChangeCounter,
    RowReader,
    StatisticsReader,
    TrailExporter,
    TransactionReader,
)
from application.scoped_health import (
    ScopedCoverage,
    ScopedGaps,
    ScopedHealth,
    ScopedMissingParts,
)
from application.show_transaction import ShowTransaction
from application.source_types import ColumnTypeCatalog
from application.trail_facts import Bucket, ChangeCount
from application.trail_query import (
    BoundedCount,
    Cursor,
    Place,
    StoredControl,
    StoredRecord,
    TrailQuery,
)
from application.visible_tables import VisibleTables, sees
from domain.access import NotAllowedError, TableScope
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity

_LOOK = 200
_MOST_LOOKED_AT = 40_000


def scoped_questions(
    readers: TrailReaders, scope: TableScope, *, catalog: ColumnTypeCatalog | None = None
) -> TrailQuestions:
    """
    Wire the questions of somebody who may see the tables of `scope`.

    Args:
        readers: Read the whole trail.
        scope: What may be seen.
        catalog: Knows the types of the source's columns; None where nobody knows them.
    """
    seen = scoped(readers, scope)
    questions = questions_to(seen, catalog=catalog)
    whole = ShowTransaction(_AllOrNothing(readers.transactions, scope), seen.missing)
    put_back = PutBack(seen.rows, whole, seen.missing, catalog=catalog)
    return msgspec.structs.replace(questions, put_back=put_back)


def scoped(readers: TrailReaders, scope: TableScope) -> TrailReaders:
    """Sift everything that reads a trail."""
    tables = VisibleTables(readers.catalog, scope)
    return TrailReaders(
        trail=_Trail(readers.trail, scope, tables),
        catalog=tables,
        rows=_Rows(readers.rows, scope),
        redeliveries=readers.redeliveries,
        transactions=_Transactions(readers.transactions, scope),
        counter=_Counter(readers.counter, tables),
        exports=_Exporter(readers.exports, scope, tables),
        statistics=_Statistics(readers.statistics, tables),
        health=ScopedHealth(readers.health, scope),
        coverage=ScopedCoverage(readers.coverage, scope),
        gaps=ScopedGaps(readers.gaps, scope),
        missing=ScopedMissingParts(readers.missing, scope),
    )


class _Trail:
    def __init__(self, reader: TrailReader, scope: TableScope, tables: VisibleTables) -> None:
        self._reader = reader
        self._scope = scope
        self._tables = tables

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        return self._seen(await self._reader.search(await self._tables.among(query)))

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        found = await self._reader.find(stream_id, partition, offset)
        return found if found is not None and sees(self._scope, found.source) else None

    async def position(self) -> Cursor:
        return await self._reader.position()

    async def since(
        self, cursor: Cursor, query: TrailQuery
    ) -> tuple[Sequence[StoredRecord], Cursor]:
        # Not narrowed before: a table may be met for the first time by what is found here.
        found, behind = await self._reader.since(cursor, query)
        return self._seen(found), behind

    def _seen(self, found: Sequence[StoredRecord]) -> Sequence[StoredRecord]:
        return [stored for stored in found if sees(self._scope, stored.source)]


class _Exporter:
    def __init__(self, exports: TrailExporter, scope: TableScope, tables: VisibleTables) -> None:
        self._exports = exports
        self._scope = scope
        self._tables = tables

    async def pages(self, query: TrailQuery) -> AsyncGenerator[Sequence[StoredRecord]]:
        async with aclosing(self._exports.pages(await self._tables.among(query))) as pages:
            async for page in pages:
                yield [stored for stored in page if sees(self._scope, stored.source)]


class _Rows:
    def __init__(self, rows: RowReader, scope: TableScope) -> None:
        self._rows = rows
        self._scope = scope

    async def changes_of(
        self,
        row: RowIdentity,
        *,
        before: Place | None = None,
        after: Place | None = None,
        oldest_first: bool = False,
        limit: int,
    ) -> Sequence[StoredRecord]:
        if not sees(self._scope, row.source):
            return ()
        return await self._rows.changes_of(
            row, before=before, after=after, oldest_first=oldest_first, limit=limit
        )

    async def turns_of(self, row: RowIdentity) -> Sequence[StoredRecord]:
        return await self._rows.turns_of(row) if sees(self._scope, row.source) else ()

    async def truncates_of(
        self, source: SourceTable, *, since: int, until: int | None, limit: int
    ) -> Sequence[StoredRecord]:
        if not sees(self._scope, source):
            return ()
        return await self._rows.truncates_of(source, since=since, until=until, limit=limit)

    async def rows_changed(
        self, source: SourceTable, *, since: int, until: int, limit: int
    ) -> Sequence[RowIdentity]:
        if not sees(self._scope, source):
            return ()
        return await self._rows.rows_changed(source, since=since, until=until, limit=limit)


class _Transactions:
    """Transactions as far as they may be seen; their END records count what may not, so none."""

    def __init__(self, transactions: TransactionReader, scope: TableScope) -> None:
        self._transactions = transactions
        self._scope = scope

    async def transactions(
        self, transaction_id: str, *, source_name: str | None, limit: int
    ) -> Sequence[tuple[TransactionIdentity, int]]:
        found = await self._transactions.transactions(
            transaction_id, source_name=source_name, limit=limit
        )
        return [
            (identity, at)
            for identity, at in found
            if await self.changes_in(identity, at=at, limit=1)
        ]

    async def changes_in(
        self, transaction: TransactionIdentity, *, at: int, limit: int
    ) -> Sequence[StoredRecord]:
        wide = max(limit, _LOOK)
        while True:
            found = await self._transactions.changes_in(transaction, at=at, limit=wide)
            seen = [stored for stored in found if sees(self._scope, stored.source)]
            if len(seen) >= limit or len(found) < wide:
                return seen[:limit]
            if wide >= _MOST_LOOKED_AT:
                raise NotAllowedError(
                    f"the transaction has more than {wide} changes, most of tables that you may "
                    f"not see. Search for its id in one table."
                )
            wide *= 4

    async def boundaries_of(
        self, transaction: TransactionIdentity, *, at: int
    ) -> Sequence[StoredControl]:
        del transaction, at
        return ()


class _AllOrNothing(_Transactions):
    """Refuses transactions that cannot be seen as a whole: half of one must not be put back."""

    async def changes_in(
        self, transaction: TransactionIdentity, *, at: int, limit: int
    ) -> Sequence[StoredRecord]:
        found = await self._transactions.changes_in(transaction, at=at, limit=limit)
        if not all(sees(self._scope, stored.source) for stored in found):
            raise NotAllowedError(
                "the transaction has changes of tables that you may not see: half of it must "
                "not be put back. Ask for single changes, or somebody who sees all tables."
            )
        return found


class _Counter:
    def __init__(self, counter: ChangeCounter, tables: VisibleTables) -> None:
        self._counter = counter
        self._tables = tables

    async def count(self, query: TrailQuery, *, at_most: int) -> BoundedCount:
        return await self._counter.count(await self._tables.among(query), at_most=at_most)


class _Statistics:
    def __init__(self, statistics: StatisticsReader, tables: VisibleTables) -> None:
        self._statistics = statistics
        self._tables = tables

    async def by_table(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[ChangeCount]:
        return await self._statistics.by_table(
            since, until, source_table=source_table, tables=await self._within(tables)
        )

    async def by_hour(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[Bucket]:
        return await self._statistics.by_hour(
            since, until, source_table=source_table, tables=await self._within(tables)
        )

    async def busiest_keys(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[RowIdentity, int]]:
        return await self._statistics.busiest_keys(
            since, until, source_table=source_table, limit=limit, tables=await self._within(tables)
        )

    async def writers(
        self,
        since: int,
        until: int,
        *,
        source_table: str | None,
        limit: int,
        tables: Collection[SourceTable] | None = None,
    ) -> Sequence[tuple[str | None, int]]:
        return await self._statistics.writers(
            since, until, source_table=source_table, limit=limit, tables=await self._within(tables)
        )

    async def _within(self, tables: Collection[SourceTable] | None) -> Collection[SourceTable]:
        visible = await self._tables.sources()
        return [table for table in visible if tables is None or table in tables]
