"""Records whose value says what becomes of whoever decodes it, and batches of them."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.ray.work import TransformWork
from application.transform_records import transform_records
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord, PartitionSlice, RawRecord
from domain.control import ControlMessage, SkippedRecord
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch
from tests.builders import a_raw_record
from tests.pipelines import PlainDecoder

MAX_RECORD_BYTES = 100_000


class DangerousDecoder(PlainDecoder):
    """
    A `PlainDecoder` that some records are dangerous to.

    - ``exit`` ends the process.
    - ``exit once: <path>`` ends it unless there is a file at the path, which it makes before.
    - ``hang`` never returns.
    """

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        value = record.value or b""
        if value == b"exit":
            os._exit(7)
        if value == b"hang":
            threading.Event().wait()
        if value.startswith(b"exit once: "):
            made = Path(value.removeprefix(b"exit once: ").decode())
            if not made.exists():
                made.touch()
                os._exit(7)
        return super().decode(record, stream_id)


def a_work() -> TransformWork:
    """What workers do in these tests."""
    return TransformWork(DangerousDecoder(), MemoryRowEncoder(), max_record_bytes=MAX_RECORD_BYTES)


def a_slice(
    *values: bytes | None, partition: int = 0, first: int = 0, step: int = 1, compacted: bool = True
) -> PartitionSlice:
    """Consecutive records with these values; with a `step` above 1 there are holes between."""
    records: Sequence[RawRecord] = [
        a_raw_record(first + step * place, partition=partition, value=value)
        for place, value in enumerate(values)
    ]
    return PartitionSlice(
        partition=StreamPartition(1, partition, "shop.public.orders"),
        expected=first,
        next_offset=first + step * len(values),
        records=records,
        compacted=compacted,
    )


def a_batch_of(*slices: PartitionSlice) -> ConsumedBatch:
    """A batch of these slices."""
    size = sum(len(r.key or b"") + len(r.value or b"") for s in slices for r in s.records)
    return ConsumedBatch(slices, size=size, polled_at=0.0)


def numbered(count: int, *, start: int = 0) -> list[bytes]:
    """Values that name themselves."""
    return [b"row %d" % number for number in range(start, start + count)]


def transformed_here(batch: ConsumedBatch) -> TransformedBatch:
    """What the batch is transformed to in this process."""
    work = a_work()
    return transform_records(
        work.decoder, work.encoder, batch.slices, max_record_bytes=work.max_record_bytes
    )
