"""The page of a transaction, and the SQL that puts things back."""

import pytest

from domain.control import ControlKind
from tests.builders import DAY, NOON, a_control_message
from tests.unit.http.page_data import PageTrail
from tests.unit.http.page_reading import page_of, shown_tables
from tests.unit.http.shop_story import a_shop


def with_end(trail: PageTrail, count: int) -> PageTrail:
    payload = (
        f'{{"status":"END","id":"771:1","event_count":{count},"data_collections":'
        f'[{{"data_collection":"public.orders","event_count":3}}]}}'
    )
    trail.memory.control.append(
        a_control_message(kind=ControlKind.TRANSACTION_END, payload=payload)
    )
    return trail


async def test_all_changes_of_a_transaction_stand_in_their_order() -> None:
    page = await page_of(a_shop(), "/transactions?id=771")

    assert shown_tables(page) == [
        "customers",
        "orders",
        "order_items",
        "orders",
        "reviews",
        "orders",
    ]


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        (6, "Complete. All of it is here."),
        (8, "Incomplete. Changes of it are missing."),
    ],
)
async def test_the_end_record_says_whether_it_is_complete(count: int, verdict: str) -> None:
    page = await page_of(with_end(a_shop(), count), "/transactions?id=771")

    counted = f"Its END record counts {count} changes; the trail has 6."
    assert page.one(of_class="verdict").text == f"{verdict} {counted}"


async def test_without_an_end_record_nobody_can_say() -> None:
    page = await page_of(a_shop(), "/transactions?id=771")

    assert page.one(of_class="verdict").text.startswith("Not known whether complete.")


async def test_an_id_that_came_again_later_is_to_be_chosen_from() -> None:
    trail = PageTrail()
    trail.add(transaction_id="9")
    trail.add(transaction_id="9", change_timestamp=NOON + 30 * DAY, table="carts")

    page = await page_of(trail, "/transactions?id=9")
    links = [a.attributes["href"] for a in page.one("ul", of_class="choose").all("a")]

    found = [shown_tables(await page_of(trail, link)) for link in links]
    assert found == [["carts"], ["orders"]]


async def test_a_transaction_that_was_never_met_is_not_found() -> None:
    page = await page_of(a_shop(), "/transactions?id=999", status=404)

    assert "transaction 999" in page.text


@pytest.mark.parametrize(("what", "statements"), [("change", 1), ("row", 2)])
async def test_the_sql_that_puts_back_can_be_copied(what: str, statements: int) -> None:
    page = await page_of(a_shop(), "/changes/3-0-1/put-back", what=what)

    script = page.one("pre", id="script").text
    assert script.count('UPDATE "public"."orders"') == statements
    assert "'placed'" in script


async def test_what_cannot_be_put_back_is_named_with_the_reason() -> None:
    page = await page_of(a_shop(), "/changes/3-0-1/put-back", what="transaction")

    assert page.all("pre", id="script") == []
    assert "Change 5-0-0: the row before is not known" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/changes/3-0-1/put-back?what=world", 422), ("/changes/3-0-99/put-back", 404)],
)
async def test_what_does_not_exist_cannot_be_put_back(path: str, status: int) -> None:
    page = await page_of(a_shop(), path, status=status)

    assert page.all("pre") == []
