"""Answers out of the trail's database, by the questions that API and page ask, too."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from application.find_row import RowName
from application.missing_parts import MOST_PARTS, among
from application.questions import TrailQuestions
from application.show_transaction import FoundTransaction
from application.trail_query import StoredRecord, TrailQuery
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from entrypoints.http.api_export_writers import WRITERS
from entrypoints.http.api_missing import Missing, missing_out
from entrypoints.http.api_parameters import (
    MAX_LIMIT,
    Filters,
    read_cursor,
    read_id,
    read_table,
    trail_query,
    write_cursor,
    write_place,
)
from entrypoints.http.api_row_structs import (
    RowDiff,
    RowHistoryOut,
    RowState,
    TableDiff,
    history_out,
    row_diff_out,
    state_out,
    table_diff_out,
)
from entrypoints.http.api_structs import (
    Change,
    ChangeDetail,
    ChangePage,
    Count,
    change_out,
    detail_out,
)
from entrypoints.http.api_trail_structs import (
    StatisticsOut,
    TrailHealthOut,
    health_out,
    statistics_out,
)
from entrypoints.http.api_transaction_structs import (
    Revert,
    WholeTransaction,
    revert_out,
    transaction_out,
)
from entrypoints.reading.answers import (
    Named,
    NothingFoundError,
    Piece,
    Scope,
    Search,
    SeveralFoundError,
    TransactionName,
)
from entrypoints.reading.choosing import Candidate, choose, several
from entrypoints.reading.exporting import Format

MOST_COUNTED = 100_000
"""Changes that are counted, as by the API; a search that finds more has at least so many."""


class DatabaseAnswers:
    """
    Answers over a database.

    Args:
        questions: The questions to its trail.
    """

    def __init__(self, questions: TrailQuestions) -> None:
        self._ask = questions

    async def change(self, change_id: str) -> ChangeDetail:
        """One change; see `Answers`."""
        return detail_out(await self._change(change_id))

    async def search(self, search: Search) -> ChangePage:
        """A page of changes; see `Answers`."""
        query = trail_query(search.filters, before=search.before, limit=str(search.limit))
        page = await self._ask.trail.latest(query)
        missing = await among(
            self._ask.missing,
            page.changes,
            since=query.since if page.older is None else page.older.change_timestamp,
            until=query.until if query.before is None else query.before.change_timestamp + 1,
        )
        return ChangePage(
            changes=[change_out(stored) for stored in page.changes],
            older=None if page.older is None else write_place(page.older),
            cursor=write_cursor(page.cursor),
            count=await self._count(query) if search.is_counted else None,
            may_be_incomplete=missing_out(missing),
        )

    async def export(
        self, filters: Filters, kind: Format, *, is_safe: bool
    ) -> AsyncGenerator[Piece]:
        """All changes that match, as a file; see `Answers`."""
        writer = WRITERS[kind].open(is_safe=is_safe)
        query = trail_query(filters, limit=str(MAX_LIMIT))
        while True:
            page = await self._ask.trail.latest(query)
            yield Piece(writer.write(page.changes), len(page.changes))
            if page.older is None:
                break
            query = msgspec.structs.replace(query, before=page.older)
        yield Piece(writer.close())

    async def follow(self, filters: Filters, after: str) -> AsyncGenerator[Change]:
        """Changes as they are committed; see `Answers`."""
        query, cursor = trail_query(filters), read_cursor("after", after)
        async with aclosing(self._ask.trail.follow(cursor, query)) as followed:
            async for one in followed:
                if one.change is not None:
                    yield change_out(one.change)

    async def history(self, row: Named, *, before: str | None, limit: int) -> RowHistoryOut:
        """A page of a history; see `Answers`."""
        place = trail_query(Filters(), before=before).before
        found = await self._row(row)
        return history_out(await self._ask.history.page(found, before=place, limit=limit))

    async def row_at(self, row: Named, at: int) -> RowState:
        """The row at a time; see `Answers`."""
        return state_out(await self._ask.row_at.at(await self._row(row), at))

    async def row_before(self, row: Named, change_id: str) -> RowState:
        """The row before a change; see `Answers`."""
        stored, found = await self._change(change_id), await self._row(row)
        answer = await self._ask.row_at.before(stored)
        if answer is None or RowIdentity(stored.source, stored.record.record_key or "") != found:
            raise NothingFoundError(
                f"change {change_id} is not one of that row: it is one of "
                f"{stored.source.full_name} {stored.record.record_key or 'without a key'}. "
                f"`cdc-audit log` shows the ids of a row's changes."
            )
        return state_out(answer)

    async def compare_row(self, row: Named, *, earlier: int, later: int) -> RowDiff:
        """A row at two times; see `Answers`."""
        found = await self._row(row)
        return row_diff_out(await self._ask.compare.row(found, earlier=earlier, later=later))

    async def compare_table(self, table: Named, *, earlier: int, later: int) -> TableDiff:
        """A table at two times; see `Answers`."""
        found = await self._ask.find.tables(_row_name(table))
        if not found:
            raise NothingFoundError(_no_table(table), await self._missing())
        if len(found) > 1:
            raise SeveralFoundError(several("tables", [_named(source) for source in found]))
        return table_diff_out(await self._ask.compare.table(found[0], earlier=earlier, later=later))

    async def transaction(self, name: TransactionName) -> WholeTransaction:
        """A transaction; see `Answers`."""
        if name.change:
            found = await self._ask.transaction.of(await self._change(name.change))
            if found is None:
                raise NothingFoundError(
                    f"change {name.change} names no transaction. Connectors name them where the "
                    f"source's log does, or with `provide.transaction.metadata`."
                )
            return transaction_out(found)
        return transaction_out(await self._ask.transaction.show(await self._transaction(name)))

    async def statistics(self, since: int, until: int, *, table: str, limit: int) -> StatisticsOut:
        """What happened in an interval; see `Answers`."""
        bare = read_table(table)[1]
        return statistics_out(
            await self._ask.statistics.between(since, until, source_table=bare, limit=limit)
        )

    async def health(self) -> TrailHealthOut:
        """What the trail says of itself; see `Answers`."""
        return health_out(await self._ask.health.report(time.time_ns() // 1000))

    async def put_back(self, change_id: str, scope: Scope) -> Revert:
        """The SQL that puts something back; see `Answers`."""
        ask = self._ask.put_back
        ways = {"change": ask.change, "row": ask.row, "transaction": ask.transaction}
        return revert_out(await ways[scope](await self._change(change_id)))

    async def _change(self, change_id: str) -> StoredRecord:
        coordinates = read_id(change_id)
        stored = None if coordinates is None else await self._ask.trail.change(*coordinates)
        if stored is None:
            raise NothingFoundError(
                f"the trail has no change {change_id}. An id is stream-partition-offset, as "
                f"`cdc-audit log` and `cdc-audit search` show it.",
                await self._missing(),
            )
        return stored

    async def _row(self, row: Named) -> RowIdentity:
        rows = await self._ask.find.rows(_row_name(row))
        if len(rows) > 1:
            told = [f"{_named(one.source)} {one.record_key}" for one in rows]
            raise SeveralFoundError(several("rows", told))
        if rows:
            return rows[0]
        if not await self._ask.find.tables(_row_name(row)):
            raise NothingFoundError(_no_table(row), await self._missing())
        raise NothingFoundError(
            f"the trail has no change of a row {row.key} of {row.table}. A key of several columns "
            f'is written as JSON: {{"order_id":1,"line":2}}.',
            await self._missing(),
        )

    async def _transaction(self, name: TransactionName) -> FoundTransaction:
        found = await self._ask.transaction.named(
            name.id, source_name=name.source or None, limit=100
        )
        if not found:
            raise NothingFoundError(
                f"the trail has no change of a transaction {name.id}.", await self._missing()
            )
        candidates = [
            Candidate(one.identity.source_name, one.identity.source_database, one.at)
            for one in found
        ]
        return found[choose(candidates, name.around)]

    async def _count(self, query: TrailQuery) -> Count:
        found = await self._ask.counter.count(query, at_most=MOST_COUNTED)
        return Count(number=found.number, is_exact=found.is_exact)

    async def _missing(self) -> Missing:
        found = await self._ask.missing.missing(
            streams=None, since=None, until=None, limit=MOST_PARTS
        )
        return missing_out(found)


def _row_name(row: Named) -> RowName:
    schema, table = read_table(row.table)
    return RowName(
        record_key=row.key,
        source_table=table,
        source_schema=schema,
        source_database=row.database or None,
        source_name=row.source or None,
    )


def _named(source: SourceTable) -> str:
    names = (source.source_name, source.source_database, source.full_name)
    return " ".join(name for name in names if name)


def _no_table(row: Named) -> str:
    return (
        f"the trail has met no table {row.table}. `cdc-audit health` lists those that it has met."
    )
