"""Settings of the schema registry."""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from domain.errors import ConfigurationError

RegistryKind = Literal["confluent", "apicurio"]

_HIDDEN = ("password", "bearer_token")


class SchemaRegistryConfig(msgspec.Struct, kw_only=True):
    """
    Where the schemas are that records name, and how to get at them.

    Attributes:
        url: Address of the registry, http or https; several of Confluent's with commas between,
            which are tried in turn. None where no record names a schema.
        kind: Which API it speaks: ``confluent`` (also Karapace, Redpanda, and Apicurio with an
            `url` that ends in ``/apis/ccompat/v7``), or ``apicurio``, its own, version 3 or 2.
        username: User for basic authentication.
        password: Password for it. A secret.
        bearer_token: Token for bearer authentication, instead of user and password. A secret.
        logical_cluster: Confluent Cloud's id of the registry (``lsrc-...``), which it wants with a
            bearer token.
        ssl_cafile: Certificates to trust, PEM; the usual authorities where None.
        ssl_certfile: Our certificate, PEM.
        ssl_keyfile: Our key, PEM, without a password; None where it is in `ssl_certfile`.
        timeout: Seconds to wait for the registry to connect, and again for each answer.
        not_found_ttl: Seconds for which it is remembered that the registry has no such schema.
        id_size: Bytes of the id before a record's body: 4, 8, or ``auto`` (8 if the first four
            of them are zero, which no Confluent id is).
        id_kind: What that id numbers in Apicurio: ``content``, ``global``, or ``auto`` (contents
            with 4 bytes, as version 3 does, global ids with 8, as version 2 does).
    """

    url: str | None = None
    kind: RegistryKind = "confluent"
    username: str | None = None
    password: str | None = None
    bearer_token: str | None = None
    logical_cluster: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    timeout: float = 5.0
    not_found_ttl: float = 10.0
    id_size: Literal["auto", 4, 8] = "auto"
    id_kind: Literal["auto", "content", "global"] = "auto"

    @property
    def addresses(self) -> Sequence[str]:
        """The addresses, without a slash at their end."""
        return [part.strip().rstrip("/") for part in (self.url or "").split(",") if part.strip()]

    def validate(self) -> None:
        """
        Check what the types do not say.

        Raises:
            ConfigurationError: A value is wrong, or two do not fit each other.
        """
        self._validate_url()
        self._validate_credentials()
        if self.ssl_keyfile and not self.ssl_certfile:
            raise ConfigurationError("ssl_keyfile", "is given without ssl_certfile: give both.")
        for name, low, high in (("timeout", 0.1, 300.0), ("not_found_ttl", 0.0, 86_400.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigurationError(name, f"is {value!r}; allowed is {low:g} to {high:,g}.")

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"SchemaRegistryConfig({fields})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give the fields as `repr` and rich show them: of a secret, whether there is one."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        fields |= {name: "(hidden)" for name in _HIDDEN if fields[name] is not None}
        if "@" in (self.url or ""):
            fields["url"] = "(hidden: it has credentials in it)"
        return list(fields.items())

    def _validate_url(self) -> None:
        if self.url is None:
            return
        if not self.addresses:
            raise ConfigurationError("url", "is empty. Leave it out where there is no registry.")
        for address in self.addresses:
            _validate_address(address)
        if self.kind == "apicurio" and len(self.addresses) > 1:
            raise ConfigurationError("url", "has several addresses: of Apicurio, give one.")

    def _validate_credentials(self) -> None:
        if self.password is not None and not self.username:
            raise ConfigurationError("password", "is given without username: give both.")
        if self.username is not None:
            if self.password is None:
                raise ConfigurationError("username", "is given without password: give both.")
            if self.bearer_token is not None:
                raise ConfigurationError(
                    "bearer_token", "is given with username: the registry takes one of the two."
                )
            if ":" in self.username:
                raise ConfigurationError(
                    "username", "has a colon in it, which basic authentication cannot carry."
                )
        token = self.bearer_token
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise ConfigurationError(
                "bearer_token", "is not a token: it has spaces, line ends or the like in it."
            )


def _validate_address(address: str) -> None:
    if "@" in address or "?" in address:  # not quoted: whoever wrote that has written a secret
        raise ConfigurationError(
            "url", "has credentials in it: give them as username and password, or bearer_token."
        )
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its port is none
        is_one = False
    if not is_one or "#" in address:
        raise ConfigurationError(
            "url", f"{address!r} is not an address such as http://registry:8081."
        )
