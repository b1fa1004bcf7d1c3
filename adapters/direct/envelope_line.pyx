# cython: language_level=3
"""A place for the compiled way from an envelope to a line."""


cdef class EnvelopeLine:
    """Turns an envelope into a line."""
