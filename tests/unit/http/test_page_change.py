"""One change, opened: both sides of every column, and what is not known of them."""

import pytest

from domain.operation import BeforeImage, OperationTypeEnum
from tests.unit.http.page_data import a_delete, a_truncate, an_insert, without_old_row
from tests.unit.http.page_reading import columns, opened

NO_COLUMN = "This image of the row does not have the column."
NO_ROW_BEFORE = "There was no row before this change."
NO_ROW_AFTER = "There is no row after this change."


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
