# cython: language_level=3
"""Going behind the schema that may be in front of the JSON of a key or value."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memcmp


cdef inline const uint8_t *start_of(bytes text) noexcept:
    return <const uint8_t *> PyBytes_AS_STRING(text)


cdef inline bint is_wrapped(const uint8_t *text) noexcept nogil:
    """Whether a text begins as one with its schema in front; a NUL ends the look."""
    return text[0] == c'{' and text[1] == c'"' and text[2] == c's' and text[3] == c'c'


cdef inline bint goes_behind(front, const uint8_t **text, const uint8_t **end) noexcept:
    """Go behind the schema in front of a text, if it is the known one; None is for no schema."""
    cdef Py_ssize_t size
    if front is None:
        return not is_wrapped(text[0])
    size = PyBytes_GET_SIZE(front)
    if end[0] - text[0] <= size or end[0][-1] != c'}':
        return False
    if memcmp(text[0], PyBytes_AS_STRING(front), size):
        return False
    text[0] += size
    end[0] -= 1
    return True
