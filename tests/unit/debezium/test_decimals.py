"""Decimals are exact, at any length and scale."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.debezium.decimals import (
    MOST_BYTES,
    MOST_SCALE,
    decimal_from_bytes,
    decimal_from_number,
    decimal_text,
)

WIDE = Context(prec=10_000)


@given(unscaled=st.integers(-(10**60), 10**60), scale=st.integers(0, 900))
def test_the_text_is_the_number_with_all_digits_of_its_scale(unscaled: int, scale: int) -> None:
    text = decimal_text(unscaled, scale)

    assert Decimal(text) == Decimal(unscaled).scaleb(-scale, WIDE)
    assert len(text.partition(".")[2]) == scale


@given(unscaled=st.integers(), scale=st.integers(-200, 0))
def test_a_negative_scale_is_written_out(unscaled: int, scale: int) -> None:
    assert int(decimal_text(unscaled, scale)) == unscaled * 10**-scale


@given(unscaled=st.integers(-(2**200), 2**200), scale=st.integers(0, 50))
def test_bytes_are_big_endian_twos_complement(unscaled: int, scale: int) -> None:
    data = unscaled.to_bytes((unscaled.bit_length() + 8) // 8, "big", signed=True)

    assert decimal_from_bytes(data, scale) == decimal_text(unscaled, scale)
    assert decimal_from_bytes(bytes([255 if unscaled < 0 else 0]) + data, scale) == decimal_text(
        unscaled, scale
    )


@pytest.mark.parametrize(
    ("text", "scale", "expected"),
    [
        ("1.5", 2, "1.50"),
        ("1.555", 2, "1.555"),
        ("1", 0, "1"),
        ("1e3", 2, "1000.00"),
        ("-0.0", 1, "0.0"),
        ("12345678901234567890.1", 1, "12345678901234567890.1"),
    ],
)
def test_a_bare_number_gets_the_zeros_of_its_scale(text: str, scale: int, expected: str) -> None:
    assert decimal_from_number(text, scale) == expected


def test_postgresqls_negative_scale_arrives_wrapped() -> None:
    assert decimal_text(12345 * 10**2046, 2046) == "12345"
    assert decimal_text(-5, 2046).startswith("-0.000")


def test_the_longest_numbers_of_databases_are_written() -> None:
    assert len(decimal_from_bytes(b"\x7f" + b"\xff" * 61_231, 16_383)) > 147_000


def test_what_no_database_has_is_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        decimal_text(1, MOST_SCALE + 1)
    with pytest.raises(ValueError, match="bytes"):
        decimal_from_bytes(bytes(MOST_BYTES + 1), 0)
    with pytest.raises(ValueError, match="number"):
        decimal_from_number("1e99999", 0)
