# cython: language_level=3
"""
Writing fields of PostgreSQL's COPY text format into memory that has room for them.

The texts that come here are JSON, or names that are escaped already: of what COPY escapes there
can be nothing in them but backslashes.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memcpy

cdef enum:
    SECONDS_PER_DAY = 86_400
    DAYS_FROM_MARCH_0 = 719_468   # 0000-03-01 to 1970-01-01
    DAYS_PER_ERA = 146_097        # in 400 years


cdef inline uint8_t *put(uint8_t *out, const void *data, Py_ssize_t size) noexcept nogil:
    memcpy(out, data, size)
    return out + size


cdef inline uint8_t *put_byte(uint8_t *out, uint8_t byte) noexcept nogil:
    out[0] = byte
    return out + 1


cdef inline uint8_t *put_null(uint8_t *out) noexcept nogil:
    return put(out, "\\N", 2)


cdef inline uint8_t *put_escaped(uint8_t *out, const uint8_t *text, Py_ssize_t size) noexcept nogil:
    """Write a text, each backslash twice: up to twice its size."""
    cdef const uint8_t *end = text + size
    cdef const uint8_t *found
    while True:
        found = <const uint8_t *> memchr(text, c'\\', end - text)
        if found == NULL:
            return put(out, text, end - text)
        out = put(out, text, found + 1 - text)
        out = put_byte(out, c'\\')
        text = found + 1


cdef inline uint8_t *put_number(uint8_t *out, uint64_t number) noexcept nogil:
    """Write a number: up to 20 bytes."""
    cdef uint8_t digits[20]
    cdef int first = 20
    while True:
        first -= 1
        digits[first] = c'0' + number % 10
        number //= 10
        if number == 0:
            return put(out, &digits[first], 20 - first)


cdef inline uint8_t *put_signed(uint8_t *out, int64_t number) noexcept nogil:
    if number < 0:
        return put_number(put_byte(out, c'-'), -<uint64_t> number)
    return put_number(out, number)


cdef inline uint8_t *put_digits(uint8_t *out, unsigned int number, int width) noexcept nogil:
    """Write a number with zeros in front."""
    cdef int place = width
    while place > 0:
        place -= 1
        out[place] = c'0' + number % 10
        number //= 10
    return out + width


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


cdef inline uint8_t *put_time(uint8_t *out, uint64_t microseconds) noexcept nogil:
    """
    Write a time after 1970 and before the year 10000: 29 bytes.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    cdef uint64_t seconds = microseconds // 1_000_000
    cdef unsigned int fraction = microseconds % 1_000_000
    cdef unsigned int second = seconds % SECONDS_PER_DAY
    cdef unsigned int days = seconds // SECONDS_PER_DAY + DAYS_FROM_MARCH_0
    cdef unsigned int of_era = days % DAYS_PER_ERA
    cdef unsigned int year = (
        of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096
    ) // 365
    cdef unsigned int of_year = of_era - (365 * year + year // 4 - year // 100)
    cdef unsigned int month = (5 * of_year + 2) // 153  # March is 0
    cdef unsigned int day = of_year - (153 * month + 2) // 5 + 1
    year += days // DAYS_PER_ERA * 400
    if month < 10:
        month += 3
    else:
        month -= 9
        year += 1
    out = put_byte(put_digits(out, year, 4), c'-')
    out = put_byte(put_digits(out, month, 2), c'-')
    out = put_byte(put_digits(out, day, 2), c' ')
    out = put_byte(put_digits(out, second // 3600, 2), c':')
    out = put_byte(put_digits(out, second // 60 % 60, 2), c':')
    out = put_byte(put_digits(out, second % 60, 2), c'.')
    return put(put_digits(out, fraction, 6), "+00", 3)
