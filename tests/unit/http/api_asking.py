"""A small trail with two tables, gaps and a quarantine, and people who ask the API about it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from starlette.types import ASGIApp

from adapters.memory.access import MemoryAccessLog, MemoryEndedSessions, MemoryTokenStore
from adapters.memory.quarantine import MemoryQuarantine
from application.retry_quarantined import RetryOutcome, RetryReport
from domain.access import Role
from domain.gap import Gap, GapCause
from domain.quarantine_entry import QuarantineEntry
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import page_access
from entrypoints.http.page_app import page_app
from entrypoints.http.site import TrailSite
from tests.builders import NOON, SECOND, a_quarantined_record
from tests.unit.http.page_data import PageTrail, a_delete, an_insert

API = "/api/v1"
ORDER = {"table": "orders", "key": "7"}
BEFORE_ALL = "2023-11-14T00:00"
AFTER_ALL = "2023-11-15T00:00"


async def post(app: ASGIApp, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    """Send `body` to `app`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.post(path, content=body, headers=headers)


class Desk:
    """
    The API over a trail in memory, where everybody has a token.

    `public.orders` has three changes of one row, `private.salaries` one; transaction 771 has two
    changes of the first and the one of the second. Each topic has a gap, and a record in
    quarantine.

    Attributes:
        trail: The trail.
        log: What was looked at.
        site: The trail, as page and API have it.
        app: The application.
    """

    def __init__(
        self,
        *,
        can_retry: bool = False,
        trouble: Exception | None = None,
        closing: asyncio.Event | None = None,
    ) -> None:
        self.trail = PageTrail()
        self.log = MemoryAccessLog()
        self._fill()
        config = AccessConfig(mode="tokens")
        config.validate()
        self._access = page_access(
            config, MemoryTokenStore(), self.log, ended=MemoryEndedSessions()
        )
        self.site = self._site(can_retry=can_retry, trouble=trouble)
        self.app: ASGIApp = page_app(
            self.site, access=self._access, closing=closing, allowed_hosts=["testserver"]
        )

    async def token(self, role: Role = Role.READER, *tables: str) -> str:
        """The secret of a new token; for all tables, or for some."""
        _, secret = await self._access.tokens.create("ada", role, tables=tables)
        return secret

    async def ask(
        self,
        path: str,
        token: str | None = None,
        *,
        method: str = "GET",
        json: object = None,
        parameters: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask as an all-seeing reader, or with a token."""
        secret = token or await self.token()
        url = f"{API}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        sent = {"Authorization": f"Bearer {secret}"}
        async with self.client() as client:
            return await client.request(method, url, json=json, headers=sent)

    async def told(self, path: str, token: str | None = None, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for something that is there."""
        answer = await self.ask(path, token, parameters=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient]:
        """A program that speaks to the application without a socket."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client

    def _site(self, *, can_retry: bool, trouble: Exception | None) -> TrailSite:
        async def retry(entry: QuarantineEntry) -> RetryReport:
            if trouble is not None:
                raise trouble
            return RetryReport(entry, RetryOutcome.PLACED, what="INSERT")

        site = self.trail.site()
        quarantine = MemoryQuarantine(self.trail.memory)
        return msgspec.structs.replace(
            site, quarantine=quarantine, retry=retry if can_retry else None
        )

    def _fill(self) -> None:
        key, transaction = {"record_key": '{"id":7}'}, {"transaction_id": "771"}
        new, paid = '{"id":7,"status":"new"}', '{"id":7,"status":"paid"}'
        self._add(0, "orders", **an_insert(new_data=new, **key, **transaction))
        changed = {"old_data": new, "new_data": paid, "changed_columns": ("status",)}
        self._add(1, "orders", change_user="app:ada", **changed, **key, **transaction)
        salary = an_insert(new_data='{"id":1,"amount":90000}', record_key='{"id":1}')
        self._add(2, "salaries", source_schema="private", change_user="hr", **salary, **transaction)
        self._add(3, "orders", **a_delete(old_data=paid, **key))
        for stream, topic in ((1, "shop.public.orders"), (2, "shop.private.salaries")):
            self._lose(stream, topic)

    def _add(self, seconds: int, table: str, **fields: Any) -> None:  # noqa: ANN401 - any field
        self.trail.add(table=table, **{"change_timestamp": NOON + seconds * SECOND, **fields})

    def _lose(self, stream: int, topic: str) -> None:
        memory = self.trail.memory
        place = memory.streams[stream - 1]
        memory.streams[stream - 1] = msgspec.structs.replace(place, topic=topic)
        memory.gaps.append(
            Gap(
                stream_id=stream,
                partition=0,
                first_offset=50,
                next_offset=60,
                cause=GapCause.EXPIRED,
                evidence="the log starts at 60",
            )
        )
        bad = a_quarantined_record(99, stream_id=stream, topic=topic, value=b"\xff\x00")
        memory.quarantine[stream, 0, 99] = bad
        memory.events[stream] = []
        memory.entries[stream] = QuarantineEntry(
            error_id=stream, record=bad, cluster_id="cluster", created_at=NOON
        )
