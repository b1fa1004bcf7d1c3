"""Sessions that ended before their time: a copy of the cookie must open nothing any more."""

from typing import Protocol


class EndedSessions(Protocol):
    """Keeps, for ever and for every process, which sessions have ended."""

    async def end(self, session_hash: bytes) -> None:
        """
        Keep that a session has ended; doing it again changes nothing.

        Args:
            session_hash: SHA-256 of the session's secret.

        Raises:
            RepositoryError: It could not be kept; the session has not ended then.
        """
        ...

    async def has_ended(self, session_hash: bytes) -> bool:
        """
        Whether the session with this hash has ended.

        Raises:
            RepositoryError: Nobody knows now; the session must open nothing then.
        """
        ...
