# cython: language_level=3, cdivision=True
"""
The canonical forms that most values of typed columns have, straight from their JSON.

    JSON ──▶ a form that is ordinary ──▶ canonical JSON
                  └── anything else ──▶ the decoder's own conversion

What is ordinary: dates and timestamps of the years 1 to 9999, times of one day, decimals of up to
eight bytes. The decoder's conversion stays the rule: it answers everything else, and tests hold
both to the same answers.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint64_t

cdef enum:
    SECONDS_PER_DAY = 86_400
    DAYS_FROM_MARCH_0 = 719_468    # 0000-03-01 to 1970-01-01
    DAYS_PER_ERA = 146_097         # in 400 years
    FIRST_DAY = -719_162           # 0001-01-01
    LAST_DAY = 2_932_896           # 9999-12-31
    MOST_DIGITS = 19
    MOST_BASE64 = 12               # characters of nine bytes
    MOST_DECIMAL_BYTES = 8
    MOST_SCALE = 40
    MOST_TEXT = 64                 # of what is written here, in quotes


cdef class _Quick:
    """
    Answers what is ordinary; the rest is asked for.

    Args:
        otherwise: The decoder's own conversion.
    """

    cdef object otherwise

    def __init__(self, otherwise):
        self.otherwise = otherwise

    def __call__(self, bytes json):
        cdef uint8_t text[MOST_TEXT]
        cdef uint8_t *end = self.write(
            text, <const uint8_t *> PyBytes_AS_STRING(json), PyBytes_GET_SIZE(json)
        )
        if end == NULL:
            return self.otherwise(json)
        return PyBytes_FromStringAndSize(<const char *> text, end - text)

    cdef uint8_t *write(self, uint8_t *out, const uint8_t *json, Py_ssize_t size) noexcept:
        """Write the canonical form; NULL if it is not ordinary."""
        return NULL


cdef class QuickDate(_Quick):
    """Days since 1970, as a date."""

    cdef uint8_t *write(self, uint8_t *out, const uint8_t *json, Py_ssize_t size) noexcept:
        cdef int64_t days
        if not _read_number(json, size, &days) or not FIRST_DAY <= days <= LAST_DAY:
            return NULL
        out[0] = c'"'
        out = _put_date(out + 1, days)
        out[0] = c'"'
        return out + 1


cdef class _OfUnits(_Quick):
    """
    Something that is counted in units of a second.

    Args:
        otherwise: The decoder's own conversion.
        digits: How many digits of a second a unit has: 3, 6 or 9.
    """

    cdef int digits
    cdef int64_t per_second

    def __init__(self, otherwise, int digits):
        _Quick.__init__(self, otherwise)
        self.digits = digits
        self.per_second = {3: 1_000, 6: 1_000_000, 9: 1_000_000_000}[digits]


cdef class QuickTime(_OfUnits):
    """Units since midnight, as a time of day."""

    cdef uint8_t *write(self, uint8_t *out, const uint8_t *json, Py_ssize_t size) noexcept:
        cdef int64_t value
        if not _read_number(json, size, &value) or value < 0:
            return NULL
        if value >= SECONDS_PER_DAY * self.per_second:
            return NULL
        out[0] = c'"'
        out = _put_clock(out + 1, value // self.per_second)
        out = _put_fraction(out, value % self.per_second, self.digits)
        out[0] = c'"'
        return out + 1


cdef class QuickTimestamp(_OfUnits):
    """Units since 1970, as a timestamp without a zone."""

    cdef uint8_t *write(self, uint8_t *out, const uint8_t *json, Py_ssize_t size) noexcept:
        cdef int64_t value, seconds, fraction, days, second
        if not _read_number(json, size, &value):
            return NULL
        seconds = value // self.per_second
        fraction = value % self.per_second
        if fraction < 0:  # C rounds towards zero
            fraction += self.per_second
            seconds -= 1
        days = seconds // SECONDS_PER_DAY
        second = seconds % SECONDS_PER_DAY
        if second < 0:
            second += SECONDS_PER_DAY
            days -= 1
        if not FIRST_DAY <= days <= LAST_DAY:
            return NULL
        out[0] = c'"'
        out = _put_date(out + 1, days)
        out[0] = c'T'
        out = _put_clock(out + 1, second)
        out = _put_fraction(out, fraction, self.digits)
        out[0] = c'"'
        return out + 1


cdef class QuickDecimal(_Quick):
    """
    An unscaled number in base64, as a decimal.

    Args:
        otherwise: The decoder's own conversion.
        scale: Digits behind the point: 0 to `MOST_SCALE`.
    """

    cdef int scale

    def __init__(self, otherwise, int scale):
        if not 0 <= scale <= MOST_SCALE:
            raise ValueError(f"a scale of {scale}")
        _Quick.__init__(self, otherwise)
        self.scale = scale

    cdef uint8_t *write(self, uint8_t *out, const uint8_t *json, Py_ssize_t size) noexcept:
        cdef int64_t value
        cdef uint64_t rest
        cdef uint8_t digits[MOST_TEXT]
        cdef int first = MOST_TEXT
        cdef int place = 0
        if not _read_base64(json, size, &value):
            return NULL
        rest = <uint64_t> value
        if value < 0:
            rest = -rest
        while rest or place <= self.scale:
            if place == self.scale and self.scale:
                first -= 1
                digits[first] = c'.'
            first -= 1
            digits[first] = c'0' + rest % 10
            rest //= 10
            place += 1
        out[0] = c'"'
        out += 1
        if value < 0:
            out[0] = c'-'
            out += 1
        while first < MOST_TEXT:
            out[0] = digits[first]
            out += 1
            first += 1
        out[0] = c'"'
        return out + 1


cdef bint _read_number(const uint8_t *json, Py_ssize_t size, int64_t *number) noexcept nogil:
    """Read a whole number between the least and the greatest of int8, both left out."""
    cdef uint64_t value = 0
    cdef bint is_negative = size > 0 and json[0] == c'-'
    cdef Py_ssize_t at = 1 if is_negative else 0
    if not 0 < size - at <= MOST_DIGITS or (json[at] == c'0' and size > 1):
        return False
    while at < size:
        if not c'0' <= json[at] <= c'9':
            return False
        value = value * 10 + (json[at] - c'0')  # nineteen digits are less than 2 ** 64
        at += 1
    if value >= <uint64_t> INT64_MAX:
        return False  # an infinity, perhaps
    number[0] = -<int64_t> value if is_negative else <int64_t> value
    return True


cdef inline int _sextet(uint8_t letter) noexcept nogil:
    """Six bits of base64; -1 for what is none."""
    if c'A' <= letter <= c'Z':
        return letter - c'A'
    if c'a' <= letter <= c'z':
        return letter - c'a' + 26
    if c'0' <= letter <= c'9':
        return letter - c'0' + 52
    if letter == c'+':
        return 62
    return 63 if letter == c'/' else -1


cdef bint _read_base64(const uint8_t *json, Py_ssize_t size, int64_t *number) noexcept nogil:
    """Read a text of base64 with one to eight bytes: a number, big-endian, two's complement."""
    cdef uint64_t value = 0
    cdef int sextet
    cdef int bits = 0
    cdef int padding = 0
    cdef Py_ssize_t at = 1
    cdef Py_ssize_t end = size - 1
    if not 4 <= size - 2 <= MOST_BASE64 or (size - 2) % 4 or json[0] != c'"' or json[end] != c'"':
        return False
    while padding < 2 and json[end - 1] == c'=':
        end -= 1
        padding += 1
    if (size - 2) // 4 * 3 - padding > MOST_DECIMAL_BYTES:
        return False
    while at < end:
        sextet = _sextet(json[at])
        at += 1
        if sextet < 0:
            return False
        if at == end and padding:  # its last bits fill up the last byte, or are too many
            if sextet & ((1 << 2 * padding) - 1):
                return False
            sextet >>= 2 * padding
            value = value << (6 - 2 * padding) | <uint64_t> sextet
            bits += 6 - 2 * padding
        else:
            value = value << 6 | <uint64_t> sextet
            bits += 6
    if bits < 64 and value >> (bits - 1):
        value |= ~<uint64_t> 0 << bits  # its sign
    number[0] = <int64_t> value
    return True


