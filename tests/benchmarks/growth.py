"""
What an event costs as things grow: the table, the partitions of the topic, the source's tables.

    events ──▶ transform_records ──▶ PostgresAuditStore.append      in this process, without Kafka

Each round stores a batch of as many events in each of the cases, in turn; the ratio is to the
case where everything is small.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial

import msgspec

from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.lines import best_lines
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from application.ordinary_ports import OrdinaryLines
from application.ports import RowEncoder
from application.transform_records import transform_records
from domain.consumed import ConsumedBatch, PartitionSlice, RawRecord
from domain.stream import LogPartition, StreamPartition
from tests.benchmarks import events, large_trail
from tests.benchmarks.measuring import Figures, alternate, figure, ratio
from tests.benchmarks.rig import Rig


class Case(msgspec.Struct, frozen=True):
    """
    How large things are.

    Attributes:
        partitions: Partitions of each topic.
        tables: Tables of the source; each has a topic.
        is_large: Whether the trail has rows already.
    """

    partitions: int = 1
    tables: int = 1
    is_large: bool = False


CASES = {
    "small": Case(),
    "partitions_64": Case(partitions=64),
    "tables_500": Case(tables=500),
    "large_table": Case(is_large=True),
}


class _Writer:
    """Stores batches of a case, one after the other."""

    def __init__(self, case: Case, store: PostgresAuditStore, count: int) -> None:
        self._store = store
        self._case = case
        self._each = max(1, count // (case.partitions * case.tables))
        self._count = self._each * case.partitions * case.tables
        self._decoder = DebeziumDecoder()
        self._encoder: RowEncoder | None = None
        self._lines: OrdinaryLines | None = None
        self._claimed: Sequence[StreamPartition] = ()
        self._stored = 0

    async def start(self) -> None:
        self._encoder = await self._store.encoder()
        self._lines = best_lines(self._decoder, self._encoder)
        logs = [
            LogPartition(
                cluster_id="bench",
                topic=f"{events.TOPIC}_{table}",
                topic_id=None,
                partition=partition,
                log_start=0,
                log_end=0,
            )
            for table in range(self._case.tables)
            for partition in range(self._case.partitions)
        ]
        await self._store.begin(logs, reset="earliest")
        self._claimed = [claim.partition for claim in await self._store.claim(logs)]

    async def microseconds_each(self) -> float:
        assert self._encoder is not None, "it was not started"
        slices = [self._slice(number, place) for number, place in enumerate(self._claimed)]
        began = time.perf_counter()
        batch = transform_records(self._decoder, self._encoder, slices, lines=self._lines)
        await self._store.append(batch, ConsumedBatch(slices, 0, 0.0))
        seconds = time.perf_counter() - began
        if batch.row_count != self._count:
            raise RuntimeError(f"{batch.row_count} of {self._count} events became rows")
        self._stored += self._each
        return seconds / self._count * 1e6

    def _slice(self, number: int, place: StreamPartition) -> PartitionSlice:
        first = self._stored
        table = f'"table":"{place.topic.rpartition(".")[2]}"'.encode()
        records = [
            RawRecord(
                place.topic,
                place.partition,
                offset,
                events.FIRST_CHANGE_NS // 1_000_000 + offset,
                events.key(offset),
                events.plain(offset * len(self._claimed) + number).replace(
                    b'"table":"orders"', table
                ),
            )
            for offset in range(first, first + self._each)
        ]
        return PartitionSlice(place, first, first + self._each, records)


def measure(rig: Rig) -> Figures:
    """Measure each case, as a ratio to the one where everything is small."""
    with ExitStack() as stack, asyncio.Runner() as runner:
        databases = {name: stack.enter_context(rig.database()) for name in CASES}
        large_trail.fill(rig, databases["large_table"], rig.scale.trail)
        pools = AsyncExitStack()
        try:
            writers = runner.run(_opened(databases, pools, rig.scale.appended))
            rig.say("growth: batches are stored")
            samples = alternate(
                {name: partial(_stored, runner, writer) for name, writer in writers.items()},
                rounds=rig.scale.rounds,
            )
        finally:
            runner.run(pools.aclose())
    return {
        "store_us_per_event": figure(samples["small"], "us"),
        "large_table_rows": figure([float(rig.scale.trail)], "rows"),
        **{
            f"cost_{name}_over_small": ratio(samples[name], samples["small"])
            for name in CASES
            if name != "small"
        },
    }


def _stored(runner: asyncio.Runner, writer: _Writer) -> float:
    return runner.run(writer.microseconds_each())


async def _opened(
    databases: dict[str, DatabaseConfig], pools: AsyncExitStack, count: int
) -> dict[str, _Writer]:
    writers: dict[str, _Writer] = {}
    for name, database in databases.items():
        small = msgspec.structs.replace(database, pool_size=1)
        pool = await pools.enter_async_context(open_pool(small))
        store = PostgresAuditStore(pool, small, consumer_group="bench")
        writers[name] = _Writer(CASES[name], store, count)
        await writers[name].start()
    return writers
