"""A quarantine in memory, and everything that retries it: the scene of tests."""

from collections.abc import Callable, Sequence

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.broker import MemoryBroker
from adapters.memory.quarantine import MemoryQuarantine
from adapters.memory.record_finder import MemoryRecordFinder
from adapters.memory.row_encoder import MemoryRowEncoder
from application.keep_retrying import KeepRetrying
from application.patience import BackOff
from application.quarantine_ledger import QuarantineQuery
from application.quarantine_protection import QuarantineProtection
from application.rebuilt_record import RebuildRecord
from application.retry_quarantined import (
    RetryQuarantined,
    RetryReport,
    RetrySchedule,
)
from application.transform_records import transform_records
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord, PartitionSlice
from domain.control import ControlMessage, SkippedRecord
from domain.disposition import Tally
from domain.errors import SchemaRegistryUnavailableError, TransformationError
from domain.protected_topics import ProtectedTopics
from domain.quarantine import withheld
from domain.quarantine_entry import QuarantineEntry
from tests.builders import a_consumed_batch
from tests.pipelines import PlainDecoder

NOON = 1_700_000_000_000_000
EVERY = ProtectedTopics()


class MendedDecoder(PlainDecoder):
    """Fails with everything until it is mended; or its registry is away."""

    def __init__(self) -> None:
        self.is_mended = False
        self.is_away = False

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if self.is_away:
            raise SchemaRegistryUnavailableError("the registry is away")
        if not self.is_mended:
            raise TransformationError("not mended yet")
        return super().decode(record, stream_id)


class Scene:
    """A quarantine with what a broken decoder put there, and everything that retries it."""

    def __init__(
        self, *, protection: QuarantineProtection | None = None, limit: int = 1000
    ) -> None:
        self.now = NOON
        self.broker = MemoryBroker()
        self.broker.create_topic("orders")
        self.store = MemoryAuditStore()
        self.trail = self.store.trail
        self.ledger = MemoryQuarantine(
            self.trail, writer=self.store.writer, clock=lambda: self.now, refuses=self._refused
        )
        self.refuses: Callable[[AuditRecord], str | None] = lambda _: None
        self.decoder = MendedDecoder()
        self.protection = protection
        self.reports: list[RetryReport] = []
        self.schedule = RetrySchedule(first=10.0, factor=2.0, longest=30.0)
        self.rebuild = RebuildRecord(
            MemoryRecordFinder(self.broker), protection, max_record_bytes=limit
        )
        self.retry = RetryQuarantined(
            self.ledger,
            self.rebuild,
            MemoryBatchTransformer(self.decoder, MemoryRowEncoder(), protection=protection),
            schedule=self.schedule,
            observer=self,
            chance=lambda: 1.0,
        )
        self.keep = KeepRetrying(
            self.ledger,
            self.retry,
            self.schedule,
            back_off=BackOff(first=7.0, longest=7.0, chance=lambda: 1.0),
        )

    def retried(self, report: RetryReport) -> None:
        """Keep the report."""
        self.reports.append(report)

    async def quarantine(self, *values: bytes) -> Sequence[QuarantineEntry]:
        """Consume `values` while the decoder is broken."""
        for value in values:
            self.broker.produce("orders", value, key=b"k", headers=(("h", b"v"), ("h", None)))
        claim = (await self.store.claim([self.broker.describe("orders", 0)]))[0]
        log = self.broker.logs["orders", 0]
        records = list(log.records.values())[claim.next_offset :]
        part = PartitionSlice(claim.partition, claim.next_offset, log.end, records)
        batch = transform_records(
            self.decoder, MemoryRowEncoder(), [part], protection=self.protection
        )
        await self.store.append(batch, a_consumed_batch(batch))
        return await self.entries()

    async def entries(self) -> Sequence[QuarantineEntry]:
        """All entries, oldest first."""
        return await self.ledger.search(QuarantineQuery(oldest_first=True, limit=1000))

    def without_bytes(self) -> None:
        """Keep no bytes of what is in quarantine."""
        self.trail.quarantine = {k: withheld(q) for k, q in self.trail.quarantine.items()}
        self.trail.entries.clear()

    def tally(self) -> Tally:
        """What became of the offsets."""
        return self.trail.offsets[1, 0].tally

    def rows(self) -> Sequence[tuple[int, str | None]]:
        """Offset and new row of what is in the trail."""
        return [(o, s.record.new_data) for (_, _, o), s in sorted(self.trail.records.items())]

    def _refused(self, record: AuditRecord) -> str | None:
        return self.refuses(record)
