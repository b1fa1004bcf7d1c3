"""
Tokens: made, listed, revoked, and asked for with every request.

    secret (shown once) ──▶ hash ──▶ TokenStore
    request's secret    ──▶ hash ──▶ TokenStore.find ──▶ valid now? ──▶ Principal
"""

import base64
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from domain.access import TOKEN_PREFIX, AccessToken, Role, TableScope, token_hash
from domain.errors import ConfigurationError

_SECRET_BYTES = 32
_DAY = 86_400_000_000
_MINUTE = 60_000_000
LONGEST_DAYS = 366
"""Days after which every token ends; a new one is made then."""


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is made with. Times are microseconds since 1970."""

    name: str
    role: Role
    tables: TableScope
    created_at: int
    expires_at: int


class TokenStore(Protocol):
    """Keeps tokens by the hashes of their secrets."""

    async def add(self, token: NewToken, secret_hash: bytes) -> AccessToken:
        """Keep a new token; gives it with its number."""
        ...

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        """The token with this hash, valid or not; None if there is none."""
        ...

    async def get(self, token_id: int) -> AccessToken | None:
        """The token with this number, valid or not; None if there is none."""
        ...

    async def list(self) -> Sequence[AccessToken]:
        """Every token, the newest first."""
        ...

    async def revoke(self, token_id: int, at: int) -> bool:
        """End a token; False if there is none that is not revoked yet."""
        ...

    async def note_use(self, token_id: int, at: int) -> None:
        """Note that a token was used."""
        ...


class AccessTokens:
    """
    Makes and checks tokens.

    Args:
        store: Keeps them.
        entropy: Gives so many random bytes, fit for secrets.
        clock: Tells the time, in microseconds since 1970.
    """

    def __init__(
        self, store: TokenStore, *, entropy: Callable[[int], bytes], clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._entropy = entropy
        self._clock = clock

    async def create(
        self, name: str, role: Role, *, tables: Sequence[str] = (), days: int = 90
    ) -> tuple[AccessToken, str]:
        """
        Make a token.

        Args:
            name: Who or what it is for; the access log shows it.
            role: What it allows.
            tables: Patterns of the tables that it shows; none: all.
            days: Days until it expires.

        Returns:
            The token, and its secret: this is the only time that anybody sees it.

        Raises:
            ConfigurationError: The name is empty, or the days are too few or too many.
        """
        if not name.strip():
            raise ConfigurationError("name", "a token needs a name: who or what is it for?")
        if not 1 <= days <= LONGEST_DAYS:
            raise ConfigurationError("days", f"{days} is not from 1 to {LONGEST_DAYS}.")
        random = base64.urlsafe_b64encode(self._entropy(_SECRET_BYTES)).rstrip(b"=").decode()
        secret = f"{TOKEN_PREFIX}{random}"
        now = self._clock()
        made = NewToken(
            name=name.strip(),
            role=role,
            tables=TableScope(tuple(tables)),
            created_at=now,
            expires_at=now + days * _DAY,
        )
        return await self._store.add(made, token_hash(secret)), secret

    async def authenticate(self, secret: str) -> AccessToken | None:
        """The valid token whose secret this is; None if there is none."""
        if not secret.startswith(TOKEN_PREFIX):
            return None
        return await self._valid(await self._store.find(token_hash(secret)))

    async def still_valid(self, token_id: int) -> AccessToken | None:
        """The token that a session was opened with, if it is still valid."""
        return await self._valid(await self._store.get(token_id))

    async def list(self) -> Sequence[AccessToken]:
        """Every token, the newest first."""
        return await self._store.list()

    async def revoke(self, token_id: int) -> bool:
        """End a token at once, and with it the sessions that it opened; False if there is none."""
        return await self._store.revoke(token_id, self._clock())

    async def _valid(self, token: AccessToken | None) -> AccessToken | None:
        now = self._clock()
        if token is None or not token.is_valid(now):
            return None
        if token.last_used_at is None or now - token.last_used_at >= _MINUTE:
            await self._store.note_use(token.id, now)
        return token
