"""Every look at the trail is written down, before its answer leaves."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """
    One look at the trail.

    Attributes:
        who: Name of the principal.
        via: How they were known.
        address: Network address that they came from; None for a command.
        action: What they did: ``GET /api/v1/changes``, ``cdc-audit log``.
        query: What they asked for, as text.
        status: Status of the answer.
        row_count: Rows that the answer had; None where it is not known yet, as for a stream.
    """

    who: str
    via: str
    address: str | None
    action: str
    query: str
    status: int
    row_count: int | None


class AccessLog(Protocol):
    """Keeps looks for ever."""

    async def write(self, look: Look) -> None:
        """
        Write a look down.

        Raises:
            RepositoryError: It could not be written; the answer must not leave then.
        """
        ...

    async def latest(self, limit: int) -> Sequence[Look]:
        """The latest looks, the newest first."""
        ...
