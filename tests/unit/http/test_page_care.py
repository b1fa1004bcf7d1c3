"""Gaps, quarantine, health and statistics: what is to be done, and who may do it."""

from collections.abc import Callable

import msgspec
import pytest

from adapters.memory.quarantine import MemoryQuarantine
from application.retry_quarantined import RetryOutcome, RetryReport
from domain.access import Role
from domain.quarantine_entry import QuarantineEntry, RetryFailure
from entrypoints.http.page_app import page_app
from entrypoints.http.page_times import moment
from tests.builders import NOON
from tests.unit.http.html_reading import read_html
from tests.unit.http.page_data import PageTrail
from tests.unit.http.page_reading import page_of
from tests.unit.http.requests import get
from tests.unit.http.troubled_shop import a_troubled_shop
from tests.unit.http.visitors import Guarded, log_in


def a_shop_in_trouble() -> PageTrail:
    return a_troubled_shop(now=NOON, hours=2)


async def test_the_first_page_says_what_is_to_be_done() -> None:
    page = await page_of(a_shop_in_trouble())

    todo = page.one("section", of_class="todo")
    links = {a.text: a.attributes["href"] for a in todo.one("ul").all("a")}
    assert links == {"1 open gap": "/gaps", "1 record in quarantine": "/quarantine"}


async def test_a_row_of_the_stream_that_lacks_something_may_be_incomplete() -> None:
    page = await page_of(a_shop_in_trouble(), "/rows?table=orders&key=7")

    note = page.one("aside", of_class="missing")
    assert [a.attributes["href"] for a in note.all("a")] == ["/gaps/1", "/quarantine/1"]


async def test_a_quarantined_record_shows_its_bytes_and_why() -> None:
    page = await page_of(a_shop_in_trouble(), "/quarantine/1")

    texts = [pre.text for pre in page.all("pre", of_class="raw-text")]
    assert texts[:2] == ['{"id":7}', '{"before":null,"after":{"id":7,"status":"pa']
    assert page.all("pre", of_class="hex")[0].text == '0000 7b 22 69 64 22 3a 37 7d {"id":7}'
    assert "unexpected end of data" in page.all("section")[0].text


async def test_where_nothing_is_wrong_the_pages_say_so() -> None:
    pages = [await page_of(PageTrail(), path) for path in ("/", "/gaps", "/quarantine", "/health")]

    told = [page.one("main").text for page in pages]
    words = ("no gap is open", "No gap is open", "Nothing is in quarantine", "Well.")
    assert [word in text for word, text in zip(words, told, strict=True)] == [True] * 4


async def test_health_tells_what_became_of_every_record() -> None:
    page = await page_of(a_shop_in_trouble(), "/health")

    fates = {d.one("dt").text: d.one(of_class="big").text for d in page.one("dl").all("div")}
    assert list(fates) == ["audited", "baseline", "control", "skipped", "quarantined", "absent"]
    assert int(fates["audited"]) > 10
    assert page.one(of_class="verdict").text.startswith("Something is to be done.")


async def test_statistics_draw_every_hour_and_tell_the_same_in_a_table() -> None:
    page = await page_of(a_shop_in_trouble(), "/statistics")

    chart = msgspec.json.decode(page.one(of_class="chart").attributes["data-chart"])
    assert len(chart["x"]) == 24
    orders = next(one for one in chart["series"] if one["name"] == "orders")
    by_table = {
        row.one("th").text: row.all("td")[0].text for row in page.all("tr") if row.all("td")
    }
    assert str(sum(orders["values"])) == by_table["public.orders"]


async def test_what_a_search_can_be_narrowed_by_is_counted_and_linked() -> None:
    page = await page_of(a_shop_in_trouble(), "/facets")

    links = {a.text: a.attributes["href"] for a in page.all("a")}
    assert links["public.orders"] == "/search?table=public.orders"
    assert links["INSERT"] == "/search?operation=INSERT"
    assert links["checkout"] == "/search?user=checkout"


async def test_a_search_counts_what_it_finds_and_may_have_a_name() -> None:
    page = await page_of(a_shop_in_trouble(), "/search?table=orders&view=Orders")

    assert page.one("h1").text == "Orders"
    found = len(page.one("tbody", id="rows").all("tr"))
    assert page.one(of_class="total").text.startswith(f"{found} changes match.")


