"""Whether the reader of a stream may still look, asked again while the stream goes on."""

from collections.abc import Callable

from starlette.requests import Request

from domain.errors import RepositoryError
from entrypoints.http.identities import Identities

EVERY = 1.0
"""Seconds for which an answer holds: a token that is revoked shows rows no longer than this."""


class StreamRights:
    """
    Asks who sent a request, again and again, though not for every row.

    Args:
        request: What began the stream.
        identities: Finds out who sent it.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self, request: Request, identities: Identities, *, clock: Callable[[], float]
    ) -> None:
        self._request = request
        self._identities = identities
        self._clock = clock
        self._asked_at = clock()

    async def hold(self) -> bool:
        """Whether the reader may still look."""
        now = self._clock()
        if now - self._asked_at < EVERY:
            return True
        try:
            found = await self._identities.of(self._request)
        except RepositoryError:  # rows come from the same database: none comes now
            return True
        self._asked_at = now
        return found is not None
