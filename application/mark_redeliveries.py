"""
Verifies the marks of redeliveries, or makes them anew, from rows and runs alone.

    runs ──▶ piece by piece: what should be marked ──▶ compare with what is ──▶ differences
                                                  └──▶ replace (when asked)

The store marks rows as they come. It cannot see what comes later, or out of turn: a record that was
retried from the quarantine, or one of an earlier run in a partition that was read late.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from domain.redelivery import Coordinates, Redelivery

PIECE = 5_000
"""Offsets that are looked at together."""


class RunInterval(msgspec.Struct, frozen=True, kw_only=True):
    """
    The rows of one run of a connector in one stream partition.

    Attributes:
        topic: Name of the topic.
        stream_id: The stream.
        partition: Partition of the topic.
        run: The connector's own id of the run; None where it gives none.
        first_offset: Offset of its first row.
        next_offset: Offset behind its last.
        repeats_until: Greatest source position of the runs before; None if there was none.
    """

    topic: str
    stream_id: int
    partition: int
    run: str | None
    first_offset: int
    next_offset: int
    repeats_until: str | None


class RedeliveryBooks(Protocol):
    """The runs of connectors, and the marks."""

    async def runs(self) -> Sequence[RunInterval]:
        """
        Every run in every stream partition, in the order of the offsets of each.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def repeats_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        """
        What rows of `interval` should be marked, sorted by their offsets.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def marks_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        """
        What rows of `interval` are marked, sorted by their offsets.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def replace(self, interval: RunInterval, marks: Sequence[Redelivery]) -> None:
        """
        Have exactly `marks` in `interval`: all of them, or everything stays as it was.

        Raises:
            RepositoryError: The trail cannot be written, or the user may not do this.
        """
        ...


class MarkDifference(msgspec.Struct, frozen=True):
    """
    A row whose mark is not what it should be.

    Attributes:
        row: The row.
        should_be: The mark that it should have; None for none.
        found: The mark that it has; None for none.
    """

    row: Coordinates
    should_be: Redelivery | None
    found: Redelivery | None

    @property
    def text(self) -> str:
        """What differs, in words."""
        row = "-".join(map(str, self.row))
        return f"{row}: should be {_in_words(self.should_be)}, is {_in_words(self.found)}"


class VerifiedRun(msgspec.Struct, frozen=True):
    """
    What was found of one run.

    Attributes:
        interval: The run.
        marked: How many of its rows should be marked.
        differences: Those whose mark is another, or none, or too much.
    """

    interval: RunInterval
    marked: int
    differences: Sequence[MarkDifference]


class MarkRedeliveries:
    """
    Verifies marks of redeliveries, and makes them anew.

    Args:
        books: The runs and the marks.
    """

    def __init__(self, books: RedeliveryBooks) -> None:
        self._books = books

    async def verify(
        self, topic: str | None = None, *, recompute: bool = False
    ) -> AsyncGenerator[VerifiedRun]:
        """
        Compare the marks of every run with what they should be.

        Args:
            topic: Only runs in this topic.
            recompute: Set right what differs, too.

        Raises:
            RepositoryError: The trail cannot be read, or with `recompute` written.
        """
        for run in await self._books.runs():
            if topic in (None, run.topic):
                yield await self._verified(run, recompute=recompute)

    async def _verified(self, run: RunInterval, *, recompute: bool) -> VerifiedRun:
        marked = 0
        differences: list[MarkDifference] = []
        for piece in _pieces(run):
            wanted = await self._books.repeats_in(piece)
            found = _differences(wanted, await self._books.marks_in(piece))
            if found and recompute:
                await self._books.replace(piece, wanted)
            marked += len(wanted)
            differences += found
        return VerifiedRun(run, marked, differences)


def _pieces(run: RunInterval) -> Sequence[RunInterval]:
    return [
        msgspec.structs.replace(
            run, first_offset=start, next_offset=min(start + PIECE, run.next_offset)
        )
        for start in range(run.first_offset, run.next_offset, PIECE)
    ]


def _differences(
    wanted: Sequence[Redelivery], found: Sequence[Redelivery]
) -> Sequence[MarkDifference]:
    should_be, are = ({mark.later: mark for mark in marks} for marks in (wanted, found))
    return [
        MarkDifference(row, should_be.get(row), are.get(row))
        for row in sorted(should_be.keys() | are.keys())
        if _said(should_be.get(row)) != _said(are.get(row))
    ]


def _said(mark: Redelivery | None) -> object:
    return mark and (mark.first, mark.certainty)


def _in_words(mark: Redelivery | None) -> str:
    if mark is None:
        return "no redelivery"
    return f"a {mark.certainty} redelivery of {'-'.join(map(str, mark.first))}"
