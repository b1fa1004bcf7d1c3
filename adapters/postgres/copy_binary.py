"""
COPY's binary format: a row is the number of its fields, and each of them behind its size.

    header │ count │ size │ data │ size │ data │ ... │ count │ size │ data │ ... │ trailer
           └── a line ─────────────────────────────┘ └── the next one ─────────┘

A row is called a line here, as PostgreSQL calls it ("COPY audit_logging, line 3"). Lines come
without header and trailer: they can be joined back to back, and split apart again. What PostgreSQL
cannot hold (NUL, half a surrogate pair, a number or time beyond its type) goes through in a field
that ends where it says: the server refuses that row, and no other.

Source: PostgreSQL's documentation, COPY, "Binary Format"; the types' `recv` functions.
"""

from itertools import pairwise
from struct import Struct, error

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What goes before the lines of one COPY: the signature, no flags, no extension."""

TRAILER = b"\xff\xff"
"""What goes behind them."""

NULL = b"\xff\xff\xff\xff"

_EPOCH = 946_684_800_000_000  # 2000-01-01, in microseconds since 1970
_INFINITY = 2**63 - 1  # the time, and its negative, that PostgreSQL reads as no time at all
_TEXT_OID = 25

_COUNT = Struct(">h")
_SIZE = Struct(">i")
_size = _SIZE.pack
_int2 = Struct(">ih").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_ARRAY = Struct(">5i")  # dimensions, whether there are nulls, type, elements, first index
_EMPTY_ARRAY = Struct(">4i").pack(12, 0, 0, _TEXT_OID)  # its size first; no dimension


def text_field(text: str | None) -> bytes:
    """One column of type `text` or `json`; null if None."""
    if text is None:
        return NULL
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return _size(len(data)) + data


def int2_field(number: int) -> bytes:
    """One column of type `smallint`."""
    try:
        return _int2(2, number)
    except error:
        return _refused_number(number, 2)


def int4_field(number: int) -> bytes:
    """One column of type `integer`."""
    try:
        return _int4(4, number)
    except error:
        return _refused_number(number, 4)


def int8_field(number: int | None) -> bytes:
    """One column of type `bigint`; null if None."""
    if number is None:
        return NULL
    try:
        return _int8(8, number)
    except error:
        return _refused_number(number, 8)


def timestamp_field(microseconds: int | None) -> bytes:
    """One column of type `timestamptz`; null if None."""
    if microseconds is None:
        return NULL
    time = microseconds - _EPOCH
    if -_INFINITY < time < _INFINITY:
        return _int8(8, time)
    return _refused_number(time, 8)


def array_field(texts: tuple[str, ...] | None) -> bytes:
    """One column of type `text[]`; null if None."""
    if texts is None:
        return NULL
    if not texts:
        return _EMPTY_ARRAY
    elements = b"".join([text_field(text) for text in texts])
    return (
        _size(_ARRAY.size + len(elements)) + _ARRAY.pack(1, 0, _TEXT_OID, len(texts), 1) + elements
    )


def joined(*fields: bytes) -> bytes:
    """One line."""
    return _COUNT.pack(len(fields)) + b"".join(fields)


def split_lines(lines: bytes) -> list[bytes]:
    """The rows in `lines`."""
    found: list[bytes] = []
    start = 0
    while start < len(lines):
        end = _places(lines, start)[-1]
        found.append(lines[start:end])
        start = end
    return found


def fields_of(line: bytes) -> list[bytes | None]:
    """The data of the fields of a line; None for null."""
    places = _places(line, 0)
    return [
        None if line[start : start + _SIZE.size] == NULL else line[start + _SIZE.size : end]
        for start, end in pairwise(places)
    ]


def number_of(data: bytes) -> int:
    """The number that the data of a field is."""
    return int.from_bytes(data, signed=True)


def _places(lines: bytes, start: int) -> list[int]:
    """Where the fields of the line from `start` on begin, and where it ends."""
    (count,) = _COUNT.unpack_from(lines, start)
    places = [start + _COUNT.size]
    for _ in range(count):
        at = places[-1]
        (size,) = _SIZE.unpack_from(lines, at)
        places.append(at + _SIZE.size + max(0, size))
    return places


def _refused_number(number: int, size: int) -> bytes:
    """A field with a number beyond its type of so many bytes: in more bytes, which is refused."""
    wide = max(size, number.bit_length() // 8) + 1
    return _size(wide) + number.to_bytes(wide, signed=True)
