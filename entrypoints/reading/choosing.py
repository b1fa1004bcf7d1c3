"""Which of several transactions with one id is meant: ids come again, and sources share them."""

from collections.abc import Sequence

import msgspec

from entrypoints.http.page_times import iso
from entrypoints.reading.answers import SeveralFoundError


class Candidate(msgspec.Struct, frozen=True):
    """
    A transaction that an id may mean.

    Attributes:
        source: Debezium's topic prefix.
        database: Database of the source.
        at: Time of a change in it; microseconds since 1970, UTC.
    """

    source: str | None
    database: str | None
    at: int


def choose(candidates: Sequence[Candidate], around: int | None) -> int:
    """
    Choose the one nearest to a time, else the latest, if all are of one source.

    Args:
        candidates: Newest first.
        around: Microseconds since 1970, UTC; None where nobody said.

    Returns:
        Its place among them.

    Raises:
        SeveralFoundError: They are of several sources.
    """
    if around is not None:
        return min(range(len(candidates)), key=lambda i: abs(candidates[i].at - around))
    if len({(one.source, one.database) for one in candidates}) > 1:
        told = [f"{one.source} {one.database or ''} at {iso(one.at)}" for one in candidates]
        raise SeveralFoundError(several("transactions", told))
    return 0


def several(what: str, told: Sequence[str]) -> str:
    """Say that a question fits several things."""
    listed = "; ".join(told[:10])
    return f"that may mean several {what}: {listed}. Say with --source or --database which one."
