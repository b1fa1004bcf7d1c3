"""What the page needs to know who looks, put together."""

import secrets
import time
from collections.abc import Sequence

import msgspec
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp

from application.access_log import AccessLog, Look
from application.access_tokens import AccessTokens, NewToken, TokenStore
from application.ended_sessions import EndedSessions
from domain.access import AccessToken
from domain.errors import ConfigurationError
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.identities import Identities
from entrypoints.http.login_limit import LoginLimit
from entrypoints.http.login_pages import LoginPages, Render
from entrypoints.http.page_security import TlsOnly

_COOKIE = "cdc_audit_session"
_BOUND_TO_HOST = "__Host-"  # browsers take such a cookie from this host only, and over TLS
_SECONDS_PER_HOUR = 3600


class PageAccess(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who may look, and where looks are written down.

    Attributes:
        config: The ways that are allowed.
        tokens: Checks tokens.
        log: Where looks are written down.
        identities: Finds out who sends a request.
        is_secure: Whether sessions travel over TLS only.
    """

    config: AccessConfig
    tokens: AccessTokens
    log: AccessLog
    identities: Identities
    is_secure: bool = False


def page_access(
    config: AccessConfig,
    store: TokenStore,
    log: AccessLog,
    *,
    ended: EndedSessions,
    is_secure: bool = False,
) -> PageAccess:
    """
    Put together who may look.

    Args:
        config: The ways that are allowed.
        store: Keeps tokens.
        log: Where looks are written down.
        ended: Keeps which sessions have ended.
        is_secure: Whether sessions travel over TLS only, where the settings leave it open.
    """
    tokens = access_tokens(store)
    decided = config.secure_cookies if config.secure_cookies is not None else is_secure
    identities = Identities(config, tokens, ended)
    return PageAccess(
        config=config, tokens=tokens, log=log, identities=identities, is_secure=decided
    )


def open_access() -> PageAccess:
    """Let everybody look, and write nothing down."""
    return page_access(AccessConfig(), _NoTokens(), _NoLog(), ended=_NoSessions())


def access_tokens(store: TokenStore) -> AccessTokens:
    """Tokens with the machine's own randomness and clock."""
    return AccessTokens(store, entropy=secrets.token_bytes, clock=lambda: time.time_ns() // 1000)


def in_session(app: ASGIApp, access: PageAccess) -> ASGIApp:
    """`app` with sessions in signed cookies that no script can read, over TLS only if so told."""
    return SessionMiddleware(
        TlsOnly(app) if access.is_secure else app,
        secret_key=access.config.session_secret or secrets.token_urlsafe(32),
        session_cookie=f"{_BOUND_TO_HOST}{_COOKIE}" if access.is_secure else _COOKIE,
        max_age=int(access.config.session_hours * _SECONDS_PER_HOUR),
        same_site="lax",  # strict would lose the session on the way back from a provider
        https_only=access.is_secure,
    )


def login_pages(access: PageAccess, render: Render) -> LoginPages:
    """The routes that open and end sessions."""
    provider = None
    if access.config.oidc_issuer is not None:
        from entrypoints.http.openid import AuthlibProvider  # noqa: PLC0415 - Authlib takes a while, and few need it

        provider = AuthlibProvider(access.config, is_secure=access.is_secure)
    limit = LoginLimit(access.config.login_attempts, clock=time.monotonic)
    return LoginPages(
        access.config,
        access.tokens,
        identities=access.identities,
        limit=limit,
        provider=provider,
        render=render,
    )


class _NoTokens:
    """Stands for a store of tokens where nobody is asked for one."""

    async def add(self, token: NewToken, secret_hash: bytes) -> AccessToken:
        del secret_hash
        raise ConfigurationError("access.mode", f"no token is kept here, so not {token.name}.")

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        del secret_hash
        return None

    async def get(self, token_id: int) -> AccessToken | None:
        del token_id
        return None

    async def list(self) -> Sequence[AccessToken]:
        return ()

    async def revoke(self, token_id: int, at: int) -> bool:
        del token_id, at
        return False

    async def note_use(self, token_id: int, at: int) -> None:
        del token_id, at


class _NoSessions:
    """Stands for what knows of ended sessions where none is opened."""

    async def end(self, session_hash: bytes) -> None:
        del session_hash

    async def has_ended(self, session_hash: bytes) -> bool:
        del session_hash
        return False


class _NoLog:
    """Writes nothing down."""

    async def write(self, look: Look) -> None:
        del look

    async def latest(self, limit: int) -> Sequence[Look]:
        del limit
        return ()
