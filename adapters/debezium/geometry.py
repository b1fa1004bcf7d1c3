"""
Geometry as text: WKB and PostGIS's EWKB to (E)WKT, exact to the last bit of every coordinate.

Byte order and dimensions are read from every part. The SRID is the one inside an EWKB, else the
one beside it. Axis order is the source database's; nothing is exchanged.
"""

import struct
from collections.abc import Callable, Mapping, Sequence

_HAS_Z, _HAS_M, _HAS_SRID = 0x80000000, 0x40000000, 0x20000000
_FLAGS = _HAS_Z | _HAS_M | _HAS_SRID
_ISO_DIMENSION = 1000
_MOST_NESTING = 50

_POINT, _LINE, _POLYGON = 1, 2, 3
_NAMES = {
    1: "POINT",
    2: "LINESTRING",
    3: "POLYGON",
    4: "MULTIPOINT",
    5: "MULTILINESTRING",
    6: "MULTIPOLYGON",
    7: "GEOMETRYCOLLECTION",
    8: "CIRCULARSTRING",
    9: "COMPOUNDCURVE",
    10: "CURVEPOLYGON",
    11: "MULTICURVE",
    12: "MULTISURFACE",
    15: "POLYHEDRALSURFACE",
    16: "TIN",
    17: "TRIANGLE",
}
_RINGS = frozenset({3, 17})
_LINES = frozenset({2, 8})
_BARE_MEMBERS: Mapping[int, frozenset[int]] = {
    4: frozenset({1}),
    5: frozenset({2}),
    6: frozenset({3}),
    9: frozenset({2}),
    10: frozenset({2}),
    11: frozenset({2}),
    12: frozenset({3}),
    15: frozenset({3}),
    16: frozenset({17}),
}
"""Members of a collection that are written without their own name."""


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number, without a needless ``.0``."""
    return repr(float(value)).removesuffix(".0")


def geometry_text(wkb: bytes, srid: int | None) -> str:
    """
    (E)WKT of `wkb`: ``SRID=3187;POINT(174.9479 -36.7208)``.

    Raises:
        ValueError: It is no WKB.
    """
    reader = _Reader(wkb)
    try:
        name, body = reader.geometry(0)
    except (struct.error, IndexError, KeyError) as error:
        raise ValueError(f"no well-known binary at byte {reader.position}") from error
    if reader.position != len(wkb):
        raise ValueError(f"{len(wkb) - reader.position} bytes follow the geometry")
    known = reader.srid if reader.srid is not None else srid
    return f"{'' if known is None else f'SRID={known};'}{name}{body}"


class _Reader:
    """Reads one geometry with its members."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = "<"
        self.position = 0
        self.srid: int | None = None

    def geometry(self, depth: int, parent: int = 0) -> tuple[str, str]:
        if depth > _MOST_NESTING:
            raise ValueError(f"collections are nested deeper than {_MOST_NESTING}")
        self._order = "<" if self._data[self.position] else ">"
        self.position += 1
        code = self._integer()
        if code & _HAS_SRID:
            self.srid = self._integer()
        dimension, kind = divmod(code & ~_FLAGS, _ISO_DIMENSION)
        has_z = bool(code & _HAS_Z) or dimension in {1, 3}
        has_m = bool(code & _HAS_M) or dimension in {2, 3}
        suffix = f"{' ' if has_z or has_m else ''}{'Z' if has_z else ''}{'M' if has_m else ''}"
        name = _NAMES[kind]
        body = self._body(kind, 2 + has_z + has_m, depth)
        spaced = f"{name}{suffix}{' ' if suffix or body == 'EMPTY' else ''}"
        return ("" if kind in _BARE_MEMBERS.get(parent, ()) else spaced), body

    def _body(self, kind: int, size: int, depth: int) -> str:
        if kind == _POINT:
            point = self._numbers(size)
            is_empty = all(value != value for value in point)  # noqa: PLR0124 - NaN is not itself
            return "EMPTY" if is_empty else f"({_joined(point)})"
        if kind in _LINES:
            return self._many(lambda: _joined(self._numbers(size)))
        if kind in _RINGS:
            return self._many(lambda: self._many(lambda: _joined(self._numbers(size))))
        return self._many(lambda: "".join(self.geometry(depth + 1, kind)))

    def _many(self, member: Callable[[], str]) -> str:
        count = self._integer()
        if count > len(self._data):
            raise ValueError(f"{count} members announced in {len(self._data)} bytes")
        return f"({','.join(member() for _ in range(count))})" if count else "EMPTY"

    def _integer(self) -> int:
        (value,) = struct.unpack_from(f"{self._order}I", self._data, self.position)
        self.position += 4
        return int(value)

    def _numbers(self, count: int) -> Sequence[float]:
        values = struct.unpack_from(f"{self._order}{count}d", self._data, self.position)
        self.position += 8 * count
        return values


def _joined(values: Sequence[float]) -> str:
    return " ".join(number_text(value) for value in values)
