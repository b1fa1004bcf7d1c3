"""Decimals as exact text with their scale: never a float, never rounded."""

from decimal import Decimal

MOST_SCALE = 20_000
"""No database has scales beyond this; what has is refused before it fills the memory."""

MOST_BYTES = 65_536
"""The longest unscaled number: PostgreSQL's 147,455 digits take 61,232 bytes."""

_POSTGRESQL_MOST_SCALE = 1000
_PLAIN_BITS = 14_000
"""Up to here `str` of an integer is allowed by every Python, and faster than `Decimal`."""


def decimal_text(unscaled: int, scale: int) -> str:
    """
    ``unscaled * 10 ** -scale`` as text: 123411 and 2 is ``1234.11``; scales may be negative.

    PostgreSQL's own negative scales arrive wrapped at 2048 (``numeric(5,-2)`` has scale 2046), and
    the number with as many zeros behind the point: those zeros are left out.

    Raises:
        ValueError: The scale is beyond `MOST_SCALE`.
    """
    if abs(scale) > MOST_SCALE:
        raise ValueError(f"a scale of {scale}")
    absolute = abs(unscaled)
    digits = str(absolute) if absolute.bit_length() < _PLAIN_BITS else str(Decimal(absolute))
    sign = "-" if unscaled < 0 else ""
    if scale <= 0:
        return f"{sign}{digits}{'0' * -scale if unscaled else ''}"
    digits = digits.rjust(scale + 1, "0")
    whole, fraction = digits[:-scale], digits[-scale:]
    if scale > _POSTGRESQL_MOST_SCALE and not fraction.strip("0"):
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction}"


def decimal_from_bytes(data: bytes, scale: int) -> str:
    """
    A decimal from Connect's bytes: the unscaled number, big-endian, two's complement.

    Raises:
        ValueError: It is longer than any database's, or its scale is.
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"an unscaled number of {len(data)} bytes")
    return decimal_text(int.from_bytes(data, "big", signed=True), scale)


def decimal_from_number(text: str, scale: int) -> str:
    """
    A decimal that was written as a bare JSON number, with the zeros of its scale.

    Digits beyond the scale are kept. An exponent is written out.

    Raises:
        ValueError: It is no number, or an exponent is beyond `MOST_SCALE`.
    """
    sign, digits, exponent = Decimal(text).as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > MOST_SCALE:
        raise ValueError(f"the number {text[:40]}")
    unscaled = int(Decimal((sign, digits, 0)))
    own = -exponent
    if own < scale:
        return decimal_text(unscaled * 10 ** (scale - own), scale)
    return decimal_text(unscaled, own)
