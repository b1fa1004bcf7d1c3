"""
Looking up in a large trail, through the port that the page and the API read by.

    history   the changes of one key, anywhere in 60 monthly partitions
    latest    the newest 50 rows of one table; and of one that has one row in 10,000
"""

import asyncio
import random
import time
from collections.abc import Sequence

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.trail_reader import PostgresTrailReader
from application.ports import TrailReader
from application.trail_query import TrailQuery
from tests.benchmarks.large_trail import RARE, TABLES, fill, keys_of
from tests.benchmarks.measuring import Figures, figure, percentile
from tests.benchmarks.rig import Rig

_LIMIT = 50
_WARM_UP = 20


def measure(rig: Rig) -> Figures:
    """Fill a trail, and measure what its readers wait for."""
    rows = rig.scale.trail
    with rig.database() as database:
        fill(rig, database, rows)
        return asyncio.run(_measured(rig, database, rows))


async def _measured(rig: Rig, database: DatabaseConfig, rows: int) -> Figures:
    choice = random.Random(7)  # noqa: S311 - the same keys in each run
    keys = [choice.randrange(keys_of(rows)) for _ in range(rig.scale.lookups)]
    queries = {
        "history": [_history(key) for key in keys],
        "latest": [_latest(f"table_{key % TABLES}") for key in keys],
        "latest_rare": [_latest(RARE)] * max(1, len(keys) // 10),
    }
    async with open_pool(database, access=Access.READ) as pool:
        reader = PostgresTrailReader(pool, database)
        waits = {name: await _waits(rig, reader, name, asked) for name, asked in queries.items()}
    figures: Figures = {"lookups_rows": figure([float(rows)], "rows")}
    for name, found in waits.items():
        figures[f"{name}_p50_ms"] = percentile(found, 50, "ms")
        figures[f"{name}_p99_ms"] = percentile(found, 99, "ms")
    return figures


async def _waits(
    rig: Rig, reader: TrailReader, name: str, queries: Sequence[TrailQuery]
) -> list[float]:
    rig.say(f"lookups: {name}")
    waits: list[float] = []
    for query in [*queries[:_WARM_UP], *queries]:
        began = time.perf_counter()
        found = await reader.search(query)
        waits.append((time.perf_counter() - began) * 1_000)
        if not found:
            raise RuntimeError(f"nothing was found by {query}")
    return waits[-len(queries) :]


def _history(key: int) -> TrailQuery:
    return TrailQuery(
        source_table=f"table_{key % TABLES}", record_key=f'{{"id":{key}}}', limit=_LIMIT
    )


def _latest(table: str) -> TrailQuery:
    return TrailQuery(source_table=table, limit=_LIMIT)
