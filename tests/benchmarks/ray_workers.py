"""
Ray's workers beside this process, where the database is not the limit: what they make is dropped.

    batches ──▶ InProcessTransformer                   one after the other
           └──▶ Ray, two actors, four batches under way

The bytes go to the workers and come back; only the COPY is left out. What shipping costs is the
processor's time of this process while Ray's work.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.sql_files import wanted_version
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from application.open_batch import batch_of
from application.ports import BatchTransformer
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.stream import StreamPartition
from entrypoints.transformers import open_transformer
from tests.benchmarks import events
from tests.benchmarks.decoding import SHAPES, Shape
from tests.benchmarks.measuring import Figures, alternate, figure, ratio
from tests.benchmarks.rig import Rig

MEASURED = ("with_schema", "avro", "plain")
ACTORS = 2
UNDER_WAY = 4
RECORDS_OF_A_BATCH = 4_000
_PATIENCE = 90.0
_LOOK_EVERY = 0.05


def measure(rig: Rig) -> Figures:
    """
    Measure each shape on both, in turn.

    Raises:
        TimeoutError: Ray did not come.
    """
    figures: Figures = {}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            rig.say("Ray starts")
            engines = runner.run(_opened(stack))
            _wait_for_ray(runner, engines["ray"])
            for name in MEASURED:
                rig.say(f"Ray: {name}")
                figures |= _measure_shape(rig, runner, engines, name)
        finally:
            runner.run(stack.aclose())
    return figures


def _measure_shape(
    rig: Rig, runner: asyncio.Runner, engines: Mapping[str, BatchTransformer], name: str
) -> Figures:
    batches = _batches(SHAPES[name], rig.scale.on_ray)
    shipping: list[float] = []

    def rate(engine: str) -> float:
        cpu = time.process_time()
        found = _events_per_second(runner, engines[engine], batches)
        if engine == "ray":
            shipping.append((time.process_time() - cpu) / rig.scale.on_ray * 1e6)
        return found

    rounds = rig.scale.rounds
    rates = alternate({engine: partial(rate, engine) for engine in engines}, rounds=rounds)
    return {
        **{f"{engine}_events_per_s_{name}": figure(rates[engine], "1/s") for engine in engines},
        f"ray_over_inprocess_{name}": ratio(rates["ray"], rates["inprocess"]),
        f"ray_shipping_us_per_event_{name}": figure(shipping[-rounds:], "us"),
    }


async def _opened(stack: AsyncExitStack) -> Mapping[str, BatchTransformer]:
    # A registry that has the Avro schema is no hindrance to the shapes that ask for none.
    decoder, encoder = SHAPES["avro"].decoder(), PostgresRowEncoder(wanted_version())
    return {
        engine: await stack.enter_async_context(
            open_transformer(
                engine=engine,
                decoder=decoder,
                encoder=encoder,
                ray=RayConfig(workers=ACTORS),
                consumer=ConsumerConfig(),
                may_block=True,
            )
        )
        for engine in ("inprocess", "ray")
    }


def _wait_for_ray(runner: asyncio.Runner, transformer: BatchTransformer) -> None:
    give_up = time.monotonic() + _PATIENCE
    while transformer.engine != "ray":
        if time.monotonic() > give_up:
            raise TimeoutError(f"Ray did not come within {_PATIENCE:g} s: {transformer.engine}")
        runner.run(asyncio.sleep(_LOOK_EVERY))


def _batches(shape: Shape, count: int) -> Sequence[ConsumedBatch]:
    each = min(RECORDS_OF_A_BATCH, count // UNDER_WAY)
    values = [shape.make(number) for number in range(count)]
    records = events.records(values)
    batches: list[ConsumedBatch] = []
    for first in range(0, count, each):
        part = records[first : first + each]
        place = StreamPartition(stream_id=1, partition=0, topic=events.TOPIC)
        made = PartitionSlice(place, first, first + len(part), part)
        batches.append(batch_of([made], polled_at=0.0))
    return batches


def _events_per_second(
    runner: asyncio.Runner, transformer: BatchTransformer, batches: Sequence[ConsumedBatch]
) -> float:
    began = time.perf_counter()
    rows = runner.run(_transform(transformer, batches))
    seconds = time.perf_counter() - began
    records = sum(batch.record_count for batch in batches)
    if rows != records:
        raise RuntimeError(f"{rows} of {records} events became rows")
    return records / seconds


async def _transform(transformer: BatchTransformer, batches: Sequence[ConsumedBatch]) -> int:
    room = asyncio.Semaphore(UNDER_WAY)

    async def transform(batch: ConsumedBatch) -> int:
        async with room:
            return (await transformer.transform(batch)).row_count

    return sum(await asyncio.gather(*map(transform, batches)))
