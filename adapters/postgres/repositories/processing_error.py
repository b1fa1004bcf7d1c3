"""The documented repository of the quarantine."""

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.repositories.streams import find_or_make_stream
from application.consumer_config import DEFAULT_MAX_RETRIES
from domain.errors import RepositoryError
from domain.processing_error import ProcessingError

_COLUMNS = sql.SQL("""
    topic, kafka_partition AS partition, kafka_offset AS offset, error_type, error_message,
    raw_key, raw_value, id, stream_id, retry_count, max_retries, next_retry_at, created_at,
    resolved_at, resolution, resolution_note
""")
_INSERT = sql.SQL("""
    INSERT INTO processing_error (
        stream_id, kafka_partition, kafka_offset, topic, error_type, error_message,
        raw_key, raw_value, key_size, value_size, max_retries
    ) VALUES (
        %(stream_id)s, %(partition)s, %(offset)s, %(topic)s, %(error_type)s, %(error_message)s,
        %(raw_key)s, %(raw_value)s, length(%(raw_key)s::bytea), length(%(raw_value)s::bytea),
        %(max_retries)s
    ) RETURNING {}
""").format(_COLUMNS)
_RETRYABLE = sql.SQL("""
    SELECT {} FROM processing_error
    WHERE resolved_at IS NULL AND retry_count < max_retries
        AND (next_retry_at IS NULL OR next_retry_at <= clock_timestamp())
    ORDER BY next_retry_at NULLS FIRST, id LIMIT %(limit)s
""").format(_COLUMNS)
_FIND = sql.SQL("SELECT {} FROM processing_error WHERE id = %(id)s").format(_COLUMNS)
_RESOLVE = """
    WITH resolved AS (
        UPDATE processing_error
        SET resolved_at = clock_timestamp(), resolution = 'resolved', resolution_note = %(note)s
        WHERE id = %(id)s AND resolved_at IS NULL
        RETURNING id
    )
    INSERT INTO processing_error_event (error_id, kind, message)
    SELECT id, 'resolved', %(note)s FROM resolved
"""


class ProcessingErrorRepository:
    """Reads and keeps records that could not be audited."""

    def __init__(self, connection: AsyncConnection, config: DatabaseConfig) -> None:
        self._connection = connection
        self._config = config

    async def create_error(  # noqa: PLR0913 - the documented fields, by keyword
        self,
        *,
        topic: str,
        partition: int,
        offset: int,
        error_type: str,
        error_message: str,
        raw_key: bytes | None = None,
        raw_value: bytes | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
    ) -> ProcessingError:
        """
        Keep a record that a program could not process.

        Raises:
            DuplicateKeyError: There is an error of this record already.
        """
        with as_repository_error(self._config):
            stream_id = await find_or_make_stream(self._connection, topic)
            values = {
                "stream_id": stream_id,
                "topic": topic,
                "partition": partition,
                "offset": offset,
                "error_type": error_type,
                "error_message": error_message,
                "raw_key": raw_key,
                "raw_value": raw_value,
                "max_retries": max_retries,
            }
            return (await self._models(_INSERT, **values))[0]

    async def get_error(self, error_id: int) -> ProcessingError | None:
        """The error with this number."""
        with as_repository_error(self._config):
            found = await self._models(_FIND, id=error_id)
        return found[0] if found else None

    async def get_retryable_errors(self, limit: int = 100) -> list[ProcessingError]:
        """Open errors whose next retry is due and that have retries left, oldest first."""
        if limit < 1:
            raise RepositoryError(f"limit is {limit}; allowed is 1 or more.")
        with as_repository_error(self._config):
            return await self._models(_RETRYABLE, limit=limit)

    async def mark_error_resolved(self, error_id: int, resolution_note: str | None = None) -> bool:
        """Resolve an open error, without a row in the trail. False if there is no open one."""
        with as_repository_error(self._config):
            cursor = await self._connection.execute(
                _RESOLVE, {"id": error_id, "note": resolution_note}
            )
            return cursor.rowcount == 1

    async def _models(self, query: sql.Composed, **values: object) -> list[ProcessingError]:
        async with self._connection.cursor(row_factory=class_row(ProcessingError)) as cursor:
            await cursor.execute(query, values)
            return await cursor.fetchall()
