"""The page that compares two times of a row, or of a table, and the ways to it."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from entrypoints.http.page_times import iso
from tests.builders import NOON, SECOND
from tests.unit.http.html_reading import Element, read_html
from tests.unit.http.page_data import PageTrail, a_delete, an_insert, without_old_row
from tests.unit.http.page_reading import app_over, columns, page_of
from tests.unit.http.requests import get
from tests.unit.http.shop_story import MINUTE, a_shop
from tests.unit.http.troubled_shop import a_troubled_shop

KEY = '{"id":7}'
ORDER_7 = {"table": "orders", "key": "7"}


async def two_times(trail: PageTrail, earlier: int, later: int, **names: str) -> Element:
    asked = {"earlier": iso(earlier), "later": iso(later), **names}
    return await page_of(trail, f"/diff?{urlencode(asked)}")


def verdict(page: Element) -> str:
    return page.one("p", of_class="verdict").text


def texts(page: Element) -> Mapping[str, tuple[str, str, str]]:
    """Column to status, earlier and later value, without where they are known from."""
    found: dict[str, tuple[str, str, str]] = {}
    for name, (status, *sides) in columns(page).items():
        earlier, later = (
            side.removeprefix("Earlier").removeprefix("Later").partition(" new row of")[0].strip()
            for side in sides
        )
        found[name] = (status, earlier, later)
    return found


async def test_a_row_is_compared_column_by_column() -> None:
    page = await two_times(a_shop(), NOON - 44 * MINUTE, NOON, **ORDER_7)

    found = texts(page)
    assert found["status"] == ("changed", "placed", "shipped")
    assert found["paid_at"] == ("changed", "NULL", "2026-07-01T09:20:03.000000Z")
    assert found["total"] == ("unchanged", "58.80", "58.80")
    assert ": 2 columns differ." in verdict(page)


async def test_each_value_names_the_change_that_it_is_known_from() -> None:
    page = await two_times(a_shop(), NOON - 44 * MINUTE, NOON, **ORDER_7)

    (status,) = [row for row in page.all("tr", of_class="s-changed") if "status" in row.text]
    assert [a.attributes["href"] for a in status.all("a")] == ["/changes/3-0-0", "/changes/3-0-2"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ((45, 40), "new: there was no such row before"),
        ((43, 13), "the same at both times"),
        ((50, 45), "there was no such row at either time"),
    ],
)
async def test_it_says_whether_the_row_was_there(minutes: tuple[int, int], words: str) -> None:
    earlier, later = (NOON - ago * MINUTE for ago in minutes)

    page = await two_times(a_shop(), earlier, later, **ORDER_7)

    assert f": {words}." in verdict(page)


async def test_a_row_that_is_gone_is_told_with_what_it_had() -> None:
    trail = PageTrail()
    trail.add(**an_insert(record_key=KEY, new_data=KEY, change_timestamp=NOON))
    trail.add(**a_delete(record_key=KEY, old_data=KEY, change_timestamp=NOON + MINUTE))

    page = await two_times(trail, NOON, NOON + MINUTE, **ORDER_7)

    assert ": gone: there is no such row any more." in verdict(page)
    assert texts(page) == {"id": ("removed", "7", "There was no such row then.")}


async def test_what_the_trail_does_not_know_is_shown_as_not_known() -> None:
    trail = PageTrail()
    trail.add(
        **without_old_row(
            record_key=KEY,
            new_data='{"id":7,"stars":5}',
            value_notes='{"body":"unavailable"}',
            change_timestamp=NOON,
        )
    )

    page = await two_times(trail, NOON - MINUTE, NOON, **ORDER_7)

    found = texts(page)
    assert found["stars"] == ("not comparable", "not known", "5")
    assert found["body"] == ("not comparable", "not known", "not known")
    assert "cannot be compared" in verdict(page)


async def test_times_in_the_wrong_order_are_exchanged() -> None:
    page = await two_times(a_shop(), NOON, NOON - 44 * MINUTE, **ORDER_7)

    assert texts(page)["status"] == ("changed", "placed", "shipped")


async def test_an_address_without_times_leads_to_one_that_always_means_the_same() -> None:
    answer = await get(app_over(a_shop()), "/diff?table=orders&key=7&view=inline")

    assert answer.status_code == 303
    day_before, now = (iso(NOON - n * 1440 * MINUTE).replace(":", "%3A") for n in (1, 0))
    assert f"earlier={day_before}&later={now}&view=inline" in answer.headers["location"]


async def test_a_table_shows_the_rows_that_were_changed_and_what_differs_in_them() -> None:
    page = await two_times(a_shop(), NOON - 44 * MINUTE, NOON, table="orders")

    (row,) = page.all("article")
    assert row.one("h2").text == "7 2 columns differ"
    assert set(texts(row)) == {"status", "paid_at"}
    assert "1 row was changed." in verdict(page)


async def test_a_row_of_a_table_that_was_changed_back_is_only_named() -> None:
    trail = PageTrail()
    old, new = '{"id":7,"status":"paid"}', '{"id":7,"status":"lost"}'
    trail.add(**an_insert(record_key=KEY, new_data=old, change_timestamp=NOON))
    for n, (before, after) in enumerate([(old, new), (new, old)], start=1):
        at = NOON + n * SECOND
        trail.add(record_key=KEY, old_data=before, new_data=after, change_timestamp=at)

    page = await two_times(trail, NOON, NOON + MINUTE, table="orders")

    assert page.all("article") == []
    assert page.one("ul", of_class="same-rows").text == "7"
    assert "1 row was changed, 1 of them back." in verdict(page)


async def test_more_rows_than_are_compared_are_said_to_be_there() -> None:
    trail = PageTrail()
    for n in range(101):
        key = f'{{"id":{n}}}'
        trail.add(**an_insert(record_key=key, new_data=key, change_timestamp=NOON + n))

    page = await two_times(trail, NOON - 1, NOON + SECOND, table="orders")

    assert len(page.all("article")) == 100
    assert "More rows were changed than are compared here" in page.text


@pytest.mark.parametrize("names", [ORDER_7, {"table": "orders"}])
async def test_what_is_missing_between_the_times_is_told_with_links(names: dict[str, str]) -> None:
    trail = a_troubled_shop(now=NOON, hours=2)

    page = await two_times(trail, NOON - 44 * MINUTE, NOON, **names)

    links = [a.attributes["href"] for a in page.one("aside", of_class="missing").all("a")]
    assert links == ["/gaps/1", "/quarantine/1"]


async def test_a_row_leads_to_what_has_become_of_it() -> None:
    row = await page_of(a_shop(), "/rows?table=orders&key=7")
    (link,) = [a for a in row.all("a") if a.text == "Compare two times"]
    sent = await get(app_over(a_shop()), link.attributes["href"])

    page = await page_of(a_shop(), sent.headers["location"])

    assert texts(page)["status"] == ("changed", "placed", "shipped")


async def test_a_row_as_it_was_leads_to_what_has_become_of_it_since() -> None:
    row = await page_of(a_shop(), f"/rows?table=orders&key=7&at={iso(NOON - 12 * MINUTE)}")
    (link,) = [a for a in row.all("a") if a.text == "Compare with now"]
    sent = await get(app_over(a_shop()), link.attributes["href"])

    page = await page_of(a_shop(), sent.headers["location"])

    assert texts(page)["status"] == ("changed", "paid", "shipped")


async def test_a_search_of_a_table_leads_to_both_ends_of_its_time() -> None:
    found = await page_of(
        a_shop(), "/search", table="orders", since=iso(NOON - 20 * MINUTE), until=iso(NOON)
    )
    (link,) = [a for a in found.all("a") if a.text == "The table at two times"]

    page = await page_of(a_shop(), link.attributes["href"])

    assert texts(page.one("article"))["status"] == ("changed", "placed", "paid")


async def test_tables_of_one_name_are_to_be_chosen_from() -> None:
    trail = PageTrail()
    trail.add(record_key=KEY)
    trail.add(record_key=KEY, source_schema="archive")

    for names in ({"table": "orders"}, ORDER_7):
        page = await two_times(trail, NOON, NOON + MINUTE, **names)
        links = [a.attributes["href"] for a in page.one("ul", of_class="choose").all("a")]
        found = [
            (await page_of(trail, link)).one("h1").one(of_class="title-table") for link in links
        ]

        assert [one.text for one in found] == ["archive.orders", "public.orders"]


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("key=7", 422, "table: "),
        ("table=orders&earlier=noon&later=2023-11-15", 422, "earlier: "),
        ("table=orders&colour=red", 422, "colour: "),
        ("table=refunds&earlier=2023-11-14&later=2023-11-15", 404, "no table refunds"),
        ("table=orders&key=999&earlier=2023-11-14&later=2023-11-15", 404, "key 999"),
    ],
)
async def test_what_cannot_be_compared_is_named(asked: str, status: int, words: str) -> None:
    page = await page_of(a_shop(), f"/diff?{asked}", status=status)

    assert words in page.one("main").text


@pytest.mark.parametrize(
    "asked", ["earlier=0001-01-01&later=9999-12-31T23:59:59", "later=0001-01-01"]
)
async def test_the_ends_of_the_calendar_break_nothing(asked: str) -> None:
    answer = await get(app_over(a_shop()), f"/diff?table=orders&key=7&{asked}")

    assert answer.status_code in (200, 303)


async def test_names_and_values_are_never_markup() -> None:
    trail = PageTrail()
    value = '{"id":7,"<script>":"<img src=x>"}'
    trail.add(
        **an_insert(record_key=KEY, new_data=value, source_table="<b>", change_timestamp=NOON)
    )

    answer = await get(
        app_over(trail), f"/diff?table=%3Cb%3E&key=7&earlier={iso(NOON - 1)}&later={iso(NOON)}"
    )

    assert answer.status_code == 200
    assert not read_html(answer.text).all("img")
    assert "<b>" not in answer.text
