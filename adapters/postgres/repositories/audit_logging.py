"""The documented repository of the trail: writes a program's own entries, and reads all."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

import msgspec
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row, scalar_row

from adapters.postgres.batch_rows import record_sources
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.repositories.audit_statistics import read_statistics
from adapters.postgres.repositories.entries import COLUMNS, READ_ENTRIES, as_entry, entry_values
from adapters.postgres.repositories.streams import OWN_CLUSTER
from domain.audit_logging import AuditLogging
from domain.errors import RepositoryError
from domain.operation import OperationTypeEnum
from domain.source_table import SourceColumns, SourceTable

API_TOPIC = "api"

_LOCK_STREAM = """
    SELECT o.stream_id, o.next_offset
    FROM kafka_offset AS o JOIN kafka_stream AS s USING (stream_id)
    WHERE s.cluster_id = %s AND s.topic = %s FOR UPDATE OF o
"""
_TAKE_OFFSETS = "SELECT nextval('audit_api_offset') FROM generate_series(1, %s)"
_ENSURE_PARTITIONS = "SELECT audit_ensure_partitions(%s::integer [])"
_ADVANCE = """
    UPDATE kafka_offset
    SET next_offset = %(next)s, audited = audited + %(rows)s,
        absent = absent + %(next)s - next_offset - %(rows)s, moved_at = clock_timestamp()
    WHERE stream_id = %(stream_id)s AND partition = 0
