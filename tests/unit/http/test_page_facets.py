"""What a search can be narrowed by, the busiest rows, and what a search finds as a file."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
import pytest

from adapters.memory.statistics_reader import MemoryStatisticsReader
from adapters.memory.trail_readers import memory_readers
from domain.access import Role
from domain.errors import QueryTooWideError
from domain.row_identity import RowIdentity
from entrypoints.http.page_app import page_app
from entrypoints.http.page_times import iso, moment
from entrypoints.http.site import trail_site
from tests.builders import NOON
from tests.unit.http.html_reading import Element, read_html
from tests.unit.http.page_data import PageTrail
from tests.unit.http.page_reading import app_over, page_of, shown_tables
from tests.unit.http.requests import get
from tests.unit.http.shop_story import MINUTE, a_shop
from tests.unit.http.troubled_shop import a_troubled_shop
from tests.unit.http.visitors import Guarded

LONG_AGO = {"since": iso(NOON - 3001 * MINUTE), "until": iso(NOON - 239 * MINUTE)}
"""A time in which the shop had two changes, days before the last one."""


class BusyTrail(MemoryStatisticsReader):
    """A trail too large for its database to find the busiest rows of."""

    async def busiest_keys(
        self, since: int, until: int, **how: object
    ) -> Sequence[tuple[RowIdentity, int]]:
        """Give up."""
        raise QueryTooWideError(10, looked_at=f"{until - since} microseconds of {len(how)}")


def counts(page: Element) -> Mapping[str, str]:
    """What is counted, and how often."""
    items = [item for each in page.all("div", of_class="facet-lists") for item in each.all("li")]
    return {i.one("a").text: i.one(of_class="n").text for i in items if i.all("a")}


async def test_without_a_time_the_counts_are_of_the_last_day_and_say_so() -> None:
    page = await page_of(a_shop(), "/facets")

    assert "Counted over the last 24 hours only" in page.text
    assert counts(page)["public.orders"] == "3"
    assert "public.products" not in counts(page)


async def test_the_counts_follow_the_time_of_the_search() -> None:
    page = await page_of(a_shop(), "/facets", since=LONG_AGO["since"], until=LONG_AGO["until"])

    assert "Counted over the time of this search" in page.text
    assert counts(page) == {
        "public.customers": "1",
        "public.products": "1",
        "SNAPSHOT": "1",
        "UPDATE": "1",
        "support:maria": "1",
    }


@pytest.mark.parametrize(
    ("end", "tables"),
    [("since", {"public.orders"}), ("until", {"public.customers", "public.products"})],
)
async def test_one_end_of_the_time_is_enough(end: str, tables: set[str]) -> None:
    at = iso(NOON if end == "since" else NOON - 239 * MINUTE)

    page = await page_of(a_shop(), f"/facets?{end}={at}")

    assert {name for name in counts(page) if name.startswith("public.")} == tables


async def test_a_facet_adds_to_the_filters_in_use() -> None:
    page = await page_of(a_shop(), "/facets", table="public.orders", text="paid")

    (link,) = [a for a in page.all("a") if a.text == "UPDATE"]
    query = parse_qs(urlsplit(link.attributes["href"]).query)
    assert query == {"table": ["public.orders"], "text": ["paid"], "operation": ["UPDATE"]}


async def test_a_search_loads_the_facets_of_its_own_time() -> None:
    page = await page_of(a_shop(), "/search", table="orders", since=LONG_AGO["since"])

    asked = urlsplit(page.one("details", id="facets").attributes["hx-get"])
    assert (asked.path, dict(parse_qsl(asked.query))) == (
        "/facets",
        {"table": "orders", "since": LONG_AGO["since"]},
    )


async def test_what_statistics_count_is_what_their_links_find() -> None:
    page = await page_of(a_shop(), "/statistics")
    (link,) = [a for a in page.all("a") if a.text == "public.customers"]

    found = await page_of(a_shop(), link.attributes["href"])

    assert shown_tables(found) == ["customers", "customers"]


async def test_the_busiest_rows_lead_to_their_pages() -> None:
    page = await page_of(a_shop(), "/statistics")

    first = page.one("section", id="rows-with-most").one("tbody").all("tr")[0]
    assert [cell.text for cell in first.all("td")] == ["public.orders", "3"]
    row = await page_of(a_shop(), first.one("a").attributes["href"])
    assert row.one("h1").text == "public.orders 7"


async def test_where_the_busiest_rows_take_too_long_the_rest_is_told() -> None:
    trail = a_shop()
    readers = msgspec.structs.replace(
        memory_readers(trail.memory), statistics=BusyTrail(trail.memory)
    )
    app = page_app(trail_site(readers), clock=lambda: moment(NOON))

    answer = await get(app, "/statistics")

    page = read_html(answer.text)
    assert answer.status_code == 200
    assert "microseconds" in page.one("section", id="rows-with-most").text
    assert page.all("h2", id="tables")


async def exported(trail: PageTrail, name: str, query: str) -> bytes:
    """What a link of a search to a file gives."""
    page = await page_of(trail, f"/search?{query}")
    (link,) = [a for a in page.one(of_class="exports").all("a") if a.text == name]
    answer = await get(app_over(trail), link.attributes["href"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.content


@pytest.mark.parametrize(
    ("name", "begins"), [("CSV", b"id,time"), ("NDJSON", b'{"id"'), ("Parquet", b"PAR1")]
)
async def test_all_that_a_search_finds_is_had_as_a_file(name: str, begins: bytes) -> None:
    found = await exported(a_troubled_shop(now=NOON, hours=2), name, "table=orders")

    assert found.startswith(begins)
    assert b"payments" not in found


async def test_a_file_has_what_the_page_has_no_room_for() -> None:
    trail = PageTrail()
    for n in range(60):
        trail.add(record_key=f'{{"id":{n}}}')

    found = await exported(trail, "NDJSON", "table=orders")

    assert len(found.splitlines()) == 60


async def test_a_file_has_no_more_than_its_reader_may_see() -> None:
    guarded = Guarded(trail=a_troubled_shop(now=NOON, hours=2))
    _, secret = await guarded.access.tokens.create("on-call", Role.READER, tables=["reviews"])
    headers = {"authorization": f"Bearer {secret}"}
    search = read_html((await get(guarded.app, "/search?text=a", headers=headers)).text)

    links = search.one(of_class="exports").all("a")
    found = (await get(guarded.app, links[-2].attributes["href"], headers=headers)).content

    assert links[-2].text == "NDJSON"
    tables = {msgspec.json.decode(line)["table"]["name"] for line in found.splitlines()}
    assert tables == {"reviews"}