async def retried(answer: Callable[[QuarantineEntry], RetryReport] | None) -> tuple[int, str]:
    """Press the button of a record whose retry answers so; None where nothing retries."""
    trail = a_shop_in_trouble()
    site = msgspec.structs.replace(trail.site(), quarantine=MemoryQuarantine(trail.memory))

    async def retry(entry: QuarantineEntry) -> RetryReport:
        assert answer is not None
        return answer(entry)

    if answer is not None:
        site = msgspec.structs.replace(site, retry=retry)
    guarded = Guarded()
    app = page_app(site, access=guarded.access, clock=lambda: moment(NOON))
    guarded.app = app
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token(role=Role.OPERATOR))
        form = read_html((await browser.get("/quarantine/1")).text)
        csrf = form.all("input")[0].attributes["value"]
        sent = await browser.post("/quarantine/1/retry", data={"csrf": csrf})
        return sent.status_code, sent.text


async def test_a_retry_that_succeeds_leads_back_to_the_record() -> None:
    status, _ = await retried(lambda entry: RetryReport(entry, RetryOutcome.PLACED))

    assert status == 303


async def test_a_retry_that_fails_says_why_it_stays() -> None:
    failure = RetryFailure("ValidationError", "still no JSON")

    status, text = await retried(
        lambda entry: RetryReport(entry, RetryOutcome.FAILED, failure=failure)
    )

    assert status == 409
    assert "It stays: ValidationError: still no JSON" in text


async def test_where_no_pipeline_runs_a_retry_says_so() -> None:
    status, text = await retried(None)

    assert status == 409
    assert "No pipeline runs beside this page" in text


@pytest.mark.parametrize(
    ("path", "words"),
    [("/gaps/1/acknowledge", "by on-call"), ("/quarantine/1/resolve", "on-call: it was a test")],
)
async def test_an_operator_says_why_and_is_remembered(path: str, words: str) -> None:
    trail = a_shop_in_trouble()
    guarded = Guarded(trail=trail)
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token(role=Role.OPERATOR))
        place = path.rpartition("/")[0]
        csrf = read_html((await browser.get(place)).text).all("input")[0].attributes["value"]

        without_reason = await browser.post(path, data={"csrf": csrf, "reason": " "})
        sent = await browser.post(path, data={"csrf": csrf, "reason": "it was a test"})
        again = await browser.post(path, data={"csrf": csrf, "reason": "and again"})
        page = await browser.get(place)

    assert (without_reason.status_code, sent.status_code) == (422, 303)
    assert again.status_code in (409, 422)
    assert words in read_html(page.text).text.replace("By ", "by ")
    assert "it was a test" in page.text


@pytest.mark.parametrize(
    "path", ["/gaps/1/acknowledge", "/quarantine/1/resolve", "/quarantine/1/retry"]
)
async def test_a_reader_may_look_and_do_nothing(path: str) -> None:
    guarded = Guarded(trail=a_shop_in_trouble())
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        page = read_html((await browser.get(path.rpartition("/")[0])).text)
        (csrf,) = {e.attributes["value"] for e in page.all("input")}

        sent = await browser.post(path, data={"csrf": csrf, "reason": "me"})
        forged = await browser.post(path, data={"reason": "me"})

    assert [form.attributes["action"] for form in page.all("form")] == ["/logout"]
    assert (sent.status_code, forged.status_code) == (403, 403)


async def test_the_header_says_who_is_logged_in_and_lets_them_out() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token("maria", Role.OPERATOR))
        header = read_html((await browser.get("/")).text).one("header")
        csrf = header.one("input").attributes["value"]
        await browser.post("/logout", data={"csrf": csrf})
        after = await browser.get("/")

    assert header.one(of_class="visitor").text == "Logged in as maria operator Log out"
    assert after.headers["location"].startswith("/login")


async def test_the_navigation_says_which_page_is_open() -> None:
    for path, name in (("/", "Changes"), ("/changes/3-0-1", "Changes"), ("/gaps", "Gaps")):
        page = await page_of(a_shop_in_trouble(), path)

        here = [
            a.text
            for a in page.one("nav", of_class="places").all("a")
            if "aria-current" in a.attributes
        ]
        assert here == [name]


@pytest.mark.parametrize("path", ["/gaps/9", "/gaps/x", "/quarantine/9", "/quarantine/0x1"])
async def test_what_is_not_there_is_not_found(path: str) -> None:
    page = await page_of(a_shop_in_trouble(), path, status=404)

    assert page.one("h1").text == "Not found"


async def test_where_the_quarantine_cannot_be_reached_the_page_says_so() -> None:
    app = page_app(a_shop_in_trouble().site())

    answer = await get(app, "/quarantine")

    assert "cannot be looked after from here" in answer.text
