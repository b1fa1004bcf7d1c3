"""The documented repository of offsets. It can skip, and says so; it cannot rewind."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.repositories.streams import (
    OWN_CLUSTER,
    find_or_make_stream,
    find_stream,
)
from domain.errors import RepositoryError
from domain.kafka_offset import KafkaOffset

_SELECT = """
    SELECT o.stream_id, s.cluster_id, s.topic, o.partition, o.first_offset, o.next_offset,
        o.consumer_group, o.writer, o.moved_at,
        EXISTS (
            SELECT FROM pg_stat_activity
            WHERE application_name = 'cdc-audit ' || o.writer AND datname = current_database()
        ) AS writer_runs
    FROM kafka_offset AS o JOIN kafka_stream AS s USING (stream_id)
    WHERE o.stream_id = %(stream_id)s AND o.partition = %(partition)s
"""
_INSERT = """
    INSERT INTO kafka_offset (
        stream_id, partition, first_offset, next_offset, consumer_group, moved_at
    ) VALUES (
        %(stream_id)s, %(partition)s, %(next)s, %(next)s, %(group)s, clock_timestamp()
    )
    ON CONFLICT (stream_id, partition) DO NOTHING
"""
_MOVE = """
    UPDATE kafka_offset
    SET next_offset = %(next)s, consumer_group = %(group)s, moved_at = clock_timestamp(),
        absent = absent + CASE WHEN %(ours)s THEN 0 ELSE %(next)s - next_offset END,
        skipped = skipped + CASE WHEN %(ours)s THEN %(next)s - next_offset ELSE 0 END
    WHERE stream_id = %(stream_id)s AND partition = %(partition)s
"""
_GAP = """
    INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
    VALUES (
        %(stream_id)s, %(partition)s, %(first)s, %(next)s, 'operator_skip',
        format('%%s moved the offset by hand from %%s to %%s', session_user, %(first)s, %(next)s)
    )
"""


class _Row(msgspec.Struct, kw_only=True):
    stream_id: int
    cluster_id: str
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    consumer_group: str | None
    writer: str | None
    moved_at: Any
    writer_runs: bool


class KafkaOffsetRepository:
    """
    Reads the trail's offsets, and moves them by hand.

    A stream that cdc-audit reads moves with its rows. Moving it forward by hand is an operator's
    skip: it is recorded as a gap. Moving it while a service writes it, or back, is refused.
    A topic that the trail never met is kept for the calling program.
    """

    def __init__(self, connection: AsyncConnection, config: DatabaseConfig) -> None:
        self._connection = connection
        self._config = config

    async def get_offset(
        self, topic: str, partition: int, consumer_group: str
    ) -> KafkaOffset | None:
        """The last processed offset; None if this group has none there."""
        with as_repository_error(self._config):
            row = await self._find(topic, partition)
        if row is None or row.consumer_group not in (None, consumer_group):
            return None
        return _model(row, consumer_group)

    async def update_offset(
        self, topic: str, partition: int, offset: int, consumer_group: str
    ) -> KafkaOffset:
        """
        Set the last processed offset, or create it.

        Raises:
            RepositoryError: A running service or another group owns the partition, or the
                trail is past this offset already.
        """
        with as_repository_error(self._config):
            stream_id = await find_or_make_stream(self._connection, topic)
            place = {
                "stream_id": stream_id,
                "partition": partition,
                "next": offset + 1,
                "group": consumer_group,
            }
            await self._connection.execute(_INSERT, place)
            row = await self._locked(stream_id, partition)
            _check_movable(row, offset, consumer_group)
            if row.next_offset != offset + 1:
                ours = row.cluster_id == OWN_CLUSTER
                if not ours:
                    await self._connection.execute(_GAP, {**place, "first": row.next_offset})
                await self._connection.execute(_MOVE, {**place, "ours": ours})
            return _model(await self._locked(stream_id, partition), consumer_group)

    async def batch_update_offsets(
        self, offsets: Sequence[Mapping[str, Any]], consumer_group: str
    ) -> list[KafkaOffset]:
        """
        Set several offsets; each a mapping of ``topic``, ``partition``, ``offset``.

        Raises:
            RepositoryError: As `update_offset`; then the caller's transaction holds none.
        """
        order = sorted(range(len(offsets)), key=lambda i: _place(offsets[i]))
        moved: dict[int, KafkaOffset] = {}
        async with self._connection.transaction():
            for index in order:  # sorted, so that two callers cannot wait for each other
                topic, partition = _place(offsets[index])
                offset = int(offsets[index]["offset"])
                moved[index] = await self.update_offset(topic, partition, offset, consumer_group)
        return [moved[index] for index in range(len(offsets))]

    async def _find(self, topic: str, partition: int) -> _Row | None:
        stream_id = await find_stream(self._connection, topic)
        return None if stream_id is None else await self._read(_SELECT, stream_id, partition)

    async def _locked(self, stream_id: int, partition: int) -> _Row:
        row = await self._read(_SELECT + " FOR UPDATE OF o", stream_id, partition)
        if row is None:
            raise RepositoryError(
                f"the offset of stream {stream_id}, partition {partition} vanished while it was "
                f"moved. Try again."
            )
        return row

    async def _read(self, query: str, stream_id: int, partition: int) -> _Row | None:
        async with self._connection.cursor(row_factory=class_row(_Row)) as cursor:
            await cursor.execute(query.encode(), {"stream_id": stream_id, "partition": partition})
            return await cursor.fetchone()


def _place(offset: Mapping[str, Any]) -> tuple[str, int]:
    return str(offset["topic"]), int(offset["partition"])


def _check_movable(row: _Row, offset: int, group: str) -> None:
    where = f"topic {row.topic}, partition {row.partition}"
    if row.next_offset == offset + 1 and row.consumer_group in (None, group):
        return
    if row.consumer_group not in (None, group):
        raise RepositoryError(
            f"{where} belongs to consumer group {row.consumer_group!r}, not {group!r}. "
            f"Nothing was moved."
        )
    if row.writer_runs:
        raise RepositoryError(
            f"{where} is written by a running service (writer {row.writer}). Nothing was moved: "
            f"stop the service first."
        )
    if offset + 1 < row.next_offset:
        raise RepositoryError(
            f"{where} is at offset {row.next_offset - 1} already; {offset} would go back, and "
            f"what was read from there is in the trail. Nothing was moved."
        )


def _model(row: _Row, consumer_group: str) -> KafkaOffset:
    return KafkaOffset(
        topic=row.topic,
        partition=row.partition,
        offset=row.next_offset - 1,
        consumer_group=row.consumer_group or consumer_group,
        stream_id=row.stream_id,
        first_offset=row.first_offset,
        writer=row.writer,
        updated_at=row.moved_at,
    )
