"""All readers of one trail in PostgreSQL."""

from adapters.postgres.change_counter import PostgresChangeCounter
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.missing_parts import PostgresMissingPartsReader
from adapters.postgres.pool import SessionPool
from adapters.postgres.reading import Reading
from adapters.postgres.row_reader import PostgresRowReader
from adapters.postgres.statistics_reader import PostgresStatisticsReader
from adapters.postgres.trail_exporter import PostgresTrailExporter
from adapters.postgres.trail_health import PostgresTrailHealthReader
from adapters.postgres.trail_reader import PostgresTrailReader
from adapters.postgres.transaction_reader import PostgresTransactionReader
from application.questions import TrailReaders


def postgres_readers(
    pool: SessionPool, config: DatabaseConfig, *, trail: PostgresTrailReader | None = None
) -> TrailReaders:
    """
    Read the trail in a database.

    Args:
        pool: Sessions with the reader's rights and limits.
        config: The same database; for messages and limits.
        trail: A reader of the same database that exists; a new one if None.
    """
    reading = Reading(pool, config)
    reader, rows = trail or PostgresTrailReader(pool, config), PostgresRowReader(reading)
    health = PostgresTrailHealthReader(reading)
    return TrailReaders(
        trail=reader,
        catalog=reader,
        rows=rows,
        redeliveries=rows,
        transactions=PostgresTransactionReader(reading),
        counter=PostgresChangeCounter(reading),
        exports=PostgresTrailExporter(reading),
        statistics=PostgresStatisticsReader(reading),
        health=health,
        coverage=health,
        gaps=PostgresGapLedger(pool, config),
        missing=PostgresMissingPartsReader(reading),
    )
