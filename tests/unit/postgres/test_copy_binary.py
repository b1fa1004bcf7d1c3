"""COPY's binary format: whatever a field holds, its line ends where it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.copy_binary import (
    NULL,
    array_field,
    fields_of,
    int2_field,
    int4_field,
    int8_field,
    joined,
    number_of,
    split_lines,
    text_field,
    timestamp_field,
)

Y2000 = 946_684_800_000_000

any_text = st.text(st.characters(codec=None))  # NUL and half surrogate pairs too
any_number = st.integers(-(2**80), 2**80)


@given(st.lists(st.lists(st.none() | any_text), max_size=5))
def test_lines_that_were_joined_can_be_split_apart_and_read(rows: list[list[str | None]]) -> None:
    lines = [joined(*(text_field(text) for text in row)) for row in rows]

    assert split_lines(b"".join(lines)) == lines
    assert [
        [
            None if data is None else data.decode("utf-8", "surrogatepass")
            for data in fields_of(line)
        ]
        for line in lines
    ] == rows


def test_null_is_not_the_text_that_looks_like_it() -> None:
    assert text_field(None) == array_field(None) == timestamp_field(None) == NULL
    assert text_field("") == bytes(4)
    assert fields_of(
        joined(text_field(None), text_field(""), text_field("\N{NO-BREAK SPACE}"))
    ) == [
        None,
        b"",
        b"\xc2\xa0",
    ]


@given(any_number)
def test_a_number_beyond_its_type_is_in_a_field_that_is_too_long_for_it(number: int) -> None:
    fields = [(int2_field(number), 2), (int4_field(number), 4), (int8_field(number), 8)]

    for field, size in fields:
        (data,) = fields_of(joined(field))
        assert data is not None
        assert number_of(data) == number
        assert (len(data) == size) is (-(2 ** (8 * size - 1)) <= number < 2 ** (8 * size - 1))


@pytest.mark.parametrize(
    ("microseconds", "fits"),
    [
        (Y2000 + 2**63 - 2, True),
        (Y2000 - 2**63 + 2, True),
        (Y2000 + 2**63 - 1, False),  # what PostgreSQL would read as infinity
        (Y2000 - 2**63, False),  # and as the infinity before all times
        (Y2000 + 2**63, False),
        (-(2**90), False),
    ],
)
def test_no_time_has_the_form_of_infinity(microseconds: int, *, fits: bool) -> None:
    (data,) = fields_of(joined(timestamp_field(microseconds)))

    assert data is not None
    assert (len(data) == 8) is fits
    assert number_of(data) == microseconds - Y2000


def test_an_array_says_how_many_elements_it_has_and_an_empty_one_has_no_dimension() -> None:
    assert array_field(("a", "")) == (
        b"\0\0\0\x1d" + b"\0\0\0\1" + bytes(4) + b"\0\0\0\x19" + b"\0\0\0\2" + b"\0\0\0\1"
        b"\0\0\0\1a" + bytes(4)
    )
    assert array_field(()) == b"\0\0\0\x0c" + bytes(8) + b"\0\0\0\x19"