"""
_INSERT = sql.SQL("INSERT INTO audit_logging ({}) VALUES ({})").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
    sql.SQL(", ").join(map(sql.Placeholder, COLUMNS)),
)
_ORDER = sql.SQL(
    " ORDER BY t.change_timestamp DESC, t.stream_id DESC, t.kafka_partition DESC,"
    " t.kafka_offset DESC LIMIT %(limit)s OFFSET %(offset)s"
)
_SECONDS_PER_DAY = 86_400


class EntryFields(TypedDict, total=False):
    """What a program may say of an entry besides its table and operation: see `AuditLogging`."""

    old_data: Mapping[str, Any] | None
    new_data: Mapping[str, Any] | None
    change_timestamp: datetime | None
    change_user: str | None
    transaction_id: str | None
    lsn: str | None
    source_metadata: Mapping[str, Any] | None
    captured_at: datetime | None
    connector: str | None
    source_name: str | None
    source_database: str | None
    source_schema: str | None
    record_key: str | None
    changed_columns: tuple[str, ...] | None
    before_image: str | None
    value_notes: Mapping[str, Any] | None
    headers: list[Any] | None


class AuditLoggingRepository:
    """
    Writes entries of the calling program, and reads the whole trail.

    A program's entries belong to the stream `api`. Programs take turns there: an entry holds
    the stream until its transaction ends, so that live readers miss none.
    """

    def __init__(self, connection: AsyncConnection, config: DatabaseConfig) -> None:
        self._connection = connection
        self._config = config

    async def create_audit_log(
        self, *, source_table: str, operation_type: OperationTypeEnum, **fields: Unpack[EntryFields]
    ) -> AuditLogging:
        """
        Store one entry.

        Args:
            source_table: Bare name of the table.
            operation_type: What happened to the row.
            fields: Further fields of `AuditLogging` that a program may know: `old_data`,
                `new_data`, `change_timestamp` (now, if left out), `change_user`, ...

        Raises:
            RepositoryError: A field is unknown, or has no place in the trail.
        """
        entry = {"source_table": source_table, "operation_type": operation_type, **fields}
        return (await self.batch_create_audit_logs([entry]))[0]

    async def batch_create_audit_logs(
        self, audit_logs: Sequence[Mapping[str, Any]]
    ) -> list[AuditLogging]:
        """
        Store several entries, all or none; each a mapping as `create_audit_log` takes it.

        Raises:
            RepositoryError: An entry is wrong; its place in the list is named.
        """
        now = datetime.now(UTC)
        entries = [_entry(index, fields, now) for index, fields in enumerate(audit_logs)]
        if not entries:
            return []
        with as_repository_error(self._config):
            async with self._connection.transaction():
                return await self._store(entries)

    async def get_audit_logs(  # noqa: PLR0913 - the documented filters, by keyword
        self,
        *,
        source_table: str | None = None,
        operation_type: OperationTypeEnum | str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        change_user: str | None = None,
        transaction_id: str | None = None,
        record_key: str | None = None,
        source_schema: str | None = None,
        source_database: str | None = None,
        source_name: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[AuditLogging]:
        """
        Read entries, newest first. Filters that are set must all match.

        Args:
            source_table: Bare name of the table.
            operation_type: What happened.
            start_date: From this change timestamp on; UTC where it has no zone.
            end_date: Before this change timestamp; UTC where it has no zone.
            change_user: Who made the change.
            transaction_id: The source's own id of the transaction.
            record_key: Canonical JSON of the key.
            source_schema: Schema of the table.
            source_database: Database of the table.
            source_name: Debezium's topic prefix.
            limit: At most so many.
            offset: Leave out so many of the newest.

        Raises:
            RepositoryError: A filter has no such value.
        """
        if limit < 0 or offset < 0:
            raise RepositoryError(f"limit is {limit}, offset is {offset}; allowed is 0 or more.")
        filters = {
            "source_table": source_table,
            "operation": None if operation_type is None else _operation(operation_type),
            "change_user": change_user,
            "transaction_id": transaction_id,
            "record_key": record_key,
            "source_schema": source_schema,
            "source_database": source_database,
            "source_name": source_name,
        }
        conditions: list[sql.Composable] = [
            sql.SQL("t.{} = {}").format(sql.Identifier(name), sql.Placeholder(name))
            for name, value in filters.items()
            if value is not None
        ]
        if start_date is not None:
            conditions.append(sql.SQL("t.change_timestamp >= %(start)s"))
        if end_date is not None:
            conditions.append(sql.SQL("t.change_timestamp < %(end)s"))
        values = {
            **filters,
            "start": _aware(start_date),
            "end": _aware(end_date),
            "limit": limit,
            "offset": offset,
        }
        return await self._read(sql.SQL(" AND ").join([sql.SQL("true"), *conditions]), values)

    async def get_audit_stats(
        self, source_table: str | None = None, days: int = 30
    ) -> dict[str, Any]:
        """
        Count the changes of the last `days` days, by the trail's change timestamps.

        Returns:
            ``total_changes``, ``baseline_rows`` (read while bootstrapping: no changes),
            ``by_operation``, ``by_table``, ``by_day`` (ISO dates, UTC), ``by_user``,
            ``first_change``, ``last_change``, and the question: ``source_table``, ``days``.
        """
        if days < 1:
            raise RepositoryError(f"days is {days}; allowed is 1 or more.")
        with as_repository_error(self._config):
            return await read_statistics(self._connection, source_table, days)

    async def _store(self, entries: Sequence[AuditLogging]) -> list[AuditLogging]:
        days = {_day(entry.change_timestamp) for entry in entries}
        await self._connection.execute(_ENSURE_PARTITIONS, [sorted(days)])
        stream_id, _ = await self._api_stream()
        async with self._connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(_TAKE_OFFSETS, [len(entries)])
            offsets: list[int] = await cursor.fetchall()
            rows = [
                entry_values(entry, stream_id, offset)
                for entry, offset in zip(entries, offsets, strict=True)
            ]
            await cursor.executemany(_INSERT, rows)
            await record_sources(self._connection, _sources(entries))
            await cursor.execute(
                _ADVANCE,
                {"next": offsets[-1] + 1, "rows": len(rows), "stream_id": stream_id},
            )
        stored = await self._read(
            sql.SQL("t.stream_id = %(stream_id)s AND t.kafka_offset = ANY(%(offsets)s)"),
            {"stream_id": stream_id, "offsets": offsets, "limit": len(offsets), "offset": 0},
        )
        by_offset = {entry.kafka_offset: entry for entry in stored}
        return [by_offset[offset] for offset in offsets]

    async def _api_stream(self) -> tuple[int, int]:
        """Stream and next offset of `api`, locked: entries become visible in offset order."""
        cursor = await self._connection.execute(_LOCK_STREAM, [OWN_CLUSTER, API_TOPIC])
        row = await cursor.fetchone()
        if row is None:
            raise RepositoryError(
                "the trail has no stream for entries of programs. Run `cdc-audit migrate`."
            )
        return row[0], row[1]

    async def _read(
        self, condition: sql.Composable, values: Mapping[str, Any]
    ) -> list[AuditLogging]:
        query = sql.Composed([READ_ENTRIES, condition, _ORDER])
        with as_repository_error(self._config):
            async with self._connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query, values)
                return [as_entry(row) for row in await cursor.fetchall()]


def _entry(index: int, fields: Mapping[str, Any], now: datetime) -> AuditLogging:
    try:
        known: dict[str, Any] = {**fields, "operation_type": _operation(fields["operation_type"])}
        entry = AuditLogging(**known)
    except (TypeError, KeyError) as error:
        raise RepositoryError(
            f"audit log {index} cannot be stored: {error}. Give source_table, operation_type and "
            f"fields of AuditLogging."
        ) from error
    return msgspec.structs.replace(entry, change_timestamp=_aware(entry.change_timestamp) or now)


def _sources(entries: Sequence[AuditLogging]) -> SourceColumns:
    sources: dict[SourceTable, frozenset[str]] = {}
    for entry in entries:
        source = SourceTable(*(getattr(entry, name) for name in SourceTable._fields))
        columns = {*(entry.old_data or ()), *(entry.new_data or ())}
        sources[source] = sources.get(source, frozenset[str]()) | columns
    return sources


def _operation(word: OperationTypeEnum | str) -> OperationTypeEnum:
    try:
        return OperationTypeEnum(word)
    except ValueError as error:
        allowed = ", ".join(OperationTypeEnum)
        raise RepositoryError(f"operation_type is {word!r}; allowed are {allowed}.") from error


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _day(moment: datetime | None) -> int:
    return int((moment or datetime.now(UTC)).timestamp() // _SECONDS_PER_DAY)
