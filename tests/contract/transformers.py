"""Every engine over the same decoder and encoder, and the batches that they are to transform."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.inprocess.transformer import InProcessTransformer
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.ray.config import RayConfig
from adapters.ray.opening import open_workers
from adapters.ray.work import TransformWork
from application.ports import BatchTransformer
from application.transform_records import DEFAULT_MAX_RECORD_BYTES, transform_records
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord, PartitionSlice, RawRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import SchemaRegistryUnavailableError
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch
from tests.benchmarks.events import plain
from tests.benchmarks.typed_events import with_schema
from tests.builders import NOON

SNAPSHOT_ROW = (
    b'{"op":"r","after":{"id":1},"source":{"connector":"postgresql","name":"shop","db":"shop",'
    b'"schema":"public","table":"orders","ts_ms":1700000000000,"snapshot":"true"},'
    b'"ts_ms":1700000000003}'
)
POISON = b"\x00no json"
DEFECT = b"defect"
SKIPPED = b"skip"
UNKNOWABLE = b"its schema is in a registry that is away"
TOO_LARGE = b"x" * (DEFAULT_MAX_RECORD_BYTES + 1)


class ContractDecoder(DebeziumDecoder):
    """Debezium's decoder, with a rule that skips, a defect, and a registry that is away."""

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        if record.value == SKIPPED:
            return SkippedRecord("test")
        if record.value == UNKNOWABLE:
            raise SchemaRegistryUnavailableError("the registry at http://registry is away")
        if record.value == DEFECT:
            raise LookupError("a defect of the decoder")
        return super().decode(record, stream_id)

    def __reduce__(self) -> tuple[type["ContractDecoder"], tuple[()]]:
        return type(self), ()


def an_encoder() -> PostgresRowEncoder:
    """An encoder, as every engine has its own."""
    return PostgresRowEncoder(1)


@asynccontextmanager
async def in_memory() -> AsyncGenerator[BatchTransformer]:
    """The fake."""
    yield MemoryBatchTransformer(ContractDecoder(), an_encoder())


@asynccontextmanager
async def in_process() -> AsyncGenerator[BatchTransformer]:
    """In this process."""
    transformer = InProcessTransformer(ContractDecoder(), an_encoder())
    yield transformer
    transformer.close()


@asynccontextmanager
async def on_ray() -> AsyncGenerator[BatchTransformer]:
    """On a local Ray."""
    work = TransformWork(ContractDecoder(), an_encoder(), max_record_bytes=DEFAULT_MAX_RECORD_BYTES)
    config = RayConfig(workers=2, object_store_bytes=100 * 1024 * 1024)
    async with open_workers(work, config) as transformer:
        yield transformer


OpenTransformer = Callable[[], AbstractAsyncContextManager[BatchTransformer]]

EVERY_TRANSFORMER = [in_memory, in_process, pytest.param(on_ray, marks=pytest.mark.ray)]


def a_part(
    *values: bytes | None,
    partition: int = 0,
    topic: str = "shop.public.orders",
    compacted: bool = False,
    holes: int = 0,
) -> PartitionSlice:
    """Records with these values, with so many offsets without a record before each."""
    records = [
        RawRecord(
            topic=topic,
            partition=partition,
            offset=(holes + 1) * place + holes,
            timestamp=NOON // 1000 + place,
            key=b'{"id":%d}' % place,
            value=value,
            headers=(("trace", b"\xff"), ("trace", None)),
        )
        for place, value in enumerate(values)
    ]
    return PartitionSlice(
        partition=StreamPartition(1, partition, topic),
        expected=0,
        next_offset=(holes + 1) * len(values),
        records=records,
        compacted=compacted,
    )


def of(*parts: PartitionSlice) -> ConsumedBatch:
    """A batch of these slices."""
    size = sum(len(r.key or b"") + len(r.value or b"") for part in parts for r in part.records)
    return ConsumedBatch(parts, size=size, polled_at=0.0)


UNTYPED = (
    b'{"op":"c","after":{"id":1,"amount":"bg=="},"source":{"connector":"postgresql","name":"shop",'
    b'"db":"shop","schema":"public","table":"orders","ts_ms":1700000000000},"ts_ms":1700000000003}'
)
"""A row without schema, whose amount needs a type to be read."""


def updates(count: int) -> list[bytes]:
    """Updates, every third one with its schema."""
    return [with_schema(n) if n % 3 == 0 else plain(n) for n in range(count)]


def a_mixed_part(partition: int = 0, *, compacted: bool = False, holes: int = 0) -> PartitionSlice:
    """A slice with every disposition."""
    values = [*updates(4), None, POISON, SNAPSHOT_ROW, SKIPPED, DEFECT, *updates(2)]
    return a_part(*values, partition=partition, compacted=compacted, holes=holes)


def a_transaction_part() -> PartitionSlice:
    """A slice with a control message that is kept."""
    # A control message that is stored, unlike a tombstone, which is only counted.
    begin = b'{"status":"BEGIN","id":"771:1","event_count":null,"ts_ms":1700000000000}'
    return a_part(begin, topic="shop.transaction")


def transformed_directly(batch: ConsumedBatch) -> TransformedBatch:
    """What the batch is transformed to by the pure loop."""
    return transform_records(ContractDecoder(), an_encoder(), batch.slices)
