"""Well-known binary to well-known text."""

import struct

import pytest

from adapters.debezium.geometry import geometry_text, number_text


def a_geometry(kind: int, body: bytes, *, order: str = "<", srid: int | None = None) -> bytes:
    code = kind | (0x20000000 if srid is not None else 0)
    head = struct.pack(f"{order}BI", 1 if order == "<" else 0, code)
    return head + (b"" if srid is None else struct.pack(f"{order}I", srid)) + body


def numbers(*values: float, order: str = "<") -> bytes:
    return struct.pack(f"{order}{len(values)}d", *values)


def count(number: int) -> bytes:
    return struct.pack("<I", number)


POINT = a_geometry(1, numbers(1, 2))
LINE = a_geometry(2, count(2) + numbers(0, 0, 1, 1))
RING = count(1) + count(4) + numbers(0, 0, 0, 1, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("wkb", "text"),
    [
        (POINT, "POINT(1 2)"),
        (a_geometry(1, numbers(1, 2, order=">"), order=">"), "POINT(1 2)"),
        (a_geometry(1, numbers(float("nan"), float("nan"))), "POINT EMPTY"),
        (a_geometry(1001, numbers(1, 2, 3)), "POINT Z (1 2 3)"),
        (a_geometry(2001, numbers(1, 2, 3)), "POINT M (1 2 3)"),
        (a_geometry(3001, numbers(1, 2, 3, 4)), "POINT ZM (1 2 3 4)"),
        (a_geometry(1 | 0x80000000, numbers(1, 2, 3)), "POINT Z (1 2 3)"),
        (LINE, "LINESTRING(0 0,1 1)"),
        (a_geometry(2, count(0)), "LINESTRING EMPTY"),
        (a_geometry(3, RING), "POLYGON((0 0,0 1,1 1,0 0))"),
        (a_geometry(4, count(2) + POINT + POINT), "MULTIPOINT((1 2),(1 2))"),
        (a_geometry(6, count(1) + a_geometry(3, RING)), "MULTIPOLYGON(((0 0,0 1,1 1,0 0)))"),
        (
            a_geometry(7, count(2) + POINT + LINE),
            "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))",
        ),
        (a_geometry(1, numbers(1, 2), srid=4326), "SRID=4326;POINT(1 2)"),
    ],
)
def test_a_geometry_is_shown_in_full(wkb: bytes, text: str) -> None:
    assert geometry_text(wkb, None) == text


def test_the_srid_inside_wins_over_the_one_beside() -> None:
    assert geometry_text(a_geometry(1, numbers(1, 2), srid=4326), 3857) == "SRID=4326;POINT(1 2)"
    assert geometry_text(POINT, 3857) == "SRID=3857;POINT(1 2)"


@pytest.mark.parametrize(
    "wkb",
    [
        b"",
        b"\x01",
        POINT[:-1],
        POINT + b"\x00",
        a_geometry(99, b""),
        a_geometry(2, count(2**31)),
        a_geometry(7, count(1)) * 60,
    ],
    ids=len,
)
def test_what_is_no_geometry_is_refused(wkb: bytes) -> None:
    with pytest.raises(ValueError, match=r"well-known binary|follow|announced|nested"):
        geometry_text(wkb, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (-0.5, "-0.5"), (0.1 + 0.2, "0.30000000000000004"), (1e300, "1e+300")],
)
def test_a_number_reads_back_as_the_same_number(value: float, text: str) -> None:
    assert number_text(value) == text
    assert float(text) == value
