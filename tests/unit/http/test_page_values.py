"""How values look: their text, what is marked in it, and the time that has passed."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.diff import ColumnDiff, ColumnStatus, ColumnValue
from entrypoints.http.page_times import ago, for_input, iso, moment
from entrypoints.http.page_values import (
    Brief,
    Kind,
    Piece,
    both_short,
    both_values,
    read_value,
    short,
    value_view,
    visible,
)
from tests.builders import DAY, NOON, SECOND


def a_text(text: str) -> ColumnValue:
    return ColumnValue(text=json.dumps(text))


def changed(old: str, new: str) -> ColumnDiff:
    return ColumnDiff("note", ColumnStatus.CHANGED, a_text(old), a_text(new))


@pytest.mark.parametrize(
    ("json_text", "kind", "text"),
    [
        ("null", "null", "null"),
        ("true", "boolean", "true"),
        ("1.00", "number", "1.00"),
        ('"null"', "text", "null"),
        ('"a\\tb\\nc"', "text", "a\tb\nc"),
        ('{"a":1.0}', "json", '{\n  "a": 1.0\n}'),
        ("[]", "json", "[]"),
    ],
)
def test_a_value_has_a_kind_and_a_text(json_text: str, kind: Kind, text: str) -> None:
    assert read_value(json_text) == (kind, text)


@given(st.text(), st.text())
def test_marking_loses_no_character(old: str, new: str) -> None:
    before, after = both_values(changed(old, new))

    assert (before.text, after.text) == (visible(old), visible(new))


@given(st.text())
def test_what_is_shown_can_always_be_sent(text: str) -> None:
    assert visible(text).encode().decode() == visible(text)


def test_words_that_differ_are_marked_between_those_that_do_not() -> None:
    before, after = both_values(changed("the old plan for May", "the new plan for May"))

    assert before.pieces == [Piece("the "), Piece("old", is_changed=True), Piece(" plan for May")]
    assert after.pieces == [Piece("the "), Piece("new", is_changed=True), Piece(" plan for May")]


def test_members_of_json_that_differ_are_marked_each_for_itself() -> None:
    old = ColumnValue(text='{"city":"Oslo","floor":2,"street":"Storgata"}')
    new = ColumnValue(text='{"city":"Bergen","floor":2,"street":"Bryggen"}')

    before, after = both_values(ColumnDiff("address", ColumnStatus.CHANGED, old, new))

    told = [[p.text for p in view.pieces if p.is_changed] for view in (before, after)]
    assert told == [["Oslo", "Storgata"], ["Bergen", "Bryggen"]]


def test_a_long_text_is_previewed_where_it_changed() -> None:
    lead, tail = "word " * 200, " more" * 200

    before, after = both_values(changed(f"{lead}old{tail}", f"{lead}new{tail}"))

    told = ["".join(piece.text for piece in view.preview) for view in (before, after)]
    assert [text[:45] for text in told] == [f"…{'word ' * 8}old ", f"…{'word ' * 8}new "]
    assert all(text.endswith("…") and len(text) < 250 for text in told)
    assert [piece.is_changed for piece in before.preview] == [False, True, False]


def test_a_long_text_without_marks_is_previewed_from_its_beginning() -> None:
    view = value_view(a_text("word " * 200))

    assert [piece.text for piece in view.preview] == ["word " * 40 + "…"]


def test_in_a_list_long_texts_are_told_from_where_they_differ() -> None:
    same = "the same beginning of both of them "

    told = both_short(changed(f"{same}old", f"{same}new"), 28)

    assert told == (Brief("…of them old"), Brief("…of them new"))


def test_in_a_list_texts_that_differ_only_in_blanks_are_told_from_the_beginning() -> None:
    told = both_short(changed("one  two", "one two"), 28)

    assert told == (Brief("one two"), Brief("one two"))


def test_texts_with_little_in_common_are_not_marked() -> None:
    before, after = both_values(changed("paid", "shipped"))

    assert (before.pieces, after.pieces) == ([Piece("paid")], [Piece("shipped")])


@pytest.mark.parametrize(
    ("value", "brief"),
    [
        (None, Brief("not known", is_data=False)),
        (ColumnValue(text=None, trusted=False), Brief("not known", is_data=False)),
        (ColumnValue(text="0", trusted=False), Brief("not known", is_data=False)),
        (ColumnValue(text="null"), Brief("NULL", is_data=False)),
        (a_text("NULL"), Brief("NULL")),
        (a_text(""), Brief("empty text", is_data=False)),
        (a_text(" \n"), Brief("blank text", is_data=False)),
        (a_text("two\nlines"), Brief("two lines")),
        (a_text("0123456789abc"), Brief("0123456789a…")),
    ],
)
def test_in_a_list_a_value_is_short_or_says_why_there_is_none(
    value: ColumnValue | None, brief: Brief
) -> None:
    assert short(value, 12) == brief


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "13 Nov 2023"),
        (-59, "just now"),
        (-60, "14 Nov 2023"),
    ],
)
def test_time_that_has_passed_is_told_in_words_for_a_day(seconds: int, told: str) -> None:
    assert ago(NOON - seconds * SECOND, moment(NOON)) == told


def test_a_time_is_exact_to_the_microsecond() -> None:
    assert iso(NOON + 1) == "2023-11-14T22:13:20.000001Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999Z"
    assert moment(NOON) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "text"),
    [(NOON, "2023-11-14T22:13:20"), (NOON + SECOND // 2 - DAY, "2023-11-13T22:13:20.500")],
)
def test_an_input_gets_a_time_that_it_can_hold(time: int, text: str) -> None:
    assert for_input(time) == text
