"""Tokens, ended sessions and the access log in memory."""

from collections.abc import Sequence

import msgspec

from application.access_log import Look
from application.access_tokens import NewToken
from domain.access import AccessToken


class MemoryTokenStore:
    """Keeps tokens for as long as the process runs."""

    def __init__(self) -> None:
        self._tokens: dict[int, AccessToken] = {}
        self._numbers: dict[bytes, int] = {}

    async def add(self, token: NewToken, secret_hash: bytes) -> AccessToken:
        number = len(self._tokens) + 1
        self._numbers[secret_hash] = number
        self._tokens[number] = AccessToken(
            id=number,
            name=token.name,
            role=token.role,
            tables=token.tables,
            created_at=token.created_at,
            expires_at=token.expires_at,
        )
        return self._tokens[number]

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        return self._tokens.get(self._numbers.get(secret_hash, 0))

    async def get(self, token_id: int) -> AccessToken | None:
        return self._tokens.get(token_id)

    async def list(self) -> Sequence[AccessToken]:
        return [self._tokens[number] for number in sorted(self._tokens, reverse=True)]

    async def revoke(self, token_id: int, at: int) -> bool:
        token = self._tokens.get(token_id)
        if token is None or token.revoked_at is not None:
            return False
        self._tokens[token_id] = msgspec.structs.replace(token, revoked_at=at)
        return True

    async def note_use(self, token_id: int, at: int) -> None:
        self._tokens[token_id] = msgspec.structs.replace(self._tokens[token_id], last_used_at=at)


class MemoryEndedSessions:
    """Keeps ended sessions for as long as the process runs."""

    def __init__(self) -> None:
        self._ended: set[bytes] = set()

    async def end(self, session_hash: bytes) -> None:
        self._ended.add(session_hash)

    async def has_ended(self, session_hash: bytes) -> bool:
        return session_hash in self._ended


class MemoryAccessLog:
    """
    Keeps looks in memory.

    Attributes:
        looks: What was written, the oldest first.
    """

    def __init__(self) -> None:
        self.looks: list[Look] = []

    async def write(self, look: Look) -> None:
        self.looks.append(look)

    async def latest(self, limit: int) -> Sequence[Look]:
        return self.looks[: -limit - 1 : -1]
