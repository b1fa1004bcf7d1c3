"""
Logging in and out.

| path | what |
|---|---|
| ``GET /login`` | the form for a token, and the way to the OpenID provider if there is one |
| ``POST /login`` | a token in, a session out |
| ``POST /logout`` | ends the session |
| ``/login/oidc``, ``/login/oidc/callback`` | to the provider, and back |
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from application.access_tokens import AccessTokens
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.identities import (
    SESSION_CSRF,
    SESSION_PERSON,
    SESSION_TOKEN,
    Identities,
    new_session,
)
from entrypoints.http.login_limit import LoginLimit

logger = logging.getLogger(__name__)

Render = Callable[[str, Mapping[str, object], int], Response]
"""Renders a template with a status."""

_TOO_MANY = 429
_UNAUTHORIZED = 401
_UNAVAILABLE = 503
_TRY_AGAIN = "30"  # seconds


class RefusedByProviderError(Exception):
    """The provider did not say who it is, or nothing that we have a role for."""


class ProviderAwayError(Exception):
    """The provider does not answer, or not as a provider does. Later it may."""


class OpenIdProvider(Protocol):
    """Sends people to a provider, and reads what it says of them."""

    async def send(self, request: Request, target: str) -> Response:
        """
        On to the provider; `target` is where its people go from here afterwards.

        Raises:
            ProviderAwayError: It does not answer.
        """
        ...

    async def receive(self, request: Request) -> tuple[Mapping[str, str], str]:
        """
        Who came back, as name and role; and where they wanted to go.

        Raises:
            RefusedByProviderError: The provider refused them, or they have no role here.
            ProviderAwayError: It does not answer.
        """
        ...


class LoginPages:
    """
    The routes that open and end sessions.

    Args:
        config: The ways that are allowed.
        tokens: Checks tokens.
        identities: Knows where requests come from, and which sessions ended.
        limit: Counts failures.
        provider: The OpenID provider; None where none is configured.
        render: Renders a template.
    """

    def __init__(  # noqa: PLR0913 - what a log-in needs
        self,
        config: AccessConfig,
        tokens: AccessTokens,
        *,
        identities: Identities,
        limit: LoginLimit,
        provider: OpenIdProvider | None,
        render: Render,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._identities = identities
        self._limit = limit
        self._provider = provider
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        routes = [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
        ]
        if self._provider is not None:
            routes += [
                Route("/login/oidc", self.to_provider),
                Route("/login/oidc/callback", self.back_from_provider, name="oidc_callback"),
            ]
        return routes

    async def form(self, request: Request) -> Response:
        """The form, with a secret that says that it came from here."""
        return self._form(request, _own_path(request.query_params.get("next", "/")))

    async def log_in(self, request: Request) -> Response:
        """A session for a token."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        target = _own_path(fields.get("next", ["/"])[0])
        address = self._identities.address(request) or ""
        wait = self._limit.wait(address)
        if wait > 0:
            problem = (
                f"{self._config.login_attempts} log-ins failed from here within a minute: wait "
                f"{wait:.0f} seconds."
            )
            answer = self._form(request, target, problem=problem, status=_TOO_MANY)
            answer.headers["Retry-After"] = f"{wait:.0f}"
            return answer
        token = await self._tokens.authenticate(fields.get("token", [""])[0].strip())
        if token is None:
            self._limit.failed(address)
            logger.warning("log-in refused", extra={"address": address})
            problem = (
                "That is no token that is valid now. `cdc-audit token list` shows which are; "
                "`cdc-audit token create NAME` makes one."
            )
            return self._form(request, target, problem=problem, status=_UNAUTHORIZED)
        new_session(request.session, secrets.token_urlsafe(32), **{SESSION_TOKEN: token.id})
        logger.info("logged in", extra={"who": token.name, "address": address})
        return RedirectResponse(target, status_code=303)

    async def log_out(self, request: Request) -> Response:
        """No session any more."""
        await self._identities.end(request.session)
        headers = {"Clear-Site-Data": '"cache"'}  # what the browser has kept of the rows
        return RedirectResponse("/login", status_code=303, headers=headers)

    async def to_provider(self, request: Request) -> Response:
        """On to the provider's own log-in."""
        provider = self._own_provider()
        target = _own_path(request.query_params.get("next", "/"))
        try:
            return await provider.send(request, target)
        except ProviderAwayError as error:
            return self._away(request, target, error)

    async def back_from_provider(self, request: Request) -> Response:
        """A session for whom the provider knows, and has a role for."""
        try:
            person, target = await self._own_provider().receive(request)
        except RefusedByProviderError as error:
            logger.warning(
                "log-in refused",
                extra={"address": self._identities.address(request), "reason": str(error)},
            )
            return self._form(request, "/", problem=str(error), status=_UNAUTHORIZED)
        except ProviderAwayError as error:
            return self._away(request, "/", error)
        new_session(request.session, secrets.token_urlsafe(32), **{SESSION_PERSON: person})
        logger.info(
            "logged in",
            extra={"who": person["name"], "address": self._identities.address(request)},
        )
        return RedirectResponse(_own_path(target), status_code=303)

    def _away(self, request: Request, target: str, error: ProviderAwayError) -> Response:
        """The form again: a token still opens the page."""
        logger.warning("OpenID provider does not answer", extra={"error": str(error)})
        problem = (
            "Your organisation's log-in does not answer. Try again in a minute; a token works "
            "meanwhile."
        )
        answer = self._form(request, target, problem=problem, status=_UNAVAILABLE)
        answer.headers["Retry-After"] = _TRY_AGAIN
        return answer

    def _own_provider(self) -> OpenIdProvider:
        assert self._provider is not None, "the routes exist only with a provider"  # noqa: S101 - for the type
        return self._provider

    def _form(
        self, request: Request, target: str, *, problem: str | None = None, status: int = 200
    ) -> Response:
        csrf = request.session.setdefault(SESSION_CSRF, secrets.token_urlsafe(32))
        context = {
            "csrf": csrf,
            "next": target,
            "problem": problem,
            "has_provider": self._provider is not None,
        }
        return self._render("login.html", context, status)


def _own_path(target: str) -> str:
    """A path of this page; never another site, whatever a link said."""
    parts = urlsplit(target)
    is_own = (
        not parts.scheme
        and not parts.netloc
        and target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and target.isprintable()
    )
    return target if is_own else "/"
