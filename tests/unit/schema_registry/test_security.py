"""Credentials and TLS: what is sent, what is refused, and that no secret shows."""

import logging
import ssl
import traceback
from collections.abc import Generator
from typing import Any

import pytest

from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from domain.errors import SchemaRegistryUnavailableError
from tests.servers.registry import RegistryServer, registry_server
from tests.unit.kafka.certificates import Certificates
from tests.unit.schema_registry.registries import KINDS, SCHEMA, SECRET, looking_up, registered

USER = {"username": "audit", "password": f"{SECRET}:ü"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Give an authority of our own."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=[False, True], ids=["any client", "known clients"])
def over_tls(
    request: pytest.FixtureRequest, certificates: Certificates
) -> Generator[RegistryServer]:
    """Give a registry that speaks https, to anybody or to clients with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.sign("registry"))
    if request.param:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.authority)
    with registry_server(tls=context) as server:
        yield server


@pytest.mark.parametrize("kind", KINDS)
def test_a_user_and_a_password_are_sent(kind: RegistryKind) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        server.require_user(USER["username"], USER["password"])
        with looking_up(SchemaRegistryConfig(url=server.url, kind=kind, **USER)) as lookup:  # type: ignore[arg-type] # only texts
            found = lookup.find(reference)

    assert found == SCHEMA


@pytest.mark.parametrize("kind", KINDS)
def test_a_bearer_token_is_sent(kind: RegistryKind) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        server.authorization = f"Bearer {SECRET}"
        config = SchemaRegistryConfig(url=server.url, kind=kind, bearer_token=SECRET)
        with looking_up(config) as lookup:
            found = lookup.find(reference)

    assert found == SCHEMA


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [USER, {"bearer_token": SECRET}], ids=["user", "token"])
def test_no_secret_shows_when_it_is_refused(
    kind: RegistryKind, given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with registry_server() as server:
        reference = registered(server, kind)
        server.authorization = "Bearer another"
        with (
            looking_up(SchemaRegistryConfig(url=server.url, kind=kind, **given)) as lookup,
            pytest.raises(SchemaRegistryUnavailableError, match="answered 401") as caught,
        ):
            lookup.find(reference)

    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(vars(lookup))
    assert SECRET not in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_registry_is_reached_over_tls(
    kind: RegistryKind, over_tls: RegistryServer, certificates: Certificates
) -> None:
    reference = registered(over_tls, kind)
    certificate, key = certificates.sign("client")
    config = SchemaRegistryConfig(
        url=over_tls.url,
        kind=kind,
        ssl_cafile=str(certificates.authority),
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
    )

    with looking_up(config) as lookup:
        found = lookup.find(reference)

    assert found == SCHEMA


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("over_tls", [False], indirect=True, ids=["any client"])
def test_a_registry_that_nobody_vouches_for_is_not_asked(
    kind: RegistryKind, over_tls: RegistryServer
) -> None:
    reference = registered(over_tls, kind)
    config = SchemaRegistryConfig(url=over_tls.url, kind=kind, **USER)  # type: ignore[arg-type] # only texts

    with (
        looking_up(config) as lookup,
        pytest.raises(SchemaRegistryUnavailableError, match=r"does not answer .*certificate"),
    ):
        lookup.find(reference)

    assert over_tls.requests == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("over_tls", [True], indirect=True, ids=["known clients"])
def test_a_registry_that_does_not_know_us_is_trouble(
    kind: RegistryKind, over_tls: RegistryServer, certificates: Certificates
) -> None:
    reference = registered(over_tls, kind)
    config = SchemaRegistryConfig(
        url=over_tls.url, kind=kind, ssl_cafile=str(certificates.authority)
    )

    with looking_up(config) as lookup, pytest.raises(SchemaRegistryUnavailableError):
        lookup.find(reference)

    assert over_tls.requests == []
