"""Every page by axe-core in both themes, and on the narrowest phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import violations
from tests.e2e.browser import PageServer, a_tab, chromium, page_server
from tests.unit.http.troubled_shop import a_troubled_shop

pytestmark = pytest.mark.browser

NARROW: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}
PAGES = (
    "/",
    "/?operation=UPDATE",
    "/search?table=orders&view=Orders",
    "/changes/3-0-1",
    "/changes/2-0-0?view=inline",
    "/changes/3-0-1/put-back",
    "/changes/3-0-1/put-back?what=transaction",
    "/rows?table=orders&key=7&column=status",
    "/rows?table=orders&key=7&change=3-0-1&side=before",
    "/diff?table=orders&key=7&earlier=2000-01-01&later=2100-01-01",
    "/diff?table=public.orders&earlier=2000-01-01&later=2100-01-01&view=inline",
    "/transactions?id=771",
    "/statistics",
    "/quarantine",
    "/quarantine/1",
    "/gaps",
    "/gaps/1",
    "/health",
    "/login",
)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    """Serve a shop in which something went wrong."""
    with page_server(a_troubled_shop()) as server:
        yield server


def settled(page: Page, path: str) -> None:
    """Open a page, and wait for what it loads by itself."""
    page.goto(path)
    page.wait_for_load_state("load")
    if path == "/":
        page.locator(".chart .uplot").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(chrome: Browser, server: PageServer, scheme: str) -> None:
    found: dict[str, list[str]] = {}

    with a_tab(
        chrome, server, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    ) as page:
        for path in PAGES:
            settled(page, path)
            found[path] = violations(page)

    assert found == {path: [] for path in PAGES}


def test_no_page_is_wider_than_the_narrowest_phone(chrome: Browser, server: PageServer) -> None:
    beyond: dict[str, int] = {}

    with a_tab(chrome, server, **NARROW) as page:
        for path in PAGES:
            settled(page, path)
            page.evaluate("document.querySelectorAll('details').forEach(d => (d.open = true))")
            root = "document.documentElement"
            beyond[path] = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")

    assert beyond == dict.fromkeys(PAGES, 0)


def test_every_page_is_read_without_javascript(chrome: Browser, server: PageServer) -> None:
    read: dict[str, bool] = {}

    with a_tab(chrome, server, java_script_enabled=False) as page:
        for path in PAGES:
            page.goto(path)
            heading = page.get_by_role("heading", level=1)
            read[path] = heading.is_visible() and not page.locator("#slider").is_visible()

    assert read == dict.fromkeys(PAGES, True)
