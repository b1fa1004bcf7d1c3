"""One change, opened: both sides of every column, and what is not known of them."""

from typing import Any

import pytest

from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from tests.builders import NOON, SECOND
from tests.unit.http.html_reading import Element
from tests.unit.http.page_data import PageTrail, a_delete, a_truncate, an_insert, without_old_row
from tests.unit.http.page_reading import columns, page_of

NO_COLUMN = "This image of the row does not have the column."
NO_ROW_BEFORE = "There was no row before this change."
NO_ROW_AFTER = "There is no row after this change."


async def opened(**fields: Any) -> Element:  # noqa: ANN401 - any field
    """Open the only change of a trail."""
    trail = PageTrail()
    stored = trail.add(**fields)
    return await page_of(trail, f"/changes/{stored.id}")


def facts(page: Element) -> dict[str, str]:
    return {fact.one("dt").text: fact.one("dd").text for fact in page.one("dl").all("div")}


async def test_an_update_shows_both_sides() -> None:
    page = await opened(record_key='{"id":1}')

    assert page.one("h1").text == "UPDATE public.orders 1"
    assert columns(page) == {
        "id": ("unchanged", "1", "1"),
        "status": ("changed", "new", "paid"),
    }
    assert page.one(of_class="before").text == "The source sent the whole row as it was before."
    assert page.one(of_class="is-key").text == "key"


async def test_an_insert_has_no_row_before() -> None:
    page = await opened(**an_insert(new_data='{"id":1,"note":null}'))

    assert columns(page) == {
        "id": ("added", NO_ROW_BEFORE, "1"),
        "note": ("added", NO_ROW_BEFORE, "NULL"),
    }


async def test_a_delete_has_no_row_after() -> None:
    page = await opened(**a_delete(old_data='{"id":1}'))

    assert columns(page) == {"id": ("removed", "1", NO_ROW_AFTER)}


async def test_a_truncate_says_that_every_row_is_gone() -> None:
    page = await opened(**a_truncate())

    assert page.all(of_class="diff") == []
    assert page.one(of_class="nothing").text == "This change carries no rows."
    assert page.one(of_class="lead").text.startswith(
        "The table was emptied: every row of it is gone."
    )


async def test_a_baseline_is_no_write() -> None:
    page = await opened(**an_insert(operation=OperationTypeEnum.SNAPSHOT, new_data='{"id":1}'))

    assert "a baseline, not a write" in page.one(of_class="lead").text
    assert page.one(of_class="complete").text.startswith("A baseline has no row before it")


async def test_an_upsert_does_not_claim_to_be_an_update() -> None:
    page = await opened(**without_old_row(operation=OperationTypeEnum.UPSERT, new_data='{"id":1}'))

    assert "does not tell insert from update" in page.one(of_class="lead").text
    assert columns(page) == {"id": ("not comparable", "not known", "1")}


async def test_a_range_delete_names_no_row() -> None:
    page = await opened(**a_truncate(operation=OperationTypeEnum.RANGE_DELETE))

    assert page.one("h1").text == "RANGE_DELETE public.orders"


async def test_an_old_row_that_was_not_sent_is_not_known_rather_than_absent() -> None:
    page = await opened(**without_old_row(new_data='{"id":1,"note":null}'))

    assert columns(page) == {
        "id": ("not comparable", "not known", "1"),
        "note": ("not comparable", "not known", "NULL"),
    }
    assert page.one(of_class="incomplete").text.startswith("The source did not send the row")


async def test_of_an_old_row_that_is_only_a_key_the_rest_is_not_known() -> None:
    page = await opened(
        record_key='{"id":1}',
        old_data='{"id":1}',
        new_data='{"id":2,"note":"x"}',
        changed_columns=None,
        before_image=BeforeImage.KEY,
    )

    assert columns(page) == {
        "id": ("changed", "1", "2"),
        "note": ("not comparable", "not known", "x"),
    }


