"""The list of changes: what a line says, filters, pages, and what is said when nothing is there."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from domain.operation import BeforeImage
from entrypoints.http.api_parameters import DEFAULT_LIMIT
from tests.builders import NOON, SECOND
from tests.unit.http.page_data import PageTrail, a_delete, a_truncate, an_insert, without_old_row
from tests.unit.http.page_reading import cells, page_of, rows, shown_tables
from tests.unit.http.shop_story import a_shop


async def test_the_latest_change_stands_first() -> None:
    page = await page_of(a_shop())

    first, second = (cells(row) for row in rows(page)[:2])
    assert first == {
        "when": "22:13:20 just now",
        "what": "UPDATE",
        "table": "public.orders",
        "key": "7",
        "summary": "status paid became shipped",
        "user": "not known",
    }
    assert second["table"] == "public.carts"


async def test_the_user_is_told_where_it_is_known() -> None:
    page = await page_of(a_shop(), table="customers", operation="UPDATE")

    assert cells(rows(page)[0])["user"] == "support:maria"


async def test_a_key_of_several_columns_names_them() -> None:
    page = await page_of(a_shop(), table="order_items")

    assert cells(rows(page)[0])["key"] == "order_id=7 line=1"


async def test_a_change_without_a_key_says_so() -> None:
    page = await page_of(a_shop(), table="carts")

    assert cells(rows(page)[0])["key"] == "no key"
    assert cells(rows(page)[0])["summary"] == ""


async def test_old_values_that_were_not_sent_are_not_guessed() -> None:
    trail = PageTrail()
    trail.add(**without_old_row(new_data='{"id":2,"stars":5}', record_key='{"id":2}'))

    fillers = '{"id":3,"stars":0}'
    trail.add(
        **a_delete(record_key='{"id":3}', old_data=fillers, before_image=BeforeImage.INVENTED)
    )

    page = await page_of(trail)

    told = [cells(row)["summary"] for row in rows(page)]
    assert told == ["old values not sent", "stars 5 old values not sent"]


async def test_an_update_that_left_every_column_as_it_was_says_so() -> None:
    trail = PageTrail()
    same = '{"id":3,"price":12.50}'
    trail.add(record_key='{"id":3}', old_data=same, new_data=same, changed_columns=())

    page = await page_of(trail)

    assert cells(rows(page)[0])["summary"] == "no column changed"


async def test_a_line_tells_null_from_the_text_null() -> None:
    trail = PageTrail()
    trail.add(
        old_data='{"a":null,"b":"NULL","c":""}',
        new_data='{"a":"NULL","b":null,"c":" "}',
        changed_columns=("a", "b", "c"),
    )

    page = await page_of(trail)

    told = [marked.text for marked in rows(page)[0].all(of_class="no-data")]
    assert told == ["NULL", "NULL", "empty text", "blank text"]
    assert cells(rows(page)[0])["summary"].count("NULL") == 4


async def test_a_line_has_room_for_three_columns_and_counts_the_others() -> None:
    trail = PageTrail()
    trail.add(**an_insert(new_data='{"a":1,"b":2,"c":3,"d":4,"e":5}'))

    page = await page_of(trail)

    assert cells(rows(page)[0])["summary"] == "a 1 b 2 c 3 and 2 more"


@pytest.mark.parametrize(
    ("filters", "tables"),
    [
        ({"table": "reviews"}, ["reviews", "reviews"]),
        ({"table": "public.carts"}, ["carts"]),
        ({"table": "other.carts"}, []),
        ({"key": "4"}, ["customers"]),
        ({"key": '{"order_id":7,"line":1}'}, ["order_items"]),
        ({"operation": "snapshot"}, ["products"]),
        ({"operation": "DELETE", "table": "reviews"}, ["reviews"]),
        ({"table": "orders", "transaction": "771"}, ["orders", "orders", "orders"]),
        ({"since": "2023-11-14T22:09:20"}, ["orders", "carts", "customers"]),
        ({"since": "2023-11-14T23:09:20+01:00"}, ["orders", "carts", "customers"]),
        ({"until": "2023-11-14"}, ["products"]),
        ({"since": "2023-11-14T22:04:00", "until": "2023-11-14T22:09:20"}, ["reviews", "reviews"]),
    ],
    ids=str,
)
async def test_filters_leave_what_matches(filters: dict[str, str], tables: list[str]) -> None:
    page = await page_of(a_shop(), f"/?{urlencode(filters)}")

    assert shown_tables(page) == tables


async def test_the_form_keeps_what_was_filtered_for() -> None:
    page = await page_of(
        a_shop(),
        table="orders",
        key="7",
        operation="update",
        transaction="771",
        since="2023-11-14T22:09:20.5",
    )

    form = page.one("form")
    values = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}
    assert values == {
        "table": "orders",
        "key": "7",
        "since": "2023-11-14T22:09:20.500",
        "until": "",
        "transaction": "771",
        "user": "",
        "changed": "",
        "value": "",
        "text": "",
    }
    chosen = [o.text for o in form.all("option") if "selected" in o.attributes]
    assert chosen == ["UPDATE"]


async def test_each_filter_in_use_can_be_taken_away() -> None:
    page = await page_of(a_shop(), table="orders", key="7")

    chips = page.all(of_class="chip")
    assert [chip.text for chip in chips] == ["table orders", "key 7"]
    assert [chip.one("a").attributes["href"] for chip in chips] == ["/?key=7", "/?table=orders"]


@pytest.mark.parametrize("name", ["odd.name", 'a"b', " padded ", "a.b.c", '"quoted"'])
async def test_the_link_to_a_table_finds_it_whatever_its_name(name: str) -> None:
    trail = PageTrail()
    stored = trail.add(table=name, record_key='{"id":1}')
    trail.add(table="name")
    opened = await page_of(trail, f"/changes/{stored.id}")

    links = [a.attributes["href"] for a in opened.all("a") if "table=" in a.attributes["href"]]
    of_table, *of_row = [await page_of(trail, link) for link in links]

    assert len(rows(of_table)) == 1
    assert [len(page.all("ol", of_class="timeline")) for page in of_row] == [1, 1, 1]


async def test_older_changes_follow_without_a_hole_or_a_repetition() -> None:
    trail = PageTrail()
    expected = [trail.add(partition=n % 3, change_timestamp=NOON).id for n in range(120)]
    seen: list[str] = []
    sizes: list[int] = []
    link = "/?table=orders"

    while link:
        page = await page_of(trail, link)
        seen += [row.attributes["id"].removeprefix("c-") for row in rows(page)]
        sizes.append(len(rows(page)))
        is_last = "hidden" in page.one("nav", id="pages").attributes
        link = "" if is_last else page.one("a", id="older").attributes["href"]

    assert sizes == [DEFAULT_LIMIT, DEFAULT_LIMIT, 20]
    assert sorted(seen) == sorted(expected)


async def test_an_older_page_keeps_the_filters_and_leads_back() -> None:
    trail = PageTrail()
    for _ in range(DEFAULT_LIMIT + 1):
        trail.add()
    first = await page_of(trail, table="orders")

    link = first.one("a", id="older").attributes["href"]
    second = await page_of(trail, link)

    assert parse_qs(urlsplit(link).query)["table"] == ["orders"]
    assert len(rows(second)) == 1
    assert second.one("a", of_class="newest").attributes["href"] == "/?table=orders"
    assert ["data-stream" in page.one("table").attributes for page in (first, second)] == [
        True,
        False,
    ]


async def test_an_empty_trail_says_how_to_fill_it() -> None:
    page = await page_of(PageTrail())

    assert "No change has been recorded yet" in page.one(id="nothing").text
    assert rows(page) == []


async def test_filters_that_nothing_matches_are_to_be_loosened() -> None:
    page = await page_of(a_shop(), table="nowhere")

    assert "Nothing here matches" in page.one(id="nothing").text


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"operation": "explode"}, "operation"),
        ({"since": "yesterday"}, "since"),
        ({"before": "here"}, "before"),
        ({"colour": "red"}, "colour"),
        ({"key": "a\0b"}, "key"),
    ],
)
async def test_a_wrong_filter_is_named_and_the_others_are_kept(
    filters: dict[str, str], field: str
) -> None:
    query = urlencode({"table": "orders", **filters})

    page = await page_of(a_shop(), f"/?{query}", status=422)

    problem = page.one(of_class="problem")
    assert problem.attributes["role"] == "alert"
    assert problem.text.startswith(field)
    assert page.all("input")[0].attributes["value"] == "orders"


@pytest.mark.parametrize("path", ["/nowhere", "/changes/1-0-999", "/changes/x", "/static/nothing"])
async def test_what_is_not_there_is_a_page_that_leads_back(path: str) -> None:
    page = await page_of(a_shop(), path, status=404)

    assert page.one("h1").text == "Not found"
    assert any(a.attributes["href"] == "/" for a in page.one("main").all("a"))


async def test_a_change_that_happened_long_ago_is_told_by_its_day() -> None:
    page = await page_of(a_shop(), table="products")

    assert cells(rows(page)[0])["when"] == "20:13:20 12 Nov 2023"


@pytest.mark.parametrize("ahead", [timedelta(seconds=2), timedelta(seconds=59)])
async def test_a_source_whose_clock_is_ahead_changes_things_just_now(ahead: timedelta) -> None:
    trail = PageTrail()
    trail.add(change_timestamp=NOON + int(ahead.total_seconds()) * SECOND)

    page = await page_of(trail)

    assert cells(rows(page)[0])["when"].endswith("just now")


async def test_lines_sort_as_text_in_the_order_of_the_trail_before_1970_too() -> None:
    trail = PageTrail()
    for time in (-3 * SECOND, -20 * SECOND, 5 * SECOND, NOON):
        trail.add(change_timestamp=time)

    page = await page_of(trail)

    orders = [row.attributes["data-order"] for row in rows(page)]
    assert orders == sorted(orders, reverse=True)
    assert len(set(orders)) == 4


async def test_deletes_and_truncates_are_told_by_words_and_signs() -> None:
    trail = PageTrail()
    trail.add(**a_delete())
    trail.add(**a_truncate())

    page = await page_of(trail)

    assert [cells(row)["what"] for row in rows(page)] == ["TRUNCATE", "DELETE"]
    signs = [row.one(of_class="sign").children for row in rows(page)]
    assert signs == [["×"], ["−"]]  # noqa: RUF001 - signs, no letters
