"""
The audit store: one transaction a batch.

    partitions (own short transaction)
    BEGIN ─▶ move offsets ─▶ COPY rows ─▶ COPY control ─▶ quarantine, gaps, sources ─▶ COMMIT
               │ not where expected     │ a row refused
               ▼                        ▼
            fenced, or stored before   once more, carefully: the bad rows go to quarantine

The offsets go first: a writer that was fenced finds out before it sends a byte of rows, and two
writers of one partition queue at its row instead of at the trail's unique index.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg.errors import UniqueViolation

from adapters.postgres.batch_rows import (
    COPY_CONTROL,
    COPY_ROWS,
    RefusedLine,
    control_line,
    copy_each,
    copy_lines,
    quarantine,
    record_gaps,
    record_sources,
)
from adapters.postgres.claims import begin_trail, claim_partitions, give_up_partitions
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import is_partition_missing, is_row_refused, trouble
from adapters.postgres.evictions import evicting_the_silent
from adapters.postgres.offsets import correct_tallies, is_stored, move_offsets
from adapters.postgres.partitions import PartitionMaker
from adapters.postgres.pool import WRITER, Session, SessionPool
from adapters.postgres.redelivery import RedeliveryMarker
from adapters.postgres.refused_rows import corrections, quarantined, refused_before
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.schema_version import check_version
from application.ports import RowEncoder
from application.quarantine_protection import QuarantineProtection
from domain.consumed import ConsumedBatch
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceTable
from domain.stream import Claim, LogPartition, StreamPartition
from domain.transformed import TransformedBatch

# Waiting longer for a session than this is an outage, and the pipeline wants to know.
_LONGEST_WAIT = 5.0

_NO_COLUMNS: frozenset[str] = frozenset()


class _Conflict(Exception):  # noqa: N818 - a signal from inside the transaction, never seen outside
    """The offsets are not where the batch expects them: the transaction is rolled back."""


class PostgresAuditStore:
    """
    Stores batches in PostgreSQL.

    Args:
        pool: Sessions with the writer's rights.
        config: The same database; for messages.
        consumer_group: The group that owns the trail's partitions.
        max_retries: How often a quarantined record is retried.
        writer: Token of this writer; random for each process.
        protection: What protects the bytes of rows that PostgreSQL refuses; None keeps them.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        pool: SessionPool,
        config: DatabaseConfig,
        *,
        consumer_group: str,
        max_retries: int = 3,
        writer: str = WRITER,
        protection: QuarantineProtection | None = None,
    ) -> None:
        self._pool = pool
        self._config = config
        self._group = consumer_group
        self._max_retries = max_retries
        self._writer = writer
        self._protection = protection
        self._partitions = PartitionMaker()
        self._redeliveries = RedeliveryMarker()
        self._sources: dict[SourceTable, frozenset[str]] = {}

    async def encoder(self) -> RowEncoder:
        async with self._session() as session:
            return PostgresRowEncoder(await check_version(session))

    async def begin(self, partitions: Sequence[LogPartition], *, reset: str) -> bool:
        async with self._session() as session:
            await check_version(session)
            async with session.transaction():
                return await begin_trail(session, partitions, reset=reset, group=self._group)

    async def claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        async with (
            self._session() as session,
            evicting_the_silent(self._pool, session),
            session.transaction(),
        ):
            return await claim_partitions(
                session, partitions, group=self._group, writer=self._writer
            )

    async def give_up(self, partitions: Sequence[StreamPartition]) -> None:
        async with self._session() as session:
            await give_up_partitions(session, partitions, writer=self._writer)

    async def append(
        self,
        batch: TransformedBatch,
        source: ConsumedBatch,
        *,
        sending: Callable[[], None] | None = None,
    ) -> Sequence[QuarantinedRecord]:
        async with self._session() as session:
            try:
                return await self._append(session, batch, source, sending)
            except psycopg.Error as error:
                if not is_partition_missing(error):
                    raise
            self._partitions.forget()
            return await self._append(session, batch, source, sending)

    async def _append(
        self,
        session: Session,
        batch: TransformedBatch,
        source: ConsumedBatch,
        sending: Callable[[], None] | None,
    ) -> Sequence[QuarantinedRecord]:
        await self._partitions.ensure(session, batch.days)
        try:
            try:
                async with session.transaction():
                    await self._store(session, batch, sending)
                refused: Sequence[QuarantinedRecord] = ()
            except psycopg.Error as error:
                if not is_row_refused(error):
                    raise
                async with session.transaction():
                    refused = await self._store_carefully(session, batch, source)
        except (_Conflict, UniqueViolation):
            # A row that is there already was stored by whoever moved the offset past it.
            await is_stored(session, batch.advances, self._writer)
            return await refused_before(session, batch, source)
        self._sources |= {
            source: columns | self._sources.get(source, _NO_COLUMNS)
            for source, columns in batch.sources.items()
        }
        return refused

    async def _store(
        self, session: Session, batch: TransformedBatch, sending: Callable[[], None] | None
    ) -> None:
        if not await move_offsets(session, batch.advances, self._writer):
            raise _Conflict
        if batch.rows:
            await copy_lines(session, COPY_ROWS, batch.rows, sending=sending)
        if batch.control:
            await copy_lines(session, COPY_CONTROL, _control_lines(batch))
        await self._store_beside(session, batch, batch.quarantined)

    async def _store_carefully(
        self, session: Session, batch: TransformedBatch, source: ConsumedBatch
    ) -> Sequence[QuarantinedRecord]:
        if not await move_offsets(session, batch.advances, self._writer):
            raise _Conflict
        rows = await copy_each(session, COPY_ROWS, batch.rows)
        control: Sequence[RefusedLine] = await copy_each(
            session, COPY_CONTROL, _control_lines(batch)
        )
        refused = [quarantined(line, source, self._protection) for line in (*rows, *control)]
        await self._store_beside(session, batch, (*batch.quarantined, *refused))
        await correct_tallies(session, corrections(rows, control))
        return refused

    async def _store_beside(
        self, session: Session, batch: TransformedBatch, bad: Sequence[QuarantinedRecord]
    ) -> None:
        if bad:
            await quarantine(session, bad, max_retries=self._max_retries)
        gaps = [gap for advance in batch.advances for gap in advance.gaps]
        if gaps:
            await record_gaps(session, gaps)
        new = {
            source: columns
            for source, columns in batch.sources.items()
            if source not in self._sources or not columns <= self._sources[source]
        }
        if new:
            await record_sources(session, new)
        await self._redeliveries.mark(session, batch.advances)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        """Lend a session; every error of the driver that gets out of it is trouble."""
        try:
            async with self._pool.lease(longest_wait=_LONGEST_WAIT, check=False) as session:
                yield session
        except ConnectionError:  # of ours: it says so already
            raise
        except (psycopg.Error, OSError) as error:
            await self._begin_anew()
            raise trouble(error, self._config) from error

    async def _begin_anew(self) -> None:
        """
        Give up all sessions: they may be broken, each of which would cost a batch an attempt.

        Those that work may have been given by their server, for as long as they live, what the
        trouble came from: read-only transactions, a timeout, a role without rights.
        """
        with suppress(psycopg.Error, OSError, TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT):
                await self._pool.drain()


def _control_lines(batch: TransformedBatch) -> bytes:
    return b"".join(control_line(message) for message in batch.control)
