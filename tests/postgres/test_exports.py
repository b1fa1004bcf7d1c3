"""A large export while writers commit: of one moment, a page at a time, each statement short."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Generator, Sequence

import msgspec
import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.reading import Reading
from adapters.postgres.trail_exporter import PostgresTrailExporter
from application.trail_query import Place, StoredRecord, TrailQuery
from domain.errors import QueryTooWideError, RepositoryError
from tests.postgres.locked_trail import a_locked_trail
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

ROWS = 110_000
PAGE = 500
NOW = time.time()
"""Where the trail ends, as most do: the first windows of time are narrow there."""
_FILL = """
INSERT INTO audit_logging (
    stream_id, kafka_partition, kafka_offset, change_timestamp, operation, new_data
)
SELECT stream_id, %(partition)s, n,
    to_timestamp(%(now)s) - n %% 80 * interval '1 day' - n * interval '1 millisecond',
    'INSERT', '{"id":1}'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, kafka_stream WHERE topic = 'api'
"""


@pytest.fixture(scope="module")
def filled() -> Generator[DatabaseConfig]:
    """Give a trail of 80 days with a single session, once for all that ask for it."""
    values = {"now": NOW, "partition": 0, "first": 1, "last": ROWS}
    with scratch_database(max_overflow=0) as config:
        with psycopg.connect(config.conninfo, autocommit=True) as server:
            days = [int(NOW) // 86_400 - ago for ago in range(83)]
            server.execute("SELECT audit_ensure_partitions(%s)", [days])
            server.execute(_FILL.encode(), values)
        yield config


async def _writes(config: DatabaseConfig, partition: int, *, wrote: asyncio.Event) -> None:
    """Commit rows of all days, again and again, until cancelled."""
    async with await psycopg.AsyncConnection.connect(config.conninfo, autocommit=True) as writer:
        first = 1
        while True:
            values = {"now": NOW, "partition": partition, "first": first, "last": first + 79}
            await writer.execute(_FILL.encode(), values)
            wrote.set()
            first += 80


async def test_a_long_export_is_of_one_moment_and_holds_one_page_at_a_time(
    filled: DatabaseConfig,
) -> None:
    seen: set[str] = set()
    sizes: list[int] = []
    places: list[Place] = []
    wrote = [asyncio.Event(), asyncio.Event()]
    async with open_pool(filled, access=Access.READ) as pool, asyncio.TaskGroup() as writers:
        pages = PostgresTrailExporter(Reading(pool, filled)).pages(TrailQuery(limit=PAGE))
        first = await anext(pages)
        tasks = [
            writers.create_task(_writes(filled, 1 + n, wrote=event))
            for n, event in enumerate(wrote)
        ]
        await asyncio.gather(*(event.wait() for event in wrote))
        page: Sequence[StoredRecord] | None = first
        while page is not None:
            sizes.append(len(page))
            seen.update(stored.id for stored in page)
            places += [stored.place for stored in page]
            page = await anext(pages, None)
        for task in tasks:
            task.cancel()

    assert (len(seen), sum(sizes)) == (ROWS, ROWS)
    assert max(sizes) == PAGE
    assert places == sorted(places, reverse=True)


async def test_an_export_that_the_database_has_no_time_for_says_so() -> None:
    async with a_locked_trail() as (pool, config):
        pages = PostgresTrailExporter(Reading(pool, config)).pages(TrailQuery())

        with pytest.raises(QueryTooWideError, match=r"gave up after 0\.2 s"):
            await anext(pages)


async def test_an_export_that_nobody_takes_to_its_end_gives_its_session_back(
    filled: DatabaseConfig,
) -> None:
    async with open_pool(filled, access=Access.READ) as pool:
        exporter = PostgresTrailExporter(Reading(pool, filled))
        for _ in range(2):
            async with contextlib.aclosing(exporter.pages(TrailQuery(limit=PAGE))) as pages:
                assert len(await anext(pages)) == PAGE


async def test_exports_leave_half_of_the_sessions_to_others(filled: DatabaseConfig) -> None:
    config = msgspec.structs.replace(filled, pool_size=4)
    async with open_pool(config, access=Access.READ) as pool, contextlib.AsyncExitStack() as stack:
        exporter = PostgresTrailExporter(Reading(pool, config))

        async def begin() -> AsyncGenerator[Sequence[StoredRecord]]:
            pages = exporter.pages(TrailQuery(limit=PAGE))
            await stack.enter_async_context(contextlib.aclosing(pages))
            assert len(await anext(pages)) == PAGE
            return pages

        first, _ = await begin(), await begin()
        with pytest.raises(RepositoryError, match="2 exports are under way"):
            await begin()
        await first.aclose()

        await begin()
