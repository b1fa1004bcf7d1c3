"""Tables that have been silent for longer than usual, judged by their own past."""

import itertools
from collections.abc import Sequence

HOUR = 3_600_000_000
"""Microseconds."""

_TIMES = 2
_LEAST_HOURS = 3


def usual_silence(hours: Sequence[int]) -> int | None:
    """
    How long a table is silent at most, as it usually is.

    Args:
        hours: Beginnings of the hours in which it had changes, sorted; microseconds.

    Returns:
        Twice the longest pause between two of them, at least two hours; None where fewer than
        three hours had changes: then nothing is usual.
    """
    if len(hours) < _LEAST_HOURS:
        return None
    longest = max(later - earlier for earlier, later in itertools.pairwise(hours))
    return _TIMES * max(longest, HOUR)


def is_silent(hours: Sequence[int], *, last: int, now: int) -> bool:
    """Whether the last change, at `last`, is longer ago than usual."""
    usual = usual_silence(hours)
    return usual is not None and now - last > usual
