"""The page in a real browser: what people see, do with the keyboard, and need no JavaScript for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from entrypoints.http.page_times import moment
from tests.builders import NOON, SECOND
from tests.e2e.browser import PageServer, a_tab, chromium, lines, page_server
from tests.unit.http.page_data import an_insert
from tests.unit.http.shop_story import a_shop

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


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


def width_beyond(page: Page) -> int:
    """By how many pixels the page is wider than the screen; a phone would zoom out to show it."""
    root = "document.documentElement"
    return int(page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


def test_the_latest_changes_are_shown(tab: Page) -> None:
    first = tab.get_by_role("row").nth(1)

    expect(first).to_contain_text("public.orders")
    expect(first).to_contain_text("shipped")
    assert len(lines(tab)) == 10


def test_choosing_an_operation_filters_without_a_reload(tab: Page) -> None:
    tab.evaluate("window.isStillHere = true")

    tab.get_by_label("Operation").select_option("DELETE")

    expect(tab.locator("#rows tr")).to_have_count(2)
    expect(tab).to_have_url(re.compile(r"/\?operation=DELETE$"))
    expect(tab.get_by_role("heading", level=1)).to_have_text("Changes that match")
    expect(tab.locator("#announce")).to_have_text("2 changes match")
    assert tab.evaluate("window.isStillHere")


def test_a_filter_can_be_taken_away_and_back_goes_back(tab: Page) -> None:
    tab.get_by_label("Table").fill("reviews")
    tab.get_by_role("button", name="Filter").click()
    expect(tab.locator("#rows tr")).to_have_count(2)

    tab.get_by_role("link", name="Remove the filter table").click()
    expect(tab.locator("#rows tr")).to_have_count(10)
    tab.go_back()

    expect(tab.locator("#rows tr")).to_have_count(2)
    expect(tab.get_by_role("textbox", name="Table")).to_have_value("reviews")
    tab.go_back()
    expect(tab.locator("#rows tr")).to_have_count(10)
    expect(tab.get_by_role("textbox", name="Table")).to_have_value("")


def test_a_time_is_filtered_by(tab: Page) -> None:
    since = moment(NOON - 5 * 60 * SECOND)

    tab.get_by_label("From (UTC)").fill(since.strftime("%Y-%m-%dT%H:%M"))
    tab.get_by_role("button", name="Filter").click()

    expect(tab.locator("#rows tr")).to_have_count(3)


def test_a_change_is_opened_with_both_sides(tab: Page) -> None:
    tab.locator("#rows tr").first.click()

    row = tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name="status changed"))
    expect(row.get_by_role("cell").nth(0)).to_contain_text("paid")
    expect(row.get_by_role("cell").nth(1)).to_contain_text("shipped")
    before, after = (row.get_by_role("cell").nth(n).bounding_box() for n in (0, 1))
    assert before is not None
    assert after is not None
    assert before["y"] == after["y"]
    assert before["x"] + before["width"] <= after["x"] + 1


def test_unchanged_columns_are_put_away(tab: Page) -> None:
    tab.locator("#rows tr").first.click()

    tab.get_by_label("Only what changed").check()

    expect(tab.get_by_role("rowheader").filter(visible=True)).to_have_text([re.compile("status")])


def test_markup_in_rows_runs_nowhere(tab: Page, server: PageServer) -> None:
    server.commit(
        change_timestamp=NOON + SECOND,
        change_user=EVIL,
        record_key='{"id":666}',
        **{**an_insert(new_data=f'{{"{EVIL}":"{EVIL}"}}'), "source_table": EVIL},
    )

    expect(tab.locator("#rows tr").first).to_contain_text(EVIL)
    tab.locator("#rows tr").first.click()

    expect(tab.get_by_role("heading", level=1)).to_contain_text(EVIL)
    assert tab.locator("main img, main script").count() == 0


def test_everything_is_read_and_filtered_without_javascript(
    chrome: Browser, server: PageServer
) -> None:
    with a_tab(chrome, server, java_script_enabled=False) as page:
        assert page.locator("#rows tr").count() == 10
        assert not page.locator("#live").is_visible()

        page.get_by_label("Table").fill("reviews")
        page.get_by_label("Operation").select_option("UPDATE")
        page.get_by_role("button", name="Filter").click()
        page.locator("#rows a.open").click()

        assert "not known" in page.locator("td.old").first.inner_text()


def test_the_keyboard_is_enough(tab: Page) -> None:
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the content")).to_be_focused()

    tab.keyboard.press("/")
    expect(tab.get_by_label("Table")).to_be_focused()
    tab.keyboard.type("reviews")
    tab.keyboard.press("Enter")
    expect(tab.locator("#rows tr")).to_have_count(2)
    tab.keyboard.press("Escape")
    tab.locator("body").evaluate("document.activeElement.blur()")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    expect(tab.locator("#rows a.open").first).to_be_focused()
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("heading", level=1)).to_contain_text("public.reviews")


def test_a_screen_reader_hears_names(tab: Page) -> None:
    expect(tab.get_by_role("banner")).to_be_visible()
    expect(tab.get_by_role("search", name="Filter changes")).to_be_visible()
    expect(tab.get_by_role("table", name="Changes, newest first")).to_be_visible()
    expect(tab.get_by_role("columnheader")).to_have_text(
        ["Time", "Operation", "Table", "Key", "What changed", "User"]
    )
    expect(tab.get_by_role("status").first).to_have_text(re.compile("Pipeline running"))

    tab.get_by_role("link", name="UPDATE of public.orders, key 7: open").first.click()

    expect(tab.get_by_role("table", name="Columns before and after this change")).to_be_visible()
    expect(tab.get_by_role("region", name="About this change")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colours_that_are_wished_for(
    chrome: Browser, server: PageServer, scheme: str
) -> None:
    with a_tab(chrome, server, color_scheme=scheme) as page:
        colours = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, "
            "getComputedStyle(document.body).color]"
        )

    ground, text = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (ground > text) == (scheme == "light")
    assert abs(ground - text) > 400


@pytest.mark.parametrize("path", ["/", "/?table=orders&operation=UPDATE", "/changes/3-0-1"])
def test_a_phone_has_nothing_beyond_its_edge(
    chrome: Browser, server: PageServer, path: str
) -> None:
    with a_tab(chrome, server, **PHONE) as page:
        page.goto(path)

        assert width_beyond(page) == 0


@pytest.mark.parametrize("size", [PHONE, {}], ids=["phone", "desktop"])
def test_whatever_is_in_the_rows_nothing_is_beyond_the_edge(
    chrome: Browser, server: PageServer, size: dict[str, Any]
) -> None:
    long = "x" * 300
    server.commit(
        table="t" * 200,
        change_timestamp=NOON + SECOND,
        change_user=long,
        record_key=f'{{"{long}":"{long}"}}',
        old_data=f'{{"{long}":"{long}"}}',
        new_data=f'{{"{long}":"y{long}"}}',
        changed_columns=(long,),
        source_metadata=f'{{"{long}":"{long}"}}',
    )

    with a_tab(chrome, server, **size) as page:
        beyond_in_list = width_beyond(page)
        page.locator("#rows a.open").first.click()
        page.get_by_text("Source block").click()

        assert (beyond_in_list, width_beyond(page)) == (0, 0)
