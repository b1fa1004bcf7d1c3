# cython: language_level=3
"""When and where a change was, from the tokens of its source block."""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp

from adapters.direct.json_scan cimport TEXT, WHOLE, Token, is_digit, size_of, to_number

cdef enum:
    MILLISECOND = 1_000                          # in microseconds
    MOST_MILLISECONDS = 9_000_000_000_000_000    # of which the microseconds fit in 64 bits


cdef inline bint read_sequence(const Token *sequence, uint64_t *last_commit) noexcept nogil:
    r"""Read the last commit from `"[\"24000824\",\"24000880\"]"`."""
    cdef const uint8_t *at = sequence.start
    cdef const uint8_t *digits
    cdef Token commit
    if sequence.type != TEXT or size_of(sequence) < 13 or memcmp(at, b'"[\\"', 4):
        return False
    commit.start = at = at + 4
    while is_digit(at[0]):
        at += 1
    commit.end = at
    commit.type = WHOLE
    if not 0 < size_of(&commit) < 19 or not to_number(&commit, last_commit):
        return False
    if sequence.end - at < 9 or memcmp(at, b'\\",\\"', 5):
        return False
    digits = at = at + 5
    while is_digit(at[0]):
        at += 1
    return at != digits and sequence.end - at == 4 and memcmp(at, b'\\"]"', 4) == 0


cdef inline bint time_of(
    const Token *nanoseconds, const Token *microseconds, const Token *milliseconds, uint64_t *time
) noexcept nogil:
    """Convert the finest of the times that there are to microseconds."""
    if nanoseconds.type == WHOLE:
        if not to_number(nanoseconds, time):
            return False
        time[0] //= MILLISECOND
        return True
    if microseconds.type == WHOLE:
        return to_number(microseconds, time)
    if not to_number(milliseconds, time) or time[0] >= MOST_MILLISECONDS:
        return False
    time[0] *= MILLISECOND
    return True
