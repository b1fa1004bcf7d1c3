"""Somebody who comes to a guarded page with a browser or a program."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

from adapters.memory.access import MemoryAccessLog, MemoryEndedSessions, MemoryTokenStore
from domain.access import Role
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import PageAccess, page_access
from tests.unit.http.html_reading import read_html
from tests.unit.http.page_data import PageTrail
from tests.unit.http.page_reading import app_over
from tests.unit.http.shop_story import a_shop


class BrokenLog(MemoryAccessLog):
    """A log whose database is away."""

    async def write(self, look: object) -> None:
        """Fail."""
        raise ConnectionError(f"no connection to the database; {look.__class__.__name__} is lost")


class Guarded:
    """
    A page that asks who looks, over a small trail.

    Attributes:
        access: Who may look.
        log: What was written down.
        app: The application.
    """

    def __init__(
        self,
        *,
        log: MemoryAccessLog | None = None,
        trail: PageTrail | None = None,
        **settings: Any,  # noqa: ANN401 - any setting
    ) -> None:
        self.log = log or MemoryAccessLog()
        config = AccessConfig(mode="tokens")
        for name, value in settings.items():
            setattr(config, name, value)
        config.validate()
        self.access: PageAccess = page_access(
            config, MemoryTokenStore(), self.log, ended=MemoryEndedSessions()
        )
        self.app: ASGIApp = app_over(trail or a_shop(), access=self.access)

    async def token(self, name: str = "on-call", role: Role = Role.READER) -> str:
        """The secret of a new token."""
        _, secret = await self.access.tokens.create(name, role)
        return secret

    @asynccontextmanager
    async def browser(self, *, address: str = "127.0.0.1") -> AsyncGenerator[httpx.AsyncClient]:
        """A browser: it keeps cookies, and follows nothing by itself."""
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(address, 50_000)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            yield browser


async def csrf_of(browser: httpx.AsyncClient) -> str:
    """The secret of the browser's session, as its forms carry it."""
    form = read_html((await browser.get("/login")).text)
    (found,) = [
        field.attributes["value"]
        for field in form.all("input")
        if field.attributes.get("name") == "csrf"
    ]
    return found


async def log_in(
    browser: httpx.AsyncClient, secret: str, *, target: str = "/", csrf: str | None = None
) -> httpx.Response:
    """Open the form, fill it in, send it."""
    found = await csrf_of(browser)
    fields = {"token": secret, "next": target, "csrf": found if csrf is None else csrf}
    return await browser.post("/login", data=fields)
