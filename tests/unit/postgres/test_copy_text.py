"""COPY's text format: nothing that a field holds can end its line or its column."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.copy_text import (
    array_field,
    bytes_field,
    joined,
    split_lines,
    text_field,
    timestamp_field,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Y2000, Y2200 = 946_684_800_000_000, 7_258_118_400_000_000

any_text = st.text(st.characters(codec=None))  # NUL and half surrogate pairs too


def unescaped(field: str) -> str:
    letters = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    return re.sub(r"\\(.)", lambda match: letters[match[1]], field)


@given(any_text)
def test_an_escaped_text_has_no_separator_and_can_be_read_back(text: str) -> None:
    field = text_field(text)

    assert not {"\t", "\n", "\r"} & set(field)
    assert unescaped(field) == text


def test_null_is_not_the_text_that_looks_like_it() -> None:
    assert text_field(None) == r"\N"
    assert text_field(r"\N") == r"\\N"


@given(st.lists(st.lists(any_text, min_size=1), max_size=5))
def test_lines_that_were_joined_can_be_split_apart(rows: list[list[str]]) -> None:
    lines = [joined(*(text_field(text) for text in row)) for row in rows]

    assert split_lines(b"".join(lines)) == lines
    assert [line.count(b"\t") for line in lines] == [len(row) - 1 for row in rows]


@given(st.integers(Y2000, Y2200))
def test_times_of_two_centuries_are_exact(microseconds: int) -> None:
    expected = EPOCH + timedelta(microseconds=microseconds)

    assert timestamp_field(microseconds) == expected.strftime("%Y-%m-%d %H:%M:%S.%f+00")


@given(st.datetimes())
def test_times_of_every_year_that_python_knows_are_exact(moment: datetime) -> None:
    microseconds = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

    assert timestamp_field(microseconds) == moment.isoformat(" ", "microseconds") + "+00"


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        (0, "1970-01-01 00:00:00.000000+00"),
        (-1, "1969-12-31 23:59:59.999999+00"),
        (253_402_300_800_000_000, "10000-01-01 00:00:00.000000+00"),
        (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999+00 BC"),
        (-62_167_219_200_000_000, "0001-01-01 00:00:00.000000+00 BC"),
        (None, r"\N"),
    ],
)
def test_times_beyond_pythons_years_are_written_as_postgresql_reads_them(
    microseconds: int | None, expected: str
) -> None:
    assert timestamp_field(microseconds) == expected


def test_bytes_are_hexadecimal_with_their_own_prefix_escaped() -> None:
    assert bytes_field(b"\x00\xff\n") == r"\\x00ff0a"
    assert bytes_field(b"") == r"\\x"
    assert bytes_field(None) == r"\N"


def test_every_element_of_an_array_is_quoted_and_escaped_twice() -> None:
    assert array_field(("a", 'b"', "c\\", "NULL", "")) == r'{"a","b\\"","c\\\\","NULL",""}'
    assert array_field(()) == "{}"
    assert array_field(None) == r"\N"
