"""The page as three people use it: on call, for an audit, and with a customer on the phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters.memory.access import MemoryAccessLog, MemoryEndedSessions, MemoryTokenStore
from domain.access import Role
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import PageAccess, page_access
from tests.e2e.browser import PageServer, a_tab, chromium, page_server
from tests.e2e.keyboard import press
from tests.unit.http.troubled_shop import a_troubled_shop

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Serve a shop in which something went wrong."""
    with page_server(a_troubled_shop()) as server:
        yield server


@pytest.fixture
def tab(chrome: Browser, server: PageServer) -> Iterator[Page]:
    """Open the first page."""
    with a_tab(chrome, server) as page:
        yield page


def test_who_is_on_call_finds_what_else_happened_and_how_to_put_it_back(tab: Page) -> None:
    expect(tab.locator(".chart .uplot")).to_be_visible()
    tab.locator("#rows a.open").first.click()
    tab.get_by_role("link", name="Whole transaction").click()

    expect(tab.locator(".verdict")).to_contain_text("Complete.")
    expect(tab.locator("#rows tr")).to_have_count(6)

    tab.locator("#rows a.open").last.click()
    tab.get_by_role("link", name="Put it back…").click()
    tab.get_by_role("link", name="The row, to before this change").click()

    expect(tab.locator("#script")).to_contain_text('UPDATE "public"."orders"')


def test_who_audits_follows_what_is_missing_to_its_end(tab: Page) -> None:
    tab.get_by_role("link", name="1 open gap").click()
    tab.get_by_role("link", name="Gap 1", exact=True).click()
    tab.get_by_label("Why it is acceptable").fill("the week of the move; agreed with Ana")
    tab.get_by_role("button", name="Acknowledge gap 1").click()

    expect(tab.get_by_role("region", name="Acknowledged")).to_contain_text("agreed with Ana")

    tab.get_by_role("link", name="Quarantine").click()
    tab.get_by_role("link", name="Record 1").click()
    expect(tab.get_by_label("Value as text")).to_contain_text('"status":"pa')
    tab.get_by_label("Resolve it without a row").fill("a test of the producer")
    tab.get_by_role("button", name="Resolve").click()
    tab.get_by_role("link", name="Changes", exact=True).first.click()

    expect(tab.get_by_role("region", name="To act on")).to_contain_text("Nothing: no gap is open")


def test_who_has_a_customer_on_the_phone_sees_the_row_as_it_was(tab: Page) -> None:
    tab.get_by_role("link", name="Search").click()
    tab.get_by_label("Column had or got a value").fill("status=paid")
    tab.get_by_role("button", name="Search").click()
    expect(tab.get_by_text("2 changes match.")).to_be_visible()
    tab.locator("#rows td.key a").first.click()

    slider = tab.get_by_role("slider", name="Or step through its changes")
    slider.focus()
    slider.press("ArrowLeft")
    expect(tab.locator("#as-of tr", has_text="status")).to_contain_text("paid")
    slider.press("Home")
    expect(tab.locator("#as-of tr", has_text="status")).to_contain_text("placed")
    shared = tab.url
    tab.goto("about:blank")
    tab.goto(shared)

    expect(tab.locator("#as-of tr", has_text="status")).to_contain_text("placed")
    expect(slider).to_have_value("0")


def test_the_row_at_a_time_is_asked_for_without_javascript(
    chrome: Browser, server: PageServer
) -> None:
    with a_tab(chrome, server, java_script_enabled=False) as page:
        page.goto("/rows?table=orders&key=7")
        page.get_by_label("As of (UTC)").fill("2000-01-01T00:00")
        page.get_by_role("button", name="Show").click()

        assert "There was no such row." in page.locator("#as-of").inner_text()


def test_the_keyboard_leads_from_the_list_to_the_script(tab: Page) -> None:
    expect(tab.get_by_role("button", name="Live")).to_be_visible()
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("public.orders")

    press(tab, "History of this row")
    expect(tab.get_by_role("heading", name="Timeline, newest first")).to_be_visible()
    tab.go_back()
    press(tab, "Put it back")

    expect(tab.locator("#script")).to_be_visible()


def test_both_views_of_a_change_are_chosen_without_javascript(
    chrome: Browser, server: PageServer
) -> None:
    with a_tab(chrome, server, java_script_enabled=False) as page:
        page.goto("/changes/2-0-0")
        page.get_by_label("Inline").check()
        old, new = (page.locator(f".s-changed td.{side}").bounding_box() for side in ("old", "new"))

    assert old is not None
    assert new is not None
    assert old["x"] == new["x"]
    assert old["y"] < new["y"]


async def _a_token(access: PageAccess) -> str:
    _, secret = await access.tokens.create("maria", Role.OPERATOR)
    return secret


def test_somebody_logs_in_is_named_and_logs_out(chrome: Browser) -> None:
    config = AccessConfig(mode="tokens")
    config.validate()
    access = page_access(config, MemoryTokenStore(), MemoryAccessLog(), ended=MemoryEndedSessions())
    with page_server(a_troubled_shop(hours=1), access) as server:
        secret = server.run(_a_token(access))
        with a_tab(chrome, server) as page:
            page.get_by_label("Token").fill(secret)
            page.get_by_role("button", name="Log in").click()

            expect(page.locator(".visitor")).to_contain_text("maria")
            page.get_by_role("button", name="Log out").click()

            expect(page.get_by_label("Token")).to_be_visible()
            expect(page.locator(".visitor")).to_have_count(0)
