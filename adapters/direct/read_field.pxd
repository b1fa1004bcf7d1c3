# cython: language_level=3
"""Writing what was read: rows, texts and numbers as fields of COPY."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t

from adapters.direct.copy_field cimport (
    SIZE,
    put,
    put_byte,
    put_int8,
    put_null,
    put_sized,
    put_text,
)
from adapters.direct.envelope_read cimport Row
from adapters.direct.json_scan cimport TEXT, WHOLE, Token, size_of, to_number


cdef inline uint8_t *put_bytes(uint8_t *out, bytes fields) noexcept:
    """Write what is encoded already."""
    return put(out, PyBytes_AS_STRING(fields), PyBytes_GET_SIZE(fields))


cdef inline uint8_t *put_token(uint8_t *out, const Token *token) noexcept nogil:
    """Write a token as it is, without a size."""
    return put(out, token.start, size_of(token))


cdef inline uint8_t *put_digits(uint8_t *out, const Token *number) noexcept nogil:
    """Write a whole number as a text, or null."""
    if number.type != WHOLE:
        return put_null(out)
    return put_text(out, number.start, size_of(number))


cdef inline uint8_t *put_number(uint8_t *out, const Token *number) noexcept nogil:
    """Write a whole number that is not negative and fits in 64 bits, or null."""
    cdef uint64_t value
    if number.type != WHOLE or not to_number(number, &value):
        return put_null(out)
    return put_int8(out, value)


cdef inline uint8_t *put_members(uint8_t *out, const Row *row) noexcept nogil:
    """Write an object of its members."""
    cdef uint8_t *field = out
    cdef int index
    out += SIZE
    for index in range(row.count):
        out = put_byte(out, c'{' if index == 0 else c',')
        out = put_token(out, &row.members[index].name)
        out = put_token(out, &row.members[index].value)
    return put_sized(field, put_byte(out, c'}'))


cdef inline uint8_t *put_row(uint8_t *out, const Row *row) noexcept nogil:
    """Write a row as it is, with its values in canonical form, or null."""
    if row.whole.type != TEXT:
        return put_null(out)
    if row.is_converted:
        return put_members(out, row)
    return put_text(out, row.whole.start, size_of(&row.whole))
