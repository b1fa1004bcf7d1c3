# cython: language_level=3
"""Writing what was read: rows and numbers as fields of COPY."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from adapters.direct.copy_field cimport put, put_byte, put_escaped, put_null
from adapters.direct.envelope_read cimport Row
from adapters.direct.json_scan cimport TEXT, WHOLE, Token, size_of


cdef inline uint8_t *put_bytes(uint8_t *out, bytes text) noexcept:
    return put(out, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef inline uint8_t *put_whole(uint8_t *out, const Token *number) noexcept nogil:
    """Write a whole number as it is, or null."""
    if number.type != WHOLE:
        return put_null(out)
    return put(out, number.start, size_of(number))


cdef inline uint8_t *put_members(uint8_t *out, const Row *row) noexcept nogil:
    """Write an object of its members."""
    cdef int index
    for index in range(row.count):
        out = put_byte(out, c'{' if index == 0 else c',')
        out = put(out, row.members[index].name.start, size_of(&row.members[index].name))
        out = put_escaped(
            out, row.members[index].value.start, size_of(&row.members[index].value)
        )
    return put_byte(out, c'}')


cdef inline uint8_t *put_row(uint8_t *out, const Row *row) noexcept nogil:
    """Write a row as it is, with its values in canonical form, or null."""
    if row.whole.type != TEXT:
        return put_null(out)
    if row.is_converted:
        return put_members(out, row)
    if row.whole.is_escaped:
        return put_escaped(out, row.whole.start, size_of(&row.whole))
    return put(out, row.whole.start, size_of(&row.whole))