async def test_fillers_of_the_source_are_not_shown_as_the_old_row() -> None:
    page = await opened(
        **a_delete(
            record_key='{"id":1}',
            old_data='{"id":1,"stars":0,"note":null}',
            before_image=BeforeImage.INVENTED,
        )
    )

    assert columns(page) == {
        "id": ("removed", "1", NO_ROW_AFTER),
        "stars": ("not comparable", "not known filler: 0", NO_ROW_AFTER),
        "note": ("not comparable", "not known filler: null", NO_ROW_AFTER),
    }


async def test_what_is_no_value_is_told_apart_from_null_empty_and_absent() -> None:
    page = await opened(
        old_data='{"null":"x","empty":"x","word":"x","gone":1}',
        new_data='{"null":null,"empty":"","word":"null"}',
        changed_columns=("null", "empty", "word"),
        value_notes='{"unsent":"unavailable"}',
    )

    assert {name: new for name, (_, _, new) in columns(page).items()} == {
        "null": "NULL",
        "empty": "empty text",
        "word": "null",
        "gone": NO_COLUMN,
        "unsent": "not sent unavailable",
    }
    kinds = {c for cell in page.all("td", of_class="new") for e in cell.all() for c in e.classes}
    assert {"null", "empty", "v-text", "absent", "unsent"} <= kinds


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ('"masked"', "**** masked"),
        ('"hashed"', "**** hashed"),
        ('"suspect"', "**** suspect"),
        ('{"note":"truncated","length":99}', '**** truncated {"length":99}'),
        ('{"note":"undecoded","type":"geometry"}', '**** undecoded {"type":"geometry"}'),
        ('["masked","truncated"]', "**** masked truncated"),
        ('"a word of a newer release"', "**** a word of a newer release"),
    ],
)
async def test_notes_stand_beside_the_value(note: str, shown: str) -> None:
    page = await opened(**an_insert(new_data='{"card":"****"}', value_notes=f'{{"card":{note}}}'))

    assert columns(page)["card"][2] == shown
    assert all("title" in note.attributes for note in page.all(of_class="note"))


async def test_an_escaped_value_is_shown_as_itself() -> None:
    page = await opened(
        **an_insert(new_data=r'{"name":"\"nul \\u0000 in it\""}', value_notes='{"name":"escaped"}')
    )

    assert columns(page)["name"][2] == r"nul \u0000 in it escaped"


async def test_a_note_for_one_side_stays_on_it() -> None:
    page = await opened(value_notes='{"status":{"old":"masked"}}')

    assert columns(page)["status"] == ("changed", "new masked", "paid")


async def test_what_changed_inside_a_text_is_marked() -> None:
    page = await opened(
        old_data='{"email":"zoe@shop.exmaple"}',
        new_data='{"email":"zoe@shop.example"}',
        changed_columns=("email",),
    )

    assert [mark.text for mark in page.all("mark")] == ["exmaple", "example"]


async def test_numbers_keep_every_digit() -> None:
    page = await opened(**an_insert(new_data='{"big":12345678901234567890.100}'))

    assert columns(page)["big"][2] == "12345678901234567890.100"


async def test_a_long_value_is_folded_and_complete() -> None:
    text = "word " * 400 + "end"

    page = await opened(**an_insert(new_data=f'{{"body":"{text}"}}'))

    folded = page.one("details", of_class="long")
    assert folded.one(of_class="unfold").text == f"show all {len(text)} characters"
    assert folded.one("pre").text == text


async def test_unchanged_columns_can_be_put_away() -> None:
    page = await opened()

    assert page.one("label", of_class="only").text == "Only what changed (1 unchanged)"
    assert page.all("input", id="only")


async def test_where_everything_changed_there_is_nothing_to_put_away() -> None:
    page = await opened(**an_insert(new_data='{"id":1}'))

    assert page.all("input", id="only") == []


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

    found = await page_of(trail, page.one("a", of_class="button").attributes["href"])

    assert len(found.one("tbody").all("tr")) == 2


async def test_a_key_too_long_for_an_address_has_no_link() -> None:
    page = await opened(record_key=f'{{"id":"{"k" * 3000}"}}')

    assert page.all("a", of_class="button") == []
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
    assert page.all("a", of_class="button") == []
