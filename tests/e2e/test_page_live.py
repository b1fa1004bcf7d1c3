"""The page in a real browser, left open: what arrives by itself, and what stays where it is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.builders import NOON, SECOND
from tests.e2e.browser import PageServer, a_tab, chromium, lines, page_server
from tests.unit.http.page_data import PageTrail
from tests.unit.http.shop_story import a_shop

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Serve the shop's changes."""
    with page_server(a_shop()) as server:
        yield server


@pytest.fixture
def tab(chrome: Browser, server: PageServer) -> Iterator[Page]:
    """Open the list, following live."""
    with a_tab(chrome, server) as page:
        expect(page.get_by_role("button", name="Live")).to_be_visible()
        yield page


def test_a_new_change_arrives_without_a_reload(tab: Page, server: PageServer) -> None:
    tab.evaluate("window.isStillHere = true")

    server.commit(table="carts", change_timestamp=NOON + SECOND, record_key='{"id":99}')

    expect(tab.locator("#rows tr").first).to_contain_text("99")
    assert len(lines(tab)) == 11
    assert tab.evaluate("window.isStillHere")


def test_columns_keep_their_width_while_changes_arrive(tab: Page, server: PageServer) -> None:
    heads = tab.get_by_role("columnheader")
    before = [head.bounding_box() for head in heads.all()]

    server.commit(
        table="t" * 60,
        change_timestamp=NOON + SECOND,
        record_key=f'{{"id":"{"many words " * 9}"}}',
        change_user="a name of many words " * 9,
    )
    expect(tab.locator("#rows tr").first).to_contain_text("ttt")

    assert [head.bounding_box() for head in heads.all()] == before


def test_a_change_that_is_late_stands_where_it_belongs(tab: Page, server: PageServer) -> None:
    server.commit(table="late", change_timestamp=NOON - 60 * SECOND)

    expect(tab.locator("#rows tr").nth(1)).to_contain_text("late")


def test_only_what_matches_the_filter_arrives(tab: Page, server: PageServer) -> None:
    tab.get_by_label("Table").fill("carts")
    tab.get_by_role("button", name="Filter").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Changes that match")

    server.commit(table="orders", change_timestamp=NOON + SECOND)
    server.commit(table="carts", change_timestamp=NOON + 2 * SECOND)

    expect(tab.locator("#rows tr")).to_have_count(2)
    assert set(lines(tab)) == {"public.carts"}


def test_a_change_of_before_the_filter_stays_out_while_the_list_is_exchanged(
    tab: Page, server: PageServer
) -> None:
    tab.evaluate("htmx.config.defaultSettleDelay = 1000")  # it follows anew once this has passed
    tab.get_by_label("Table").fill("carts")
    tab.get_by_role("button", name="Filter").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Changes that match")

    server.commit(table="orders", change_timestamp=NOON + SECOND)
    server.commit(table="carts", change_timestamp=NOON + 2 * SECOND)

    expect(tab.locator("#rows tr")).to_have_count(2)
    assert set(lines(tab)) == {"public.carts"}


def test_a_held_list_lets_changes_in_when_it_is_told_to(tab: Page, server: PageServer) -> None:
    live = tab.get_by_role("button", name="Live")
    live.click()

    server.commit(table="carts", change_timestamp=NOON + SECOND)
    held = tab.get_by_role("button", name="Paused, 1 new")
    expect(held).to_have_attribute("aria-pressed", "false")
    assert len(lines(tab)) == 10
    held.click()

    expect(tab.locator("#rows tr")).to_have_count(11)
    expect(live).to_have_attribute("aria-pressed", "true")


def test_the_list_stays_short_and_the_rest_is_on_the_next_page(
    tab: Page, server: PageServer
) -> None:
    expect(tab.get_by_role("link", name="Older changes")).to_be_hidden()

    for n in range(300):
        server.commit(table="flood", change_timestamp=NOON + n * SECOND)
    expect(tab.locator("#rows tr").first).to_contain_text("22:18:19")
    tab.get_by_role("link", name="Older changes").click()

    expect(tab.locator("#rows tr")).to_have_count(10)
    assert "public.flood" not in lines(tab)


def test_the_first_change_of_an_empty_trail_replaces_the_advice(chrome: Browser) -> None:
    with page_server(PageTrail()) as server, a_tab(chrome, server) as page:
        expect(page.get_by_text("No change has been recorded yet")).to_be_visible()
        expect(page.get_by_role("button", name="Live")).to_be_visible()

        server.commit()

        expect(page.locator("#rows tr")).to_have_count(1)
        expect(page.get_by_text("No change has been recorded yet")).to_be_hidden()


def test_the_header_follows_the_pipeline(tab: Page, server: PageServer) -> None:
    server.wait_for("the database is away")

    expect(tab.locator("#status")).to_contain_text("the database is away", timeout=15_000)
