"""Stored notes as readers see them: word, side and detail for each column."""

import pytest

from domain.column_notes import ColumnNote, read_notes
from domain.operation import ValueNote
from domain.value_notes import combined_notes


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ('"masked"', [ColumnNote("masked")]),
        ('{"old":"masked"}', [ColumnNote("masked", ("old",), named=True)]),
        (
            '{"old":"masked","new":"hashed"}',
            [
                ColumnNote("masked", ("old",), named=True),
                ColumnNote("hashed", ("new",), named=True),
            ],
        ),
        (
            '{"note":"offloaded","reference":"b|k"}',
            [ColumnNote("offloaded", detail='{"reference":"b|k"}')],
        ),
        (
            '{"new":{"note":"truncated","length":20}}',
            [ColumnNote("truncated", ("new",), named=True, detail='{"length":20}')],
        ),
        ('["masked","suspect"]', [ColumnNote("masked"), ColumnNote("suspect")]),
        ('{"kind":"masked","image":"old"}', [ColumnNote("masked", ("old",), named=True)]),
        ('"a word of a newer release"', [ColumnNote("a word of a newer release")]),
        ("5", []),
        ("null", []),
        ("{}", []),
    ],
)
def test_a_note_is_read_in_each_of_its_forms(note: str, expected: list[ColumnNote]) -> None:
    assert list(read_notes(f'{{"c":{note}}}')["c"]) == expected


def test_no_text_is_no_notes() -> None:
    assert read_notes(None) == {}


def test_what_is_written_is_read() -> None:
    text = combined_notes(
        {"a": ValueNote.MASKED, "b": ValueNote.SUSPECT},
        {"a": ValueNote.MASKED, "b": {"note": "offloaded", "reference": "b|k"}},
        both=True,
    )

    assert read_notes(text) == {
        "a": (ColumnNote("masked"),),
        "b": (
            ColumnNote("suspect", ("old",), named=True),
            ColumnNote("offloaded", ("new",), named=True, detail='{"reference":"b|k"}'),
        ),
    }
