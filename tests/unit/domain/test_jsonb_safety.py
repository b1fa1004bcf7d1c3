"""Which JSON `jsonb` refuses, and an escape for it that gives back every character."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.jsonb_safety import (
    MAX_DEPTH,
    escape_image,
    escape_whole,
    is_unsafe,
    members,
    nesting,
    unescape_image,
)

UNSAFE = [
    r'"\u0000"',
    r'{"a":"x\u0000y"}',
    r'{"\u0000":1}',
    r'"\ud800"',
    r'"\uDFFF"',
    r'"\ud800\ud800"',
    r'"\\\u0000"',
    "1e401",
    "1E+999999999999",
    "-1e-401",
    "1" * 4_301,
    "0." + "1" * 16_384,
    "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
]
SAFE = [
    "{}",
    r'"\\u0000"',
    r'"\ud83d\ude00"',
    r'"\uD83D\uDE00"',
    r'"\\\\ud800"',
    '"1e999"',
    '"[[[["',
    "1e400",
    "1" * 4_300,
    "0." + "1" * 16_383,
    "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    "[" + ",".join("[]" for _ in range(1000)) + "]",
]

_SHORT = [value for value in (*UNSAFE, *SAFE) if len(value) < 1000]
_VALUES = st.sampled_from([*_SHORT, "1.10", "null", '"text"', '[1, {"a": [true]}]'])
_SPACES = st.sampled_from(["", " ", "\n", "  "])


@st.composite
def images(draw: st.DrawFn) -> str:
    """The text of a JSON object, some of its values or names unsafe."""
    names = draw(st.lists(st.text(max_size=4), max_size=4, unique=True))
    spaced = [draw(_SPACES) for _ in names]
    written = [
        f"{space}{_name(draw, name)}{space}:{space}{draw(_VALUES)}{space}"
        for name, space in zip(names, spaced, strict=True)
    ]
    return "{" + ",".join(written) + draw(_SPACES) + "}"


def _name(draw: st.DrawFn, name: str) -> str:
    return json.dumps(name, ensure_ascii=draw(st.booleans()))


@pytest.mark.parametrize("text", UNSAFE, ids=lambda text: text[:20])
def test_what_breaks_jsonb_is_unsafe(text: str) -> None:
    assert is_unsafe(text)
    assert is_unsafe(f'{{"a":[{text}]}}')


@pytest.mark.parametrize("text", SAFE, ids=lambda text: text[:20])
def test_what_passes_jsonb_is_safe(text: str) -> None:
    assert not is_unsafe(text)


def test_too_much_of_it_is_unsafe() -> None:
    numbers = "[" + ",".join(["1e400"] * 500_000) + "]"

    assert is_unsafe(numbers)


@settings(max_examples=200, deadline=None)
@given(text=images())
def test_an_escaped_image_is_safe_and_comes_back_character_by_character(text: str) -> None:
    stored, columns = escape_image(text)

    assert not is_unsafe(stored)
    assert json.loads(stored) is not None
    assert unescape_image(stored, columns) == text


def test_only_the_unsafe_columns_are_escaped() -> None:
    stored, columns = escape_image(r'{"a": 1.10, "b" : "\u0000", "c":{"x":[1]}}')

    assert stored == r'{"a": 1.10, "b" : "\"\\u0000\"", "c":{"x":[1]}}'
    assert columns == ("b",)


def test_an_unsafe_name_escapes_the_whole_image() -> None:
    stored, columns = escape_image(r'{"\u0000":1,"b":2}')

    assert json.loads(stored) == {"": r'{"\u0000":1,"b":2}'}
    assert columns is None


def test_a_column_that_is_there_twice_is_escaped_in_both_places() -> None:
    text = r'{"a":1,"a":"\u0000"}'

    stored, columns = escape_image(text)

    assert columns == ("a",)
    assert unescape_image(stored, columns) == text


def test_any_text_can_be_escaped_whole() -> None:
    assert json.loads(escape_whole('["\\u0000"')) == {"": '["\\u0000"'}


def test_members_are_found_whatever_is_nested_in_them() -> None:
    text = '{"a" : {"b":[1,"}"]} , "c":"x,\\"y" ,"d":-1.5e3}'

    found = members(text)

    assert found is not None
    assert [(member.name, text[member.start : member.end]) for member in found] == [
        ('"a"', '{"b":[1,"}"]}'),
        ('"c"', '"x,\\"y"'),
        ('"d"', "-1.5e3"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "1", '"a"', "{", '{"a":1', "{} {}", "{1:2}", "]"])
def test_what_is_no_object_has_no_members(text: str) -> None:
    assert members(text) is None


@pytest.mark.parametrize(
    ("text", "depth"),
    [("1", 0), ("{}", 1), ('[{"a":[]}]', 3), ('"[[["', 0), (r'["\"[["]', 1), ("[[],[[]]]", 3)],
)
def test_nesting_is_counted_outside_of_strings(text: str, depth: int) -> None:
    assert nesting(text) == depth


def test_nesting_is_counted_only_as_far_as_it_matters() -> None:
    assert nesting("[" * 5000 + "]" * 5000) == MAX_DEPTH + 1
