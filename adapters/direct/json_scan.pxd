# cython: language_level=3
"""
Reading JSON where it lies: tokens with a start, an end and a type, and no object for any of them.

Only the form that Debezium's converter writes is read: no white space, no name or number that
would need a closer look. Every function answers NULL, or NO_VALUE, for whatever is else.

Nothing here reads beyond the text, though no length is passed: Python ends each `bytes` with a
NUL, and a NUL is refused wherever it stands.
"""

from libc.stdint cimport INT64_MAX, uint8_t, uint64_t
from libc.string cimport memcmp

cdef enum TokenType:
    NO_VALUE
    TEXT
    WHOLE      # a whole number
    FRACTION   # a number with a fraction; one with an exponent is refused
    TRUE
    FALSE
    NULLED


cdef struct Token:
    const uint8_t *start
    const uint8_t *end       # behind the last byte
    TokenType type
    bint is_escaped          # a text with a backslash in it


cdef struct Counts:
    int brackets             # opening ones, in texts too


cdef enum:
    MOST_DIGITS = 19         # of a number: more may not fit in 64 bits
    MOST_NUMBER = 40         # characters of a number with a fraction


cdef inline Py_ssize_t size_of(const Token *token) noexcept nogil:
    return token.end - token.start


cdef inline const uint8_t *behind_wide(const uint8_t *at) noexcept nogil:
    """Behind one character of two to four bytes in UTF-8 (RFC 3629); NULL if it is none."""
    cdef uint8_t first = at[0]
    cdef uint8_t second = at[1]
    cdef int following
    if second & 0xC0 != 0x80:
        return NULL
    if 0xC2 <= first <= 0xDF:
        return at + 2
    if 0xE0 <= first <= 0xEF:
        if (first == 0xE0 and second < 0xA0) or (first == 0xED and second > 0x9F):
            return NULL  # overlong, or half a surrogate pair
        following = 3
    elif 0xF0 <= first <= 0xF4:
        if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F):
            return NULL  # overlong, or beyond U+10FFFF
        following = 4
    else:
        return NULL
    if at[2] & 0xC0 != 0x80:
        return NULL
    if following == 4 and at[3] & 0xC0 != 0x80:
        return NULL
    return at + following


cdef inline const uint8_t *behind_escape(const uint8_t *at) noexcept nogil:
    """Behind an escape of one character; NULL for the others, and what looks like them."""
    cdef uint8_t escaped = at[1]
    if escaped == c'\\':
        return NULL if at[2] == c'u' else at + 2
    if (
        escaped == c'"' or escaped == c'n' or escaped == c't'
        or escaped == c'r' or escaped == c'b' or escaped == c'f'
    ):
        return at + 2
    return NULL


cdef inline const uint8_t *read_text(
    const uint8_t *at, Token *token, Counts *counts
) noexcept nogil:
    """Read the text whose opening quote is at `at`; the token has the quotes."""
    cdef uint8_t byte
    token.start = at
    token.type = TEXT
    token.is_escaped = False
    at += 1
    while True:
        byte = at[0]
        if byte == c'"':
            token.end = at + 1
            return at + 1
        if byte == c'\\':
            token.is_escaped = True
            at = behind_escape(at)
        elif byte >= 0x80:
            at = behind_wide(at)
        elif byte < 0x20:
            return NULL
        else:
            if byte == c'{' or byte == c'[':
                counts.brackets += 1
            at += 1
        if at == NULL:
            return NULL


cdef inline bint is_digit(uint8_t byte) noexcept nogil:
    return c'0' <= byte <= c'9'


cdef inline const uint8_t *read_number(const uint8_t *at, Token *token) noexcept nogil:
    """Read the number that begins at `at`."""
    cdef const uint8_t *digits
    token.start = at
    token.type = WHOLE
    token.is_escaped = False
    if at[0] == c'-':
        at += 1
    digits = at
    while is_digit(at[0]):
        at += 1
    if at == digits or (digits[0] == c'0' and at - digits > 1):
        return NULL
    if at[0] == c'.':
        token.type = FRACTION
        digits = at + 1
        at = digits
        while is_digit(at[0]):
            at += 1
        if at == digits or at - token.start > MOST_NUMBER:
            return NULL
    elif at - digits > MOST_DIGITS or (digits[0] == c'0' and digits != token.start):
        return NULL  # minus zero is zero, and another text
    if at[0] == c'e' or at[0] == c'E':
        return NULL
    token.end = at
    return at


cdef inline const uint8_t *read_word(
    const uint8_t *at, Token *token, const char *word, Py_ssize_t size, TokenType type
) noexcept nogil:
    """Read `true`, `false` or `null`."""
    cdef Py_ssize_t index
    for index in range(size):  # not memcmp: the text may end sooner
        if at[index] != <uint8_t> word[index]:
            return NULL
    token.start = at
    token.end = at + size
    token.type = type
    token.is_escaped = False
    return token.end


cdef inline const uint8_t *read_scalar(
    const uint8_t *at, Token *token, Counts *counts
) noexcept nogil:
    """Read a value that is neither array nor object."""
    cdef uint8_t first = at[0]
    if first == c'"':
        return read_text(at, token, counts)
    if first == c'-' or is_digit(first):
        return read_number(at, token)
    if first == c'n':
        return read_word(at, token, "null", 4, NULLED)
    if first == c't':
        return read_word(at, token, "true", 4, TRUE)
    if first == c'f':
        return read_word(at, token, "false", 5, FALSE)
    return NULL


cdef inline const uint8_t *read_name(const uint8_t *at, Token *token, Counts *counts) noexcept nogil:
    """Read the name of a member, and its colon, which the token has too."""
    if at[0] != c'"':
        return NULL
    at = read_text(at, token, counts)
    if at == NULL or token.is_escaped or at[0] != c':':
        return NULL
    token.end = at + 1
    return at + 1


cdef inline bint equals(const Token *token, const char *text, Py_ssize_t size) noexcept nogil:
    return size_of(token) == size and memcmp(token.start, text, size) == 0


cdef inline bint are_equal(const Token *one, const Token *other) noexcept nogil:
    return size_of(one) == size_of(other) and memcmp(one.start, other.start, size_of(one)) == 0


cdef inline bint to_number(const Token *token, uint64_t *number) noexcept nogil:
    """Convert a whole number that is not negative; False if it is another, or beyond int8."""
    cdef const uint8_t *at = token.start
    cdef uint64_t value = 0
    if token.type != WHOLE or at[0] == c'-':
        return False
    while at != token.end:  # nineteen digits are less than 2 ** 64
        value = value * 10 + (at[0] - c'0')
        at += 1
    number[0] = value
    return value <= <uint64_t> INT64_MAX
