"""An OpenID Connect provider that people log in with, by Authlib."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from domain.access import Role
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.login_pages import ProviderAwayError, RefusedByProviderError

_TARGET = "oidc_next"


class AuthlibProvider:
    """
    Sends people to a provider, and reads what it says of them.

    Args:
        config: Names the provider, and which of its groups have which role here.
        is_secure: Whether people reach us over TLS, though a proxy may not.
    """

    def __init__(self, config: AccessConfig, *, is_secure: bool = False) -> None:
        self._config = config
        self._is_secure = is_secure
        issuer = (config.oidc_issuer or "").rstrip("/")
        library: Any = OAuth()  # has no types
        self._client: Any = library.register(
            "provider",
            client_id=config.oidc_client_id,
            client_secret=config.oidc_client_secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
        )

    async def send(self, request: Request, target: str) -> Response:
        """See `OpenIdProvider`."""
        request.session[_TARGET] = target
        own = request.url_for("oidc_callback")
        own = own.replace(scheme="https") if self._is_secure else own
        back = self._config.oidc_redirect_url or str(own)
        with self._answering():
            return cast("Response", await self._client.authorize_redirect(request, back))

    async def receive(self, request: Request) -> tuple[Mapping[str, str], str]:
        """See `OpenIdProvider`."""
        target = str(request.session.pop(_TARGET, "/"))
        try:
            with self._answering():
                answer = await self._client.authorize_access_token(request)
        except OAuthError as error:
            raise RefusedByProviderError(
                f"The provider did not log you in ({error.error}). Try again."
            ) from error
        except JoseError as error:
            raise RefusedByProviderError(
                f"What the provider says of you cannot be relied on ({error.error}). Log in again. "
                f"If that does not help, its keys or its name for us (access.oidc_client_id) have "
                f"changed: tell whoever runs this service."
            ) from error
        claims: Mapping[str, Any] = answer.get("userinfo") or {}
        name = claims.get(self._config.oidc_name_claim)
        if not name or (self._config.oidc_name_claim == "email" and _is_unverified(claims)):
            name = claims.get("sub")
        role = self._role(claims.get(self._config.oidc_role_claim))
        if not name or role is None:
            raise RefusedByProviderError(
                f"The provider knows you, and you have no role here: none of the values of its "
                f"claim `{self._config.oidc_role_claim}` is in the setting access.oidc_roles."
            )
        return {"name": str(name), "role": role.value}, target

    @contextmanager
    def _answering(self) -> Generator[None]:
        """Tell that the provider is away from every other trouble."""
        try:
            yield
        # Not reached, or a status of failure; no JSON; metadata without addresses; no keys.
        except (HTTPError, LookupError, ValueError, RuntimeError) as error:
            raise ProviderAwayError(
                f"{self._config.oidc_issuer}: {type(error).__name__}: {error}"
            ) from error

    def _role(self, groups: str | Sequence[str] | None) -> Role | None:
        """The highest role that the groups of a person have."""
        named = [groups] if isinstance(groups, str) else list(groups or ())
        roles = [
            self._config.oidc_roles[group] for group in named if group in self._config.oidc_roles
        ]
        return max(roles, key=list(Role).index, default=None)


def _is_unverified(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that the address may be somebody else's."""
    return claims.get("email_verified") in (False, "false")
