"""
What differs inside two texts: pieces of each, some of them marked.

    words that both begin with | words in between, compared | words that both end with

Very long middles are marked as a whole: comparing them would take longer than reading them.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Marked = tuple[str, bool]
"""A piece of a text, and whether it differs from the other text."""

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_WORD = re.compile(r"\w")
_KEEP_WHOLE = 0.25
_MOST_WORDS = 600


def marked(old: str, new: str) -> tuple[Sequence[Marked], Sequence[Marked]]:
    """Mark what differs; nothing where the texts have too little in common."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    head, tail = _ends(before, after)
    blocks = [
        (0, head, 0, head),
        *_between(before, after, head, tail),
        (len(before) - tail, len(before), len(after) - tail, len(after)),
    ]
    common = sum(len("".join(before[start:end])) for start, end, _, _ in blocks)
    if common < _KEEP_WHOLE * max(len(old), len(new)):
        return ((old, False),), ((new, False),)
    return (
        list(_pieces(before, [(start, end) for start, end, _, _ in blocks])),
        list(_pieces(after, [(start, end) for _, _, start, end in blocks])),
    )


def _ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many words both begin with, and how many of the others both end with."""
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return head, tail


def _between(
    before: Sequence[str], after: Sequence[str], head: int, tail: int
) -> Iterator[tuple[int, int, int, int]]:
    """Stretches with a word in them that both middles have, as places in both texts."""
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(old), len(new)) > _MOST_WORDS:
        return
    for a, b, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if any(map(_WORD.search, old[a : a + size])):
            yield head + a, head + a + size, head + b, head + b + size


def _pieces(words: Sequence[str], same: Sequence[tuple[int, int]]) -> Iterator[Marked]:
    """The words, those that are not `same` marked."""
    at = 0
    for start, end in same:
        for text, is_changed in (
            ("".join(words[at:start]), True),
            ("".join(words[start:end]), False),
        ):
            if text:
                yield text, is_changed
        at = end
