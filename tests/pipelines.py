"""A pipeline over memory for tests: small decoder, observer, and a rig that runs it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from adapters.memory.row_encoder import MemoryRowEncoder
from application.consumer_config import ConsumerConfig
from application.failure_window import FailureWindow
from application.ports import AuditStore, BatchTransformer, RecordSource
from application.record_changes import RecordChanges
from application.reports import BatchReport, PipelineState
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlKind, ControlMessage, SkippedRecord
from domain.errors import TransformationError
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource

PATIENCE = 10.0
"""Seconds until a test that waits for something says that it never came."""


class PlainDecoder:
    """Takes the value as it is for the new row; ``bad`` is poison, ``skip`` is skipped."""

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if record.value is None:
            return ControlMessage(
                stream_id=stream_id,
                kafka_partition=record.partition,
                kafka_offset=record.offset,
                kafka_timestamp=record.timestamp * 1000,
                kind=ControlKind.TOMBSTONE,
            )
        if record.value.startswith(b"bad"):
            raise TransformationError("the value begins with bad")
        if record.value.startswith(b"skip"):
            return SkippedRecord("test")
        return AuditRecord(
            stream_id=stream_id,
            kafka_partition=record.partition,
            kafka_offset=record.offset,
            change_timestamp=record.timestamp * 1000,
            timestamp_source=TimestampSource.KAFKA,
            operation=OperationTypeEnum.INSERT,
            source_table=record.topic,
            new_data=record.value.decode(),
            before_image=BeforeImage.ABSENT,
            decoder_version=1,
        )


class Reports:
    """Keeps the reports of batches."""

    def __init__(self) -> None:
        self.all: list[BatchReport] = []

    def committed(self, report: BatchReport) -> None:
        """Keep it."""
        self.all.append(report)


class Rig:
    """
    A pipeline and what it is made of.

    Args:
        broker: A new one with the topic ``orders`` if None.
        store: A new one if None.
        source: A new member of the broker's group if None.
        transformer: A new one if None.
        config: The documented defaults if None.
        window: Tells poison from trouble.
        reset: Where a trail without offsets begins.
        clock: A monotonic clock, in seconds.
    """

    def __init__(  # noqa: PLR0913 - each test replaces one of them
        self,
        *,
        broker: MemoryBroker | None = None,
        store: AuditStore | None = None,
        source: RecordSource | None = None,
        transformer: BatchTransformer | None = None,
        config: ConsumerConfig | None = None,
        window: FailureWindow | None = None,
        reset: str = "earliest",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if broker is None:
            broker = MemoryBroker()
            broker.create_topic("orders")
        self.broker = broker
        self.memory = store if isinstance(store, MemoryAuditStore) else MemoryAuditStore()
        self.trail = self.memory.trail
        self.store: AuditStore = store or self.memory
        self.source: RecordSource = source or MemoryChangeSource(broker)
        self.transformer: BatchTransformer = transformer or MemoryBatchTransformer(
            PlainDecoder(), MemoryRowEncoder()
        )
        self.reports = Reports()
        self.config = config or ConsumerConfig(shutdown_timeout=5.0)
        self.pipeline = RecordChanges(
            self.source,
            self.transformer,
            self.store,
            self.reports,
            self.config,
            window=window,
            reset=reset,
            writer=self.memory.writer,
            clock=clock,
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Rig"]:
        """Run the pipeline, and stop it as SIGTERM does. What it raised is raised here."""
        task = asyncio.create_task(self.pipeline.run())
        try:
            yield self
        finally:
            self.pipeline.request_stop()
            await task

    def values(self, topic: str = "orders") -> Sequence[str]:
        """The new rows in the trail, in the order of the topic's partitions and offsets."""
        return [
            stored.record.new_data or ""
            for _, stored in sorted(self.trail.records.items())
            if stored.topic == topic
        ]

    async def until_caught_up(self) -> None:
        """Wait until every offset of the broker is in the trail."""
        await until(self.is_caught_up)

    def is_caught_up(self) -> bool:
        """Whether every offset of the broker is in the trail."""
        positions = {(self.trail.topic_of(s), p): o for (s, p), o in self.trail.positions().items()}
        return all(positions.get(key) == log.end for key, log in self.broker.logs.items())


def counts(rig: Rig) -> list[int]:
    """Records in each batch that was committed."""
    return [report.record_count for report in rig.reports.all]


def lag(rig: Rig) -> int:
    """Records that were not polled yet."""
    return rig.pipeline.status().lag or 0


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a condition over many objects has no event
            await asyncio.sleep(0.002)


def in_state(pipeline: RecordChanges, state: PipelineState) -> Callable[[], bool]:
    """A condition for `until`."""
    return lambda: pipeline.status().state is state
