"""One change, opened: who, when, where from, what to do, and where there is more like it."""

from typing import Any

import pytest

from domain.operation import TimestampSource
from tests.builders import NOON, SECOND
from tests.unit.http.html_reading import Element
from tests.unit.http.page_data import PageTrail, a_truncate, an_insert, without_old_row
from tests.unit.http.page_reading import app_over, opened, page_of
from tests.unit.http.requests import get


def facts(page: Element) -> dict[str, str]:
    return {fact.one("dt").text: fact.one("dd").text for fact in page.one("dl").all("div")}


@pytest.mark.parametrize(
    ("fields", "statement"),
    [
        ({}, "ALTER TABLE public.orders REPLICA IDENTITY FULL;"),
        ({"table": "Odd Name"}, 'ALTER TABLE public."Odd Name" REPLICA IDENTITY FULL;'),
        (
            {"table": 'x"; DROP TABLE y; --'},
            'ALTER TABLE public."x""; DROP TABLE y; --" REPLICA IDENTITY FULL;',
        ),
    ],
)
async def test_the_statement_for_old_values_can_be_copied_as_it_stands(
    fields: dict[str, str], statement: str
) -> None:
    page = await opened(**without_old_row(**fields))

    assert page.one(of_class="remedy").one("code").text == statement


@pytest.mark.parametrize(
    "fields", [{}, without_old_row(connector="mysql"), an_insert(), a_truncate()]
)
async def test_no_remedy_is_offered_where_none_is_needed_or_known(fields: dict[str, Any]) -> None:
    page = await opened(**fields)

    assert page.all(of_class="remedy") == []


async def test_everything_that_is_known_of_a_change_is_told() -> None:
    page = await opened(
        change_user="app:ada",
        transaction_id="771",
        transaction_order=2,
        change_timestamp=NOON + 123_456,
        captured_at=NOON + SECOND,
        kafka_timestamp=NOON + 2 * SECOND,
        lsn="0/16E9058",
    )

    assert facts(page) == {
        "User": "app:ada",
        "Transaction": "771 change 2 of it",
        "Changed": "14 Nov 2023, 22:13:20.123456 by the source's clock",
        "Captured": "14 Nov 2023, 22:13:21.000000 by the connector's clock",
        "In Kafka": "14 Nov 2023, 22:13:22.000000 by the broker's or producer's clock",
        "Recorded": "14 Nov 2023, 22:13:20.123456 by the trail's clock",
        "Source": "postgresql / shop / shop",
        "Source position": "0/16E9058",
        "Kafka": "shop.public.orders partition 0, offset 0, stream 1",
    }


async def test_a_time_that_is_not_the_sources_says_whose_it_is() -> None:
    page = await opened(timestamp_source=TimestampSource.KAFKA)

    assert facts(page)["Changed"].endswith("by Kafka's clock: the source's time is not known")


async def test_the_rest_of_the_transaction_is_one_link_away() -> None:
    trail = PageTrail()
    first = trail.add(transaction_id="771")
    trail.add(transaction_id="771", table="order_items")
    trail.add(transaction_id="772")
    page = await page_of(trail, f"/changes/{first.id}")

    link = page.one("dl").one("a").attributes["href"]
    found = await page_of(trail, link)

    assert len(found.one("tbody").all("tr")) == 2


async def test_the_other_changes_of_the_row_are_one_link_away() -> None:
    trail = PageTrail()
    first = trail.add(record_key='{"id":7}')
    trail.add(record_key='{"id":7}')
    trail.add(record_key='{"id":8}')
    page = await page_of(trail, f"/changes/{first.id}")

    found = await page_of(trail, page.all("a", of_class="button")[0].attributes["href"])

    assert len(found.one("ol", of_class="timeline").all("li")) == 2


async def test_a_key_too_long_for_an_address_has_no_link() -> None:
    page = await opened(record_key=f'{{"id":"{"k" * 3000}"}}')

    assert [a.text for a in page.all("a", of_class="button")] == ["Put it back…"]
    assert page.one(of_class="title-key").text == "k" * 59 + "…"


async def test_the_stored_texts_can_be_unfolded() -> None:
    page = await opened(
        source_metadata='{"lsn":24023128,"version":"3.6"}',
        headers='[["trace","1"]]',
        value_notes='{"card":"masked"}',
    )

    texts = {raw.one("summary").text: raw.one("pre").text for raw in page.all(of_class="raw")}
    assert list(texts) == [
        "Source block",
        "Record headers",
        "Notes on values",
        "Old row as stored",
        "New row as stored",
    ]
    assert texts["Source block"] == '{ "lsn": 24023128, "version": "3.6" }'


async def test_a_table_that_is_not_named_is_told_by_its_topic() -> None:
    page = await opened(source_table=None, source_schema=None)

    assert page.one("h1").text == "UPDATE shop.public.orders"
    assert [a.text for a in page.all("a", of_class="button")] == ["Put it back…"]


async def test_a_change_is_one_link_away_from_its_json() -> None:
    trail = PageTrail()
    stored = trail.add()
    page = await page_of(trail, f"/changes/{stored.id}")

    answer = await get(app_over(trail), page.one(of_class="api").one("a").attributes["href"])

    assert answer.json()["change"]["id"] == stored.id
