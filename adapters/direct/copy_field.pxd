# cython: language_level=3
"""
Writing fields of PostgreSQL's COPY binary format into memory that has room for them.

A field is its size in four bytes, the highest first, and its data.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    SIZE = 4                      # bytes of a size
    TEXT_OID = 25                 # of the type of an array's elements
    EPOCH = 946_684_800_000_000   # 2000-01-01, in microseconds since 1970


cdef inline uint8_t *put(uint8_t *out, const void *data, Py_ssize_t size) noexcept nogil:
    memcpy(out, data, size)
    return out + size


cdef inline uint8_t *put_byte(uint8_t *out, uint8_t byte) noexcept nogil:
    out[0] = byte
    return out + 1


cdef inline uint8_t *put_2_bytes(uint8_t *out, uint16_t number) noexcept nogil:
    out[0] = number >> 8
    out[1] = <uint8_t> number
    return out + 2


cdef inline uint8_t *put_4_bytes(uint8_t *out, uint32_t number) noexcept nogil:
    """Write a number, highest byte first; compilers make one instruction of it."""
    out[0] = number >> 24
    out[1] = <uint8_t> (number >> 16)
    out[2] = <uint8_t> (number >> 8)
    out[3] = <uint8_t> number
    return out + 4


cdef inline uint8_t *put_8_bytes(uint8_t *out, uint64_t number) noexcept nogil:
    return put_4_bytes(put_4_bytes(out, number >> 32), <uint32_t> number)


cdef inline uint8_t *put_null(uint8_t *out) noexcept nogil:
    return put_4_bytes(out, <uint32_t> -1)


cdef inline uint8_t *put_text(uint8_t *out, const void *text, Py_ssize_t size) noexcept nogil:
    return put(put_4_bytes(out, size), text, size)


cdef inline uint8_t *put_sized(uint8_t *field, uint8_t *end) noexcept nogil:
    """Write the size of a field whose data are there, up to its end."""
    put_4_bytes(field, end - field - SIZE)
    return end


cdef inline uint8_t *put_int4(uint8_t *out, int32_t number) noexcept nogil:
    return put_4_bytes(put_4_bytes(out, 4), <uint32_t> number)


cdef inline uint8_t *put_int8(uint8_t *out, int64_t number) noexcept nogil:
    return put_8_bytes(put_4_bytes(out, 8), <uint64_t> number)


cdef inline uint8_t *put_time(uint8_t *out, uint64_t microseconds) noexcept nogil:
    """Write a time, which is in microseconds since 1970."""
    return put_int8(out, <int64_t> microseconds - EPOCH)


cdef inline uint8_t *put_hexadecimal(uint8_t *out, uint64_t number, int width) noexcept nogil:
    """Write a number in capitals, with zeros in front."""
    cdef int place = width
    cdef unsigned int digit
    while place > 0:
        place -= 1
        digit = number & 0xF
        out[place] = (c'0' if digit < 10 else c'A' - 10) + digit
        number >>= 4
    return out + width


cdef inline uint8_t *put_bare_hexadecimal(uint8_t *out, uint64_t number) noexcept nogil:
    """Write a number in capitals, without zeros in front."""
    cdef int width = 1
    while width < 16 and number >> (4 * width):
        width += 1
    return put_hexadecimal(out, number, width)
