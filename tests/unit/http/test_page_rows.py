"""The page of a row: its timeline, what it was at any time, and what became of a column."""

from urllib.parse import urlencode

import pytest

from domain.redelivery import Certainty, Redelivery
from entrypoints.http.page_times import iso
from tests.builders import NOON, SECOND
from tests.unit.http.html_reading import Element
from tests.unit.http.page_data import PageTrail, a_delete, an_insert, without_old_row
from tests.unit.http.page_reading import page_of
from tests.unit.http.shop_story import MINUTE, a_shop

KEY = '{"id":7}'


async def row_of(trail: PageTrail, **more: str) -> Element:
    asked = {"table": "orders", "key": "7", **more}
    return await page_of(trail, f"/rows?{urlencode(asked)}")


def told(page: Element) -> list[str]:
    """The timeline, the newest change first."""
    return [
        item.one(of_class="badge").text + " " + " ".join(e.text for e in item.all("dt"))
        for item in page.one("ol", of_class="timeline").all("li")
    ]


def state(page: Element) -> dict[str, str]:
    """The row at the moment that is shown."""
    found = page.one("section", id="as-of").one("tbody").all("tr")
    return {row.one("th").text: row.all("td")[0].text for row in found}


async def test_every_change_of_the_row_is_told_and_what_it_did() -> None:
    page = await row_of(a_shop())

    columns = "id customer_id status total note placed_at paid_at"
    assert told(page) == ["UPDATE status", "UPDATE status paid_at", f"INSERT {columns}"]
    assert page.one("h1").text == "public.orders 7"


async def test_the_row_is_shown_as_it_is_now_and_says_where_each_value_is_known_from() -> None:
    page = await row_of(a_shop())

    assert state(page)["status"] == "shipped"
    assert page.one(id="as-of-title").text.startswith("As it is now")
    origins = page.one("section", id="as-of").all("td", of_class="from")
    assert {cell.one("a").attributes["href"] for cell in origins} == {"/changes/3-0-2"}


@pytest.mark.parametrize(
    ("minutes_ago", "status", "paid_at"),
    [(44, "placed", "NULL"), (13, "placed", "NULL"), (12, "paid", "2026-07-01T09:20:03.000000Z")],
)
async def test_the_row_is_shown_as_it_was_at_a_time(
    minutes_ago: int, status: str, paid_at: str
) -> None:
    page = await row_of(a_shop(), at=iso(NOON - minutes_ago * MINUTE))

    assert (state(page)["status"], state(page)["paid_at"]) == (status, paid_at)
    assert page.one(id="as-of-title").text.startswith("As it was")


async def test_before_its_first_change_there_was_no_row() -> None:
    page = await row_of(a_shop(), at=iso(NOON - 45 * MINUTE))

    assert page.one(of_class="e-absent").text == "There was no such row."


@pytest.mark.parametrize(("side", "status"), [("before", "placed"), ("after", "paid")])
async def test_a_change_has_a_row_before_and_after_it(side: str, status: str) -> None:
    change = await page_of(a_shop(), "/changes/3-0-1")
    (link,) = [a for a in change.all("a") if a.text == f"Row {side}"]

    page = await page_of(a_shop(), link.attributes["href"].partition("#")[0])

    assert state(page)["status"] == status


async def test_a_column_has_a_history_of_its_own() -> None:
    page = await row_of(a_shop(), column="status")

    steps = page.one("section", id="column").one("ol").all("li")
    assert [step.one(of_class="step").text for step in steps] == [
        "paid became shipped",
        "placed became paid",
        "placed",
    ]


async def test_a_row_whose_key_changed_is_followed() -> None:
    trail = PageTrail()
    trail.add(**an_insert(record_key=KEY, new_data='{"id":7}', change_timestamp=NOON - MINUTE))
    trail.add(
        **a_delete(
            record_key=KEY, old_data='{"id":7}', headers='[["__debezium.newkey","{\\"id\\":8}"]]'
        )
    )
    trail.add(
        **an_insert(
            record_key='{"id":8}',
            new_data='{"id":8}',
            headers='[["__debezium.oldkey","{\\"id\\":7}"]]',
        )
    )

    page = await row_of(trail)

    assert len(told(page)) == 3
    assert "Its key became 8 with this change." in page.text
    assert "Its key had been 7 before." in page.text


async def test_a_change_that_came_twice_is_told_once_and_names_its_repetition() -> None:
    trail = PageTrail()
    trail.add(record_key=KEY)
    again = trail.add(record_key=KEY)
    trail.memory.redeliveries[1, 0, 1] = Redelivery(
        (1, 0, 1), (1, 0, 0), Certainty.CERTAIN, "the same in everything"
    )

    page = await row_of(trail)

    assert len(told(page)) == 1
    assert f"Delivered again 1 time: {again.id}" in page.text


async def test_a_value_that_was_not_sent_is_told_as_such_with_the_last_known_one() -> None:
    trail = PageTrail()
    trail.add(**an_insert(record_key=KEY, new_data='{"id":7,"body":"long"}'))
    trail.add(
        **without_old_row(record_key=KEY, new_data='{"id":7}', value_notes='{"body":"unavailable"}')
    )

    page = await row_of(trail)

    newest = page.one("ol", of_class="timeline").all("li")[0]
    assert newest.all(of_class="unsent")
    assert "last known: long" in newest.text
    assert state(page)["body"] == "long"


async def test_several_rows_of_one_name_are_to_be_chosen_from() -> None:
    trail = PageTrail()
    trail.add(record_key=KEY)
    trail.add(record_key=KEY, source_schema="archive")

    page = await row_of(trail)
    links = [a.attributes["href"] for a in page.one("ul", of_class="choose").all("a")]

    assert page.one("h1").text == "Which row?"
    assert [(await page_of(trail, link)).one("h1").text for link in links] == [
        "archive.orders 7",
        "public.orders 7",
    ]


async def test_a_long_history_goes_on_on_the_next_page() -> None:
    trail = PageTrail()
    for n in range(60):
        trail.add(record_key=KEY, change_timestamp=NOON - n * SECOND)

    first = await row_of(trail)
    link = first.one("a", of_class="older").attributes["href"].partition("#")[0]
    second = await page_of(trail, link)

    assert (len(told(first)), len(told(second))) == (50, 10)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"table": "orders"}, "key"),
        ({"table": "orders", "key": "7", "at": "noon"}, "at"),
        ({"table": "orders", "key": "7", "change": "1-0-99"}, "change"),
        ({"table": "orders", "key": "7", "colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_asked_is_named(asked: dict[str, str], field: str) -> None:
    page = await page_of(a_shop(), f"/rows?{urlencode(asked)}", status=422)

    assert page.one("main").text.find(f"{field}: ") >= 0


async def test_a_row_that_was_never_met_is_not_found() -> None:
    page = await page_of(a_shop(), "/rows?table=orders&key=999", status=404)

    assert "key 999" in page.text
