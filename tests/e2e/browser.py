"""
The page as a person has it: served on loopback, opened in Chromium, watched all the time.

Playwright's loop and ours do not mix in one thread, so the server has a thread of its own. The
plugin's own fixtures keep Playwright's loop running until the session ends, and no asynchronous
test could run behind them: here it ends with the module.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    expect,
    sync_playwright,
)

from adapters.memory.quarantine import MemoryQuarantine
from application.reports import PipelineState, PipelineStatus
from application.trail_query import StoredRecord
from entrypoints.http.page_access import PageAccess
from entrypoints.http.page_app import page_app
from entrypoints.http.serving import Endpoint, Served, serving
from tests.processes import PATIENCE
from tests.unit.http.page_data import PageTrail

_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_REASON = "needs Chromium (Debian's package `chromium`)"
_Result = TypeVar("_Result")


@contextmanager
def chromium() -> Generator[Browser]:
    """Start the system's browser; skip where there is none. A busy machine is no failure."""
    expect.set_options(timeout=PATIENCE * 1_000)
    if _CHROMIUM is None:
        pytest.skip(_REASON)
    unsandboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=unsandboxed)
        yield browser
        browser.close()


class PageServer:
    """
    The page over a trail in memory, which tests write to while it is open.

    Args:
        trail: The trail.
        access: Who may look; None lets everybody.

    Attributes:
        trail: The trail; write to it with `commit` only, while the server runs.
        url: Where the page is.
    """

    def __init__(self, trail: PageTrail, access: PageAccess | None = None) -> None:
        self.trail = trail
        self._access = access
        self.url = ""
        self._status = PipelineStatus(state=PipelineState.RUNNING, lag=0)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def wait_for(self, reason: str) -> None:
        """Tell that the pipeline waits for something."""
        self._status = PipelineStatus(state=PipelineState.WAITING, reason=reason)

    def commit(self, **fields: Any) -> StoredRecord:  # noqa: ANN401 - any field
        """Commit one record, between two steps of the server."""

        async def add() -> StoredRecord:
            return self.trail.add(**fields)

        return self.run(add())

    def run(self, asked: Coroutine[Any, Any, _Result]) -> _Result:
        """Let the server's loop do something."""
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(PATIENCE)

    def start(self) -> Callable[[], None]:
        """Serve; gives what ends it."""
        started: Future[Served] = Future()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="page-server"
        )
        thread.start()
        self.url = started.result(PATIENCE).url

        def end() -> None:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()

        return end

    async def _serve(self, started: "Future[Served]") -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        closing = asyncio.Event()
        quarantine = MemoryQuarantine(self.trail.memory)
        app = page_app(
            msgspec.structs.replace(self.trail.site(), quarantine=quarantine),
            status=lambda: self._status,
            closing=closing,
            access=self._access,
        )
        endpoint = Endpoint(
            name="page", app=app, host="127.0.0.1", port=0, setting="http.port", closing=closing
        )
        async with serving([endpoint]) as (served,):
            started.set_result(served)
            await self._stop.wait()


@contextmanager
def page_server(trail: PageTrail, access: PageAccess | None = None) -> Generator[PageServer]:
    """Serve the page over `trail`."""
    server = PageServer(trail, access)
    end = server.start()
    try:
        yield server
    finally:
        end()


class AnyServer(Protocol):
    """A page that is served, here or by another process."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...


@contextmanager
def a_tab(browser: Browser, server: AnyServer, **options: Any) -> Generator[Page]:  # noqa: ANN401 - any option
    """
    Open a tab at the list of changes.

    Whatever a test does in it, nothing may be complained of in the console (the policy for
    content complains there), and no other host may be asked.

    Args:
        browser: The browser.
        server: What is opened.
        options: Of the context: size, colour scheme, whether there is JavaScript.
    """
    complaints: list[str] = []
    foreign: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def failed(error: Error) -> None:
        complaints.append(str(error))

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(server.url).netloc:
            foreign.append(request.url)

    context = browser.new_context(base_url=server.url, **options)
    try:
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", failed)
        context.on("request", asked)
        page.goto("/")
        yield page
    finally:
        context.close()
    assert complaints == []
    assert foreign == []


def lines(page: Page) -> list[str]:
    """The tables of the lines, from the top."""
    return page.locator("#rows a.open").all_inner_texts()
