"""The port to the ledger of gaps. Its docstrings are the contract, as in `ports.py`."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.gap import LedgerGap

DEFAULT_LIMIT = 100


class GapQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which gaps are asked for.

    Attributes:
        only_open: Leave out what was acknowledged, and what needs no acknowledgement.
        topic: Only of this topic, in all its lives.
        before: Only those with a smaller number: the last one of the page before.
        limit: At most so many.
    """

    only_open: bool = False
    topic: str | None = None
    before: int | None = None
    limit: int = DEFAULT_LIMIT


class GapLedger(Protocol):
    """Knows every gap that was ever found. Nothing in it is changed, but for acknowledging once."""

    async def gaps(self, query: GapQuery) -> Sequence[LedgerGap]:
        """
        The gaps that `query` asks for, the newest first.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def find(self, gap_id: int) -> LedgerGap | None:
        """
        The gap with this number; None if there is none.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def acknowledge(self, gap_id: int, *, by: str, reason: str) -> LedgerGap | None:
        """
        Take note of a gap that nobody has taken note of, now.

        Returns:
            The gap as it is then; None if there is none, or somebody took note before.

        Raises:
            RepositoryError: The trail cannot be written now.
        """
        ...
