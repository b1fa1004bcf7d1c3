"""Settings of who may look at the page and `/api/v1`."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from domain.access import Role
from domain.errors import ConfigurationError
from entrypoints.http.config import PageConfig

_LOOPBACK_NAMES = frozenset({"localhost"})
_SHORTEST_SECRET = 32


class AccessConfig(msgspec.Struct, kw_only=True):
    """
    Who may look at the page and `/api/v1`.

    Attributes:
        mode: ``open`` asks nobody, and is refused off loopback; ``tokens`` wants a token, a
            session that one opened, or one of the other ways that are configured.
        session_secret: What sessions are signed with, at least 32 characters. Without one each
            start of the service makes its own, and ends the sessions of the one before.
        session_hours: Hours after which a session ends.
        secure_cookies: Whether browsers send the session over TLS only; off loopback, unless
            this says otherwise, they do.
        login_attempts: Failed log-ins within a minute from one address, after which that address
            waits.
        oidc_issuer: Address of an OpenID Connect provider that people may log in with.
        oidc_client_id: Our name at the provider.
        oidc_client_secret: Our secret at the provider.
        oidc_redirect_url: Where the provider sends people back to, if not where they came from:
            ``https://audit.example.org/login/oidc/callback``.
        oidc_name_claim: The claim that names a person.
        oidc_role_claim: The claim that holds a person's groups or roles.
        oidc_roles: What each of those means here: a group of the provider to a role of ours.
            Somebody without any is refused.
        proxy_header: Header in which a trusted proxy names who asks.
        proxy_role: Role of who comes through a trusted proxy.
        trusted_proxies: Addresses, or networks, of the proxies that may name somebody, and whose
            X-Forwarded-For says where requests came from.
    """

    mode: Literal["open", "tokens"] = "open"
    session_secret: str | None = None
    session_hours: float = 12.0
    secure_cookies: bool | None = None
    login_attempts: int = 10
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_redirect_url: str | None = None
    oidc_name_claim: str = "email"
    oidc_role_claim: str = "groups"
    oidc_roles: dict[str, Role] = {}
    proxy_header: str | None = None
    proxy_role: Role = Role.READER
    trusted_proxies: list[str] = []

    def validate(self) -> None:
        """
        Check every value.

        Raises:
            ConfigurationError: The first wrong one, with its value and what is allowed.
        """
        if self.session_secret is not None and len(self.session_secret) < _SHORTEST_SECRET:
            raise ConfigurationError(
                "session_secret",
                f"it is shorter than {_SHORTEST_SECRET} characters. Make one with "
                f"`openssl rand -base64 32`.",
            )
        if not self.session_hours > 0:
            raise ConfigurationError("session_hours", f"{self.session_hours} is not more than 0.")
        if self.login_attempts < 1:
            raise ConfigurationError("login_attempts", f"{self.login_attempts} is less than 1.")
        self._check_oidc()
        self._check_proxies()

    def _check_oidc(self) -> None:
        if self.oidc_issuer is None:
            return
        if "@" in self.oidc_issuer:  # not quoted: whoever wrote that has written a secret
            raise ConfigurationError(
                "oidc_issuer",
                "an address has no user and password in it: see oidc_client_id and "
                "oidc_client_secret.",
            )
        address = urlsplit(self.oidc_issuer)
        if address.scheme != "https" and not _is_loopback(address.hostname or ""):
            raise ConfigurationError(
                "oidc_issuer", f"{self.oidc_issuer!r} is no address that begins with https://."
            )
        for field in ("oidc_client_id", "oidc_client_secret"):
            if not getattr(self, field):
                raise ConfigurationError(field, "a provider is configured, and this is not set.")
        if not self.oidc_roles:
            raise ConfigurationError(
                "oidc_roles",
                "a provider is configured, and nobody of it gets a role: give groups roles, as "
                'in `oidc_roles = { "auditors" = "reader" }`.',
            )

    def _check_proxies(self) -> None:
        if self.proxy_header is not None and not self.trusted_proxies:
            raise ConfigurationError(
                "trusted_proxies",
                "proxy_header lets a proxy say who looks, and no proxy is named: anybody could be "
                "one.",
            )
        for address in self.trusted_proxies:
            try:
                ipaddress.ip_network(address)
            except ValueError as error:
                raise ConfigurationError(
                    "trusted_proxies", f"{address!r} is no address or network ({error})."
                ) from error


def is_off_loopback(page: PageConfig) -> bool:
    """Whether other machines reach the page."""
    return not _is_loopback(page.host)


def check_access(access: AccessConfig, page: PageConfig) -> None:
    """
    Refuse to show row data to a network without asking who looks.

    Raises:
        ConfigurationError: The page listens off loopback, and asks nobody.
    """
    if page.enabled and access.mode == "open" and is_off_loopback(page):
        raise ConfigurationError(
            "http.host",
            f"{page.host} is reachable from other machines, and the page would show everybody the "
            f"rows of your tables. Set access.mode to `tokens` and make one with `cdc-audit token "
            f"create NAME`; or listen on 127.0.0.1; or turn the page off with http.enabled.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOOPBACK_NAMES
