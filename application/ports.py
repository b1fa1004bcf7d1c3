"""
What the use cases need from the outside. Each docstring is a contract, and has its tests.

    ChangeSource.poll ──▶ BatchTransformer.transform ──▶ AuditStore.append
         └──────────────── ChangeSource.acknowledge ◀──────────────┘

Every port has an in-memory fake in `adapters/memory`; `tests/contract` runs one suite over the
fake and every real adapter.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from application.reports import BatchReport
from application.stopping import GivesUpPartitions, StopsAtDamage
from application.trail_query import Cursor, StoredRecord, TrailQuery
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceColumns, SourceTable
from domain.stream import Claim, LogPartition, StreamPartition
from domain.transformed import TransformedBatch

ClaimPartitions = Callable[[Sequence[LogPartition]], Awaitable[Sequence[Claim]]]
"""
Called by a source for partitions that it was just assigned, before it reads any of them.

It is called with none by a member that joined the group and was assigned nothing.
"""

ReleasePartitions = Callable[[Sequence[StreamPartition]], Awaitable[None]]
"""Called by a source for partitions that it is about to lose, or has lost."""


class ChangeSource(Protocol):
    """Where consumed records come from: a consumer group over topics."""

    async def existing(self) -> Sequence[LogPartition]:
        """
        Every partition that exists now, of every topic that is read. It joins no group.

        Raises:
            SourceUnavailableError: The broker is gone; a later call may work.
        """
        ...

    async def start(self, *, claim: ClaimPartitions, release: ReleasePartitions) -> None:
        """
        Join the group, by and by.

        Whenever partitions are assigned, `claim` is asked where each is read from; before they
        are given up, `release` is told. Whatever `claim` raises, `poll` raises; a later `poll`
        asks `claim` again.
        """
        ...

    async def poll(self) -> ConsumedBatch | None:
        """
        Wait up to `consumer_timeout_ms` for records, and return what is there.

        Records of one partition come in offset order, each once for every claim, the first
        being at or after the claimed offset. Never auto-commits.

        Returns:
            None if nothing came in time.

        Raises:
            SourceUnavailableError: The broker is gone; a later call may work.
            StreamRefusedError: `claim` refused a partition.
            ConnectionError: `claim` could not reach the database; a later call asks again.
        """
        ...

    async def acknowledge(self, positions: Mapping[StreamPartition, int]) -> None:
        """Tell Kafka the next offsets, for lag tools only. Losing this call loses nothing."""
        ...

    async def stop(self) -> None:
        """Leave the group."""
        ...


class SeekableSource(Protocol):
    """A source whose reading can be held, or set back to the trail's own offset."""

    def pause(self, partitions: Collection[StreamPartition] | None = None) -> None:
        """
        Return no records from `poll` until `resume`, and keep membership of the group.

        Args:
            partitions: Hold only these; None holds everything, what is assigned later too.
        """
        ...

    def resume(self, partitions: Collection[StreamPartition] | None = None) -> None:
        """
        Return records from `poll` again, none of them lost. Undoes the `pause` alike.

        Args:
            partitions: Read on these; None ends the holding of everything.
        """
        ...

    def seek(self, partition: StreamPartition, offset: int) -> bool:
        """
        Read on at `offset`: what `poll` returns from now on is from there.

        Returns:
            False if the partition is no longer ours: it was revoked, or is not claimed yet.
        """
        ...

    def lag(self) -> Mapping[StreamPartition, int]:
        """Records between our position and the log's end, for each assigned partition."""
        ...


class RecordSource(ChangeSource, SeekableSource, StopsAtDamage, Protocol):
    """What the pipeline reads from: a change source that can be held and set back."""


class RecordDecoder(Protocol):
    """Decodes one consumed record. Picklable and stateless but for caches of plans."""

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """
        Decode `record`, which belongs to the stream `stream_id`.

        The result is a function of its arguments and of the decoder's configuration alone.

        Raises:
            TransformationError: The record is poison; its text says what is wrong.
            SchemaRegistryUnavailableError: The schema registry is away: no record is at fault.
        """
        ...


@runtime_checkable
class DropsColumns(Protocol):
    """A decoder that leaves columns out of rows: the rows do not show that they have them."""

    def dropped_columns(self, source: SourceTable) -> Collection[str]:
        """The columns of rows of `source` that were left out so far."""
        ...


