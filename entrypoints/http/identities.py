"""
Who is asking: the ways in which a request may say so.

    Authorization: Bearer cdca_...   ──▶ AccessTokens            token
    session cookie                   ──▶ AccessTokens, or OIDC   session, oidc
    header of a trusted proxy        ──▶ the name in it          proxy
    nothing, where nobody is asked   ──▶ an admin                open
"""

import ipaddress
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from application.access_tokens import AccessTokens
from application.ended_sessions import EndedSessions
from domain.access import Principal, Role, token_hash
from entrypoints.http.access_config import AccessConfig

SESSION_TOKEN = "token"  # noqa: S105 - the name of a member of the session
SESSION_PERSON = "person"
SESSION_CSRF = "csrf"
SESSION_BEGAN = "began"

EVERYBODY = Principal(name="local", role=Role.ADMIN, via="open")
"""Who looks where nobody is asked."""

_SECONDS_PER_HOUR = 3600


class Identities:
    """
    Finds out who sent a request.

    Args:
        config: The ways that are allowed.
        tokens: Checks tokens.
        ended: Knows which sessions have ended, here or in another process.
    """

    def __init__(self, config: AccessConfig, tokens: AccessTokens, ended: EndedSessions) -> None:
        self._config = config
        self._tokens = tokens
        self._ended = ended
        self._proxies = [ipaddress.ip_network(address) for address in config.trusted_proxies]

    async def of(self, request: Request) -> Principal | None:
        """
        Who sent `request`; None if it does not say, or not truly.

        A request that brings a token is judged by it alone.
        """
        given = request.headers.get("authorization")
        if given is not None:
            return await self._bearer(given)
        found = self._behind_proxy(request) or await self._in_session(request.session)
        if found is None and self._config.mode == "open":
            return EVERYBODY
        return found

    def address(self, request: Request) -> str | None:
        """Where `request` came from: through a trusted proxy, what that says of it."""
        peer = request.client.host if request.client else None
        if not self._is_proxy(peer):
            return peer
        # A proxy adds whom it saw behind what it was sent, which may be forged.
        last = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
        try:
            return str(ipaddress.ip_address(last))
        except ValueError:
            return peer

    async def end(self, session: dict[str, Any]) -> None:
        """
        End a session, and with it every copy of its cookie, in every process.

        Raises:
            RepositoryError: It could not be kept that it ended: it goes on.
        """
        if await self._in_session(session) is not None:  # strangers must not fill the store
            await self._ended.end(_hash(session))
        session.clear()

    async def _bearer(self, given: str) -> Principal | None:
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = await self._tokens.authenticate(secret.strip())
        return None if token is None else token.principal("token")

    async def _in_session(self, session: Mapping[str, Any]) -> Principal | None:
        # The cookie ends by itself, but a copy of it must, too.
        longest = self._config.session_hours * _SECONDS_PER_HOUR
        if not 0 <= time.time() - session.get(SESSION_BEGAN, 0) <= longest:
            return None
        if await self._ended.has_ended(_hash(session)):  # in whichever process
            return None
        person = session.get(SESSION_PERSON)
        if person is not None:
            return Principal(name=person["name"], role=Role(person["role"]), via="oidc")
        number = session.get(SESSION_TOKEN)
        if number is None:
            return None
        token = await self._tokens.still_valid(number)
        return None if token is None else token.principal("session")

    def _behind_proxy(self, request: Request) -> Principal | None:
        if self._config.proxy_header is None or request.client is None:
            return None
        names = request.headers.getlist(self._config.proxy_header)
        # Two of them: one may be the sender's own, which the proxy let through.
        if len(names) != 1 or not names[0] or not self._is_proxy(request.client.host):
            return None
        return Principal(name=names[0], role=self._config.proxy_role, via="proxy")

    def _is_proxy(self, peer: str | None) -> bool:
        try:
            address = ipaddress.ip_address(peer or "")
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _hash(session: Mapping[str, Any]) -> bytes:
    """What is kept of an ended session: its secret is another one for every log-in."""
    return token_hash(str(session.get(SESSION_CSRF, "")))


def new_session(session: dict[str, Any], csrf: str, **who: object) -> None:
    """Begin a session anew: nothing of the one before stays, so that none can be planted."""
    session.clear()
    session.update({SESSION_CSRF: csrf, SESSION_BEGAN: int(time.time()), **who})
