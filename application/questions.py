"""
All questions to the trail, wired: what API, command line and page are built on.

    find     which row a person means          transaction  all changes of one transaction
    history  every change of a row             compare      a row or a table at two times
    row_at   the row as it was                 statistics   tables, hours, rows, writers
    trail    search, one change, live changes  health       gaps, quarantine, silence
    counter  how many a search finds           put_back     the SQL that reverts
    exports  all that a search finds
"""

import msgspec

from application.compare_times import CompareTimes
from application.find_row import FindRow
from application.gap_ledger import GapLedger
from application.ports import SourceCatalog, TrailReader
from application.put_back import PutBack
from application.query_trail import QueryTrail
from application.reading_ports import (
    ChangeCounter,
    CoverageReader,
    MissingPartsReader,
    RedeliveryReader,
    RowReader,
    StatisticsReader,
    TrailExporter,
    TrailHealthReader,
    TransactionReader,
)
from application.row_at import RowAt
from application.row_history import RowHistory
from application.show_transaction import ShowTransaction
from application.source_types import ColumnTypeCatalog
from application.trail_health import TrailHealth
from application.trail_statistics import TrailStatistics


class TrailReaders(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that reads one trail.

    Attributes:
        trail: Pages of changes.
        catalog: Tables that were met.
        rows: Changes of single rows.
        redeliveries: What was delivered again.
        transactions: What belongs to one transaction.
        counter: Counts.
        exports: Everything that a search finds.
        statistics: Adds up.
        health: What the trail says of itself.
        coverage: Tables and columns.
        gaps: The ledger of gaps.
        missing: What is missing.
    """

    trail: TrailReader
    catalog: SourceCatalog
    rows: RowReader
    redeliveries: RedeliveryReader
    transactions: TransactionReader
    counter: ChangeCounter
    exports: TrailExporter
    statistics: StatisticsReader
    health: TrailHealthReader
    coverage: CoverageReader
    gaps: GapLedger
    missing: MissingPartsReader


class TrailQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """The use cases that answer questions; see the module's docstring."""

    trail: QueryTrail
    counter: ChangeCounter
    exports: TrailExporter
    find: FindRow
    history: RowHistory
    row_at: RowAt
    transaction: ShowTransaction
    compare: CompareTimes
    statistics: TrailStatistics
    health: TrailHealth
    put_back: PutBack
    missing: MissingPartsReader


def questions_to(
    readers: TrailReaders,
    *,
    trail: QueryTrail | None = None,
    catalog: ColumnTypeCatalog | None = None,
) -> TrailQuestions:
    """
    Wire the questions.

    Args:
        readers: Read one trail.
        trail: The one that followers share; a new one if None.
        catalog: Knows the types of the source's columns; None where nobody knows them.
    """
    rows, missing = readers.rows, readers.missing
    row_at = RowAt(rows, missing)
    transaction = ShowTransaction(readers.transactions, missing)
    return TrailQuestions(
        trail=trail or QueryTrail(readers.trail),
        counter=readers.counter,
        exports=readers.exports,
        find=FindRow(readers.catalog, readers.trail, rows),
        history=RowHistory(rows, readers.redeliveries, missing),
        row_at=row_at,
        transaction=transaction,
        compare=CompareTimes(row_at, rows, missing),
        statistics=TrailStatistics(readers.statistics, readers.health, missing),
        health=TrailHealth(readers.health, readers.coverage, readers.gaps, missing),
        put_back=PutBack(rows, transaction, missing, catalog=catalog),
        missing=missing,
    )
