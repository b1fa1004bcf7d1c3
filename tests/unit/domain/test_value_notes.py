"""Notes on values: the text that is stored, and what is read back from it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.operation import ValueNote
from domain.value_notes import Note, combined_notes, notes_of_images

OFFLOADED: Note = {"note": "offloaded", "reference": "bucket|key"}
_NOTES = st.dictionaries(
    st.text(max_size=3), st.sampled_from([ValueNote.MASKED, ValueNote.SUSPECT, OFFLOADED])
)


@pytest.mark.parametrize(("old", "new"), [(None, None), ({}, None), (None, {}), ({}, {})])
def test_nothing_to_say_is_no_text(
    old: dict[str, Note] | None, new: dict[str, Note] | None
) -> None:
    assert combined_notes(old, new, both=True) is None


def test_a_lone_image_needs_no_side() -> None:
    assert combined_notes(None, {"a": ValueNote.MASKED}, both=False) == '{"a":"masked"}'
    assert combined_notes({"a": OFFLOADED}, None, both=False) == json.dumps(
        {"a": OFFLOADED}, separators=(",", ":")
    )


def test_notes_that_differ_say_which_image_they_are_on() -> None:
    old: dict[str, Note] = {"a": ValueNote.MASKED, "b": ValueNote.MASKED, "c": ValueNote.SUSPECT}
    new: dict[str, Note] = {"a": ValueNote.MASKED, "b": ValueNote.UNAVAILABLE}

    text = combined_notes(old, new, both=True)

    assert json.loads(text or "") == {
        "a": "masked",
        "b": {"old": "masked", "new": "unavailable"},
        "c": {"old": "suspect"},
    }


@given(old=_NOTES, new=_NOTES)
def test_notes_of_two_images_come_back_as_they_were(
    old: dict[str, Note], new: dict[str, Note]
) -> None:
    assert notes_of_images(combined_notes(old, new, both=True)) == (old, new)


def test_no_text_is_no_notes() -> None:
    assert notes_of_images(None) == ({}, {})
