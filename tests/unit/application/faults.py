"""Parts of a pipeline that a test can stop, break and mend."""

import asyncio
import time
from collections.abc import Callable, Sequence

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.memory.trail import MemoryTrail
from application.transform_load import TransformLoad
from application.transform_records import transform_records
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import TransformationError
from domain.quarantine import QuarantinedRecord
from domain.stream import Claim, LogPartition
from domain.transformed import TransformedBatch
from tests.pipelines import PlainDecoder, until


class GatedStore(MemoryAuditStore):
    """
    A store whose appends wait at a gate, with their rows on the way.

    Attributes:
        gate: Open (set) at first.
        door: Where an append waits before its rows are on the way; open (set) at first.
        under_way: Appends that wait at the gate or the door now.
        appended: What came to the gate, in order.
    """

    def __init__(self, trail: MemoryTrail | None = None) -> None:
        super().__init__(trail)
        self.gate = asyncio.Event()
        self.gate.set()
        self.door = asyncio.Event()
        self.door.set()
        self.under_way = 0
        self.appended: list[ConsumedBatch] = []

    async def append(
        self,
        batch: TransformedBatch,
        source: ConsumedBatch,
        *,
        sending: Callable[[], None] | None = None,
    ) -> Sequence[QuarantinedRecord]:
        """Append, as the port has it, when door and gate are open."""
        self.appended.append(source)
        self.under_way += 1
        try:
            await self.door.wait()
            if sending:
                sending()
            await self.gate.wait()
            return await super().append(batch, source)
        finally:
            self.under_way -= 1

    async def until_under_way(self, appends: int = 1) -> None:
        """Wait until so many appends wait at the gate."""
        await until(lambda: self.under_way == appends)


class FreezableSource(MemoryChangeSource):
    """
    A source whose polls can be frozen, as a process is by SIGSTOP.

    Attributes:
        awake: Set at first.
    """

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.awake = asyncio.Event()
        self.awake.set()

    async def poll(self) -> ConsumedBatch | None:
        """Poll, as the port has it, when awake."""
        await self.awake.wait()
        return await super().poll()


class MendableDecoder(PlainDecoder):
    """A decoder that fails on everything while it is broken."""

    def __init__(self) -> None:
        self.is_broken = False

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if self.is_broken:
            raise TransformationError("broken since the deploy")
        return super().decode(record, stream_id)


class Clock:
    """
    A monotonic clock that a test can put forward.

    Attributes:
        ahead: Seconds that it is ahead of the machine's.
    """

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return time.monotonic() + self.ahead


def a_transformer(decoder: PlainDecoder | None = None) -> MemoryBatchTransformer:
    """A transformer over a decoder of the test's."""
    return MemoryBatchTransformer(decoder or PlainDecoder(), MemoryRowEncoder())


async def store_behind_its_back(trail: MemoryTrail, source: ConsumedBatch) -> str:
    """Store the records of `source` as another writer does, and give that writer's token."""
    rival = MemoryAuditStore(trail)
    batch = transform_records(PlainDecoder(), MemoryRowEncoder(), source.slices)
    await rival.append(batch, source)
    return rival.writer


class RefusingStore(MemoryAuditStore):
    """A store that refuses to have partitions read on."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self.refusal = refusal

    async def claim(self, partitions: Sequence[LogPartition]) -> Sequence[Claim]:
        """Refuse."""
        del partitions
        raise self.refusal


class OnManyWorkers(MemoryBatchTransformer):
    """A transformer that five batches at a time keep busy."""

    def load(self) -> TransformLoad:
        """Tell so."""
        return TransformLoad(actors=4, least=0, most=4, worth_under_way=5)
