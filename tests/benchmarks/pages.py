"""
What a page of the page costs the server, over a large trail in PostgreSQL.

    request ──▶ [ guard ─▶ session ─▶ questions ─▶ template ─▶ access log ] ──▶ last byte

What stands in brackets is measured, as the service wires it: from the request's arrival at the
application until its last byte is handed over. The network and the browser are not in it.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from urllib.parse import urlencode

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.postgres.access_store import (
    PostgresAccessLog,
    PostgresEndedSessions,
    PostgresTokenStore,
)
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, open_pool
from adapters.postgres.trail_readers import postgres_readers
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import page_access
from entrypoints.http.page_app import page_app
from entrypoints.http.site import trail_site
from tests.benchmarks.large_trail import TABLES, busy_keys_of, fill, keys_of
from tests.benchmarks.measuring import Figures, figure, percentile
from tests.benchmarks.rig import Rig

_WARM_UP = 10
_OK = 200


class Timed:
    """
    An application that notes how long each answer took.

    Attributes:
        took: Milliseconds of each request, in order.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.took: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note the time."""
        began = time.perf_counter()
        await self._app(scope, receive, send)
        self.took.append((time.perf_counter() - began) * 1_000)


def measure(rig: Rig) -> Figures:
    """Fill a trail, and measure how long its pages take."""
    rows = rig.scale.trail
    with rig.database() as database:
        fill(rig, database, rows)
        return asyncio.run(_measured(rig, database, rows))


async def _measured(rig: Rig, database: DatabaseConfig, rows: int) -> Figures:
    figures: Figures = {"page_rows": figure([float(rows)], "rows")}
    async with AsyncExitStack() as stack:
        app = await timed_page(stack, database)
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        await stack.enter_async_context(client)
        for name, urls in page_urls(rows, rig.scale.lookups).items():
            rig.say(f"pages: {name}")
            found = await _waits(app, client, urls)
            figures[f"page_{name}_ms"] = percentile(found, 50, "ms")
            figures[f"page_{name}_p99_ms"] = percentile(found, 99, "ms")
    return figures


async def timed_page(stack: AsyncExitStack, database: DatabaseConfig) -> Timed:
    """The page over `database`, as the service has it: two pools, and every look written down."""
    pool = await stack.enter_async_context(open_pool(database))
    readers = await stack.enter_async_context(open_pool(database, access=Access.READ))
    access = page_access(
        AccessConfig(),
        PostgresTokenStore(pool, database),
        PostgresAccessLog(pool, database),
        ended=PostgresEndedSessions(pool, database),
    )
    site = trail_site(postgres_readers(readers, database))
    return Timed(page_app(site, access=access))


def page_urls(rows: int, count: int) -> Mapping[str, Sequence[str]]:
    """What is asked for: of ten rows, one is busy."""
    choice = random.Random(7)  # noqa: S311 - the same pages in each run
    ordinary, busy = keys_of(rows), busy_keys_of(rows)
    keys = [
        ordinary + n % busy if n % 10 == 0 else choice.randrange(ordinary) for n in range(count)
    ]
    tables = [f"table_{key % TABLES}" for key in keys]
    named = [(f"public.{table}", key) for table, key in zip(tables, keys, strict=True)]
    return {
        "home": ["/"] * count,
        "search_by_key": [f"/search?{urlencode({'table': t, 'key': k})}" for t, k in named],
        "row": [f"/rows?{urlencode({'table': t, 'key': k})}" for t, k in named],
        "change": [f"/changes/2-0-{choice.randrange(rows)}" for _ in range(count)],
    }


async def _waits(app: Timed, client: httpx.AsyncClient, urls: Sequence[str]) -> list[float]:
    for url in [*urls[:_WARM_UP], *urls]:
        answer = await client.get(url)
        if answer.status_code != _OK:
            raise RuntimeError(f"{url} was answered with {answer.status_code}")
    return app.took[-len(urls) :]