class RowEncoder(Protocol):
    """Encodes audit records for a store, on the worker. Picklable; knows the tables' version."""

    def encode(self, record: AuditRecord) -> bytes:
        """Encode one row. Rows may be joined back to back, and split apart again."""
        ...


class BatchTransformer(Protocol):
    """Turns consumed batches into transformed ones, somewhere."""

    @property
    def engine(self) -> str:
        """Where it works now: ``ray``, ``inprocess``, ``inprocess (ray is starting)``, ..."""
        ...

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        """
        Decode, classify, redact and encode `batch`. Every record gets exactly one disposition.

        The result is the same bytes wherever it runs. No record's content makes it raise.

        Raises:
            TransformerUnavailableError: The workers are gone. Nothing happened; ask another.
            SchemaRegistryUnavailableError: The schema registry is away. Nothing happened; a later
                call may work.
        """
        ...


class AuditStore(GivesUpPartitions, Protocol):
    """The append-only trail, with the offsets, the quarantine and the control messages."""

    async def encoder(self) -> RowEncoder:
        """
        The encoder for the tables as they are now.

        Raises:
            SchemaVersionError: The tables are not of this program's version.
            ConnectionError: The database cannot be reached.
        """
        ...

    async def begin(self, partitions: Sequence[LogPartition], *, reset: str) -> bool:
        """
        Begin the trail with the partitions that exist, unless it has begun already.

        The first call for a trail decides, for good: with `reset` ``latest``, reading begins at
        the log end of each of `partitions`; with ``earliest`` at its beginning. Partitions that
        are not among them are read from their beginning, whenever they appear. Call it before
        joining the group, with every partition of every topic that is read.

        Returns:
            Whether this call began the trail.

        Raises:
            SchemaVersionError: The tables are not of this program's version.
            ConnectionError: The database cannot be reached.
        """
        ...

    async def claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        """
        Find or make the stream and the offset row of each partition, and say where to read.

        A log that starts beyond the trail's next offset is a gap of cause ``expired``: it is
        recorded, and the claim starts after it. A topic with a new id is a new stream.

        Raises:
            StreamRefusedError: Going on would hide a loss, or another group owns the stream.
            ConnectionError: The database cannot be reached.
        """
        ...

    async def append(
        self,
        batch: TransformedBatch,
        source: ConsumedBatch,
        *,
        sending: Callable[[], None] | None = None,
    ) -> Sequence[QuarantinedRecord]:
        """
        Store `batch` in one transaction: rows, offsets, tallies, quarantine, control, gaps.

        All of it or none. Storing a batch that this store has stored already (its answer was
        lost) changes nothing and succeeds. A row that the database refuses is isolated and
        quarantined with its bytes from `source`; the others are stored. `sending` is called
        whenever rows begin to go out: from then on there is time for other work.

        Returns:
            The records that the database refused and that were quarantined, besides the batch's.

        Raises:
            FencedError: Another writer moved an offset of the batch: nothing was stored.
            ConnectionError: The database cannot be reached; whether it was stored is unknown,
                and appending the same batch again is right.
        """
        ...


class TrailReader(Protocol):
    """Reads the trail, for people."""

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        """Newest first, at most `query.limit`, in the order of the trail, before `query.before`."""
        ...

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        """The record at these coordinates."""
        ...

    async def position(self) -> Cursor:
        """Where the trail ends now: everything committed before this call is behind it."""
        ...

    async def since(
        self, cursor: Cursor, query: TrailQuery
    ) -> tuple[Sequence[StoredRecord], Cursor]:
        """
        What was committed after `cursor`, in the trail's order, and a new cursor.

        At most `query.limit` records that match; the new cursor is behind the last one looked at.

        Exact under parallel writers: no record is skipped or repeated, whichever commits first.
        """
        ...


class SourceCatalog(Protocol):
    """Knows which source tables the trail has met."""

    async def sources(self) -> SourceColumns:
        """
        Every source table of the rows in the trail, with the columns that were met.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...


class BatchObserver(Protocol):
    """Told of every batch, after the fact: for metrics, traces and logs. Never raises."""

    def committed(self, report: BatchReport) -> None:
        """A batch was stored."""
        ...
