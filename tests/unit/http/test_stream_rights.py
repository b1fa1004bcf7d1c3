"""A stream goes on only while its reader may look."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from adapters.memory.access import MemoryEndedSessions, MemoryTokenStore
from domain.access import AccessToken
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from entrypoints.http.access_guard import AccessGuard
from entrypoints.http.page_access import in_session, page_access
from entrypoints.http.serving import Endpoint, serving
from entrypoints.http.stream_rights import EVERY
from tests.processes import PATIENCE
from tests.unit.http.page_data import PageTrail, an_insert
from tests.unit.http.page_reading import app_over
from tests.unit.http.visitors import Guarded

STREAM = "/api/v1/changes/stream"


class Scene:
    """
    A stream of rows behind the guard, with a clock that is set by hand.

    Attributes:
        now: What the clock tells.
        between: Done between the two rows.
        sent: What left.
    """

    def __init__(self, guarded: Guarded, *, media_type: str) -> None:
        self.now = 0.0
        self.guarded = guarded
        self.sent: list[Message] = []
        self._media_type = media_type
        guard = AccessGuard(
            self._streaming,
            identities=guarded.access.identities,
            log=guarded.log,
            refuse=self._refuse,
            clock=lambda: self.now,
        )
        self._app = in_session(guard, guarded.access)

    async def read(self, secret: str) -> bytes:
        """Read the stream with a token, and give what left."""
        never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        async def send(message: Message) -> None:
            self.sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": "GET",
            "path": STREAM,
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {secret}".encode())],
            "client": ("127.0.0.1", 50_000),
        }
        await self._app(scope, lambda: never, send)
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def is_whole(self) -> bool:
        """Whether the answer looks as if nothing was missing."""
        return not self.sent[-1].get("more_body", False)

    async def between(self) -> None:
        """Let time pass, and revoke the token."""
        (token,) = await self.guarded.access.tokens.list()
        await self.guarded.access.tokens.revoke(token.id)
        self.now += EVERY

    async def _streaming(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["streamed"] = True
        await StreamingResponse(self._rows(), media_type=self._media_type)(scope, receive, send)

    async def _rows(self) -> AsyncGenerator[bytes]:
        yield b"first row"
        await self.between()
        yield b"second row"

    async def _refuse(self, request: Request, error: Exception) -> Response:
        del request
        raise error


@pytest.mark.parametrize(
    ("media_type", "is_whole"), [("text/event-stream", True), ("text/csv", False)]
)
async def test_a_stream_ends_when_its_token_is_revoked(media_type: str, *, is_whole: bool) -> None:
    guarded = Guarded()
    scene = Scene(guarded, media_type=media_type)

    left = await scene.read(await guarded.token())

    assert left == b"first row"
    assert scene.is_whole is is_whole
    assert [look.action for look in guarded.log.looks] == [f"GET {STREAM}", f"GET {STREAM} (end)"]


async def test_a_stream_whose_token_is_valid_goes_on() -> None:
    class Unrevoked(Scene):
        async def between(self) -> None:
            self.now += EVERY

    guarded = Guarded()
    left = await Unrevoked(guarded, media_type="text/csv").read(await guarded.token())

    assert left == b"first rowsecond row"


class UnsteadyTokens(MemoryTokenStore):
    """Tokens whose database can go away."""

    is_away = False

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        """The token, if the database can be reached."""
        if self.is_away:
            raise ConnectionError("no connection to the database")
        return await super().find(secret_hash)


async def test_a_stream_outlives_an_outage_of_the_database() -> None:
    guarded, tokens = Guarded(), UnsteadyTokens()
    guarded.access = page_access(
        guarded.access.config, tokens, guarded.log, ended=MemoryEndedSessions()
    )

    class Away(Scene):
        async def between(self) -> None:
            tokens.is_away = True
            self.now += EVERY

    left = await Away(guarded, media_type="text/csv").read(await guarded.token())

    assert left == b"first rowsecond row"


async def test_over_a_socket_whoever_follows_is_cut_off() -> None:
    guarded = Guarded()
    trail = PageTrail()
    headers = {"authorization": f"Bearer {await guarded.token()}"}
    app = app_over(trail, access=guarded.access)
    endpoint = Endpoint(name="page", app=app, host="127.0.0.1", port=0, setting="http.port")
    async with (
        asyncio.timeout(PATIENCE),
        serving([endpoint]) as (served,),
        httpx.AsyncClient(base_url=served.url, timeout=30, headers=headers) as client,
        client.stream("GET", STREAM) as stream,
    ):
        parts = stream.aiter_text()
        await anext(parts)
        (token,) = await guarded.access.tokens.list()
        await guarded.access.tokens.revoke(token.id)

        trail.add(**an_insert())
        async for _ in parts:  # ends only when the server ends it
            trail.add(**an_insert())
        again = await client.get(STREAM)

    assert again.status_code == 401