cdef inline uint8_t *_put_digits(uint8_t *out, unsigned int number, int width) noexcept nogil:
    """Write a number with zeros in front."""
    cdef int place = width
    while place > 0:
        place -= 1
        out[place] = c'0' + number % 10
        number //= 10
    return out + width


cdef uint8_t *_put_date(uint8_t *out, int64_t since_1970) noexcept nogil:
    """
    Write a date of the years 1 to 9999.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    cdef unsigned int days = <unsigned int> (since_1970 + DAYS_FROM_MARCH_0)
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
    out = _put_digits(out, year, 4)
    out[0] = c'-'
    out = _put_digits(out + 1, month, 2)
    out[0] = c'-'
    return _put_digits(out + 1, day, 2)


cdef uint8_t *_put_clock(uint8_t *out, int64_t seconds) noexcept nogil:
    out = _put_digits(out, seconds // 3600, 2)
    out[0] = c':'
    out = _put_digits(out + 1, seconds // 60 % 60, 2)
    out[0] = c':'
    return _put_digits(out + 1, seconds % 60, 2)


cdef uint8_t *_put_fraction(uint8_t *out, int64_t fraction, int digits) noexcept nogil:
    """Write a point and three, six or nine digits; nothing for zero."""
    if fraction == 0:
        return out
    while fraction % 1000 == 0:
        fraction //= 1000
        digits -= 3
    out[0] = c'.'
    return _put_digits(out + 1, fraction, digits)
