"""The keyed hash of a value: one for equal values, none to guess, and no key that shows."""

import hashlib
import hmac
import io

import pytest
import rich
from hypothesis import given
from hypothesis import strategies as st

from domain.hash_key import HashKey
from domain.json_text import canonical_text, parsed, written
from domain.jsonb_safety import MAX_DEPTH

SECRET = b"a secret of thirty-two characters"
KEY = HashKey("2026", SECRET)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec=None), max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def test_it_is_the_hmac_of_the_canonical_text() -> None:
    expected = hmac.new(SECRET, '"Köln"'.encode(), hashlib.sha256).hexdigest()

    assert KEY.hashed('"Köln"') == KEY.hashed(r'"K\u00f6ln"') == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[2]}', '{ "b": [ 2 ], "a": 1 }'),
        (r'"\u0041\/"', '"A/"'),
        ("1.50", " 1.50 "),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        (r'"\ud800"', r'"\uD800"'),
    ],
)
def test_one_value_has_one_hash_however_it_is_written(one: str, other: str) -> None:
    assert KEY.hashed(one) == KEY.hashed(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", '"1"'), ("1", "1.0"), ('""', "{}"), ("true", "1"), ('"a"', '"A"'), ("[1,2]", "[2,1]")],
)
def test_different_values_have_different_hashes(one: str, other: str) -> None:
    assert KEY.hashed(one) != KEY.hashed(other)


def test_another_key_gives_another_hash() -> None:
    assert KEY.hashed("1") != HashKey("2026", SECRET[::-1]).hashed("1")


def test_a_value_that_is_nested_too_deep_is_hashed_as_it_is() -> None:
    deep = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)

    assert canonical_text(deep) == deep
    assert KEY.hashed(deep) != KEY.hashed(f"[{deep}]")


def test_the_key_never_shows() -> None:
    drawn = io.StringIO()
    rich.print(KEY, file=drawn)

    texts = [repr(KEY), str(KEY), f"{[KEY]}", drawn.getvalue()]

    assert all("2026" in text and SECRET.decode() not in text for text in texts)


@given(json_values)
def test_what_is_read_and_written_is_the_same_value(value: object) -> None:
    text = written(value)

    assert written(parsed(text)) == text
    assert text.encode("utf-8")


@given(st.dictionaries(st.text(max_size=3), json_values, max_size=4))
def test_the_order_of_columns_leaves_no_trace(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical_text(written(value)) == canonical_text(written(turned))
