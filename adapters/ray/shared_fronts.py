"""
Values whose schema goes to a worker once, not in front of each of them.

    {"schema":S,"payload":1}, {"schema":S,"payload":2} ──▶ shorten ──▶ {"schema":S,"payload": once
    the same bytes           ◀── restore ◀─────────────────────────── 1} and 2}

A schema is most of what such a value is. This is no reading of JSON: a front is any bytes between
two marks, the rest is what is behind it, and both put together are the value, whatever it says.
"""

from collections.abc import Sequence

import msgspec

_BEGINNING = b'{"schema":'
_END = b'"payload":'


class Shortened(msgspec.Struct, frozen=True, array_like=True):
    """
    Values, each in two parts.

    Attributes:
        fronts: What values begin with, each once; the first is empty.
        numbers: Which of `fronts` each value begins with; none where all go as they are.
        rests: What is behind it; None is no value.
    """

    fronts: list[bytes]
    numbers: list[int]
    rests: list[bytes | None]


def shorten(values: Sequence[bytes | None]) -> Shortened:
    """Take the schemas off `values`, if the first has one."""
    # The first tells of all: a converter writes schemas or none, and to look at each takes longer.
    if not next(filter(None, values), b"").startswith(_BEGINNING):
        return Shortened([b""], [], list(values))
    fronts = {b"": 0}
    numbers, rests = [0] * len(values), list(values)
    front, number = b"", 0
    for place, value in enumerate(values):
        if value is None or not value.startswith(_BEGINNING):
            continue
        if not number or not value.startswith(front):
            front = value[: _end_of_front(value)]
            number = fronts.setdefault(front, len(fronts))
        numbers[place], rests[place] = number, value[len(front) :]
    return Shortened(list(fronts), numbers, rests)


def restore(shortened: Shortened) -> Sequence[bytes | None]:
    """Put together what `shorten` took apart."""
    fronts = shortened.fronts
    if len(fronts) == 1:
        return shortened.rests
    return [
        rest if rest is None or not number else fronts[number] + rest
        for number, rest in zip(shortened.numbers, shortened.rests, strict=True)
    ]


def _end_of_front(value: bytes) -> int:
    found = value.find(_END)
    return 0 if found < 0 else found + len(_END)
