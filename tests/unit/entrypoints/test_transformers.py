"""Which transformer the settings open."""

import subprocess
import sys

from adapters.memory.row_encoder import MemoryRowEncoder, split_rows
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.stream import StreamPartition
from entrypoints.transformers import open_transformer
from tests.builders import a_raw_record
from tests.pipelines import PlainDecoder

LIMIT = 1024


def a_batch_of(*values: bytes) -> ConsumedBatch:
    records = [a_raw_record(offset, value=value) for offset, value in enumerate(values)]
    orders = StreamPartition(1, 0, "orders")
    part = PartitionSlice(orders, expected=0, next_offset=len(records), records=records)
    return ConsumedBatch([part], size=0, polled_at=0.0)


async def test_in_process_it_makes_rows_in_the_form_of_the_store() -> None:
    async with open_transformer(
        engine="inprocess",
        decoder=PlainDecoder(),
        encoder=MemoryRowEncoder(),
        ray=RayConfig(),
        consumer=ConsumerConfig(),
    ) as transformer:
        batch = await transformer.transform(a_batch_of(b"one", b"two"))

        assert transformer.engine == "inprocess"
    assert [row.new_data for row in split_rows(batch.rows)] == ["one", "two"]


async def test_a_record_larger_than_the_setting_allows_is_quarantined_without_bytes() -> None:
    async with open_transformer(
        engine="inprocess",
        decoder=PlainDecoder(),
        encoder=MemoryRowEncoder(),
        ray=RayConfig(),
        consumer=ConsumerConfig(max_record_bytes=LIMIT),
    ) as transformer:
        batch = await transformer.transform(a_batch_of(b"small", b"x" * LIMIT))

    (bad,) = batch.quarantined
    assert (bad.kafka_offset, bad.value, bad.error_type) == (1, None, "RecordTooLargeError")
    assert batch.row_count == 1


def test_in_process_ray_is_never_imported() -> None:
    program = """
import asyncio, sys
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from entrypoints.transformers import open_transformer
from tests.pipelines import PlainDecoder

async def main():
    opened = open_transformer(engine="inprocess", decoder=PlainDecoder(),
        encoder=MemoryRowEncoder(), ray=RayConfig(), consumer=ConsumerConfig())
    async with opened as transformer:
        print(transformer.engine)

asyncio.run(main())
print("ray" in sys.modules)
"""
    command = [sys.executable, "-c", program]

    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert ran.stdout.splitlines() == ["inprocess", "False"]
