"""TLS and SASL: what each of the two client libraries is told."""

import ssl
from pathlib import Path

import pytest

from adapters.kafka.config import KafkaConfig
from adapters.kafka.security import admin_security, consumer_security
from domain.errors import ConfigurationError
from tests.unit.kafka.certificates import Certificates


def a_sasl_config(protocol: str) -> KafkaConfig:
    return KafkaConfig(
        security_protocol=protocol,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="audit",
        sasl_password="secret",  # noqa: S106 - of a test
    )


def context_of(config: KafkaConfig) -> ssl.SSLContext:
    context = consumer_security(config)["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    return context


def test_plain_text_needs_nothing_more() -> None:
    config = KafkaConfig()

    assert consumer_security(config) == {"security_protocol": "PLAINTEXT"}
    assert admin_security(config) == {"security.protocol": "PLAINTEXT"}


def test_sasl_without_tls_tells_both_clients_who_we_are() -> None:
    config = a_sasl_config("SASL_PLAINTEXT")

    assert consumer_security(config) == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "audit",
        "sasl_plain_password": "secret",
    }
    assert admin_security(config) == {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "audit",
        "sasl.password": "secret",
    }


def test_tls_checks_certificate_and_host_unless_told_otherwise() -> None:
    config = KafkaConfig(security_protocol="SSL")

    context = context_of(config)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert admin_security(config) == {
        "security.protocol": "SSL",
        "ssl.endpoint.identification.algorithm": "https",
    }


def test_a_host_that_is_not_checked_still_needs_a_certificate() -> None:
    config = KafkaConfig(security_protocol="SSL", ssl_check_hostname=False)

    context = context_of(config)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.check_hostname
    assert admin_security(config)["ssl.endpoint.identification.algorithm"] == "none"


def test_sasl_over_tls_has_both(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    config = a_sasl_config("SASL_SSL")
    config.ssl_cafile = str(certificates.authority)

    told = consumer_security(config)

    assert context_of(config).cert_store_stats()["x509_ca"] == 1
    assert told["sasl_plain_username"] == "audit"
    assert admin_security(config)["ssl.ca.location"] == str(certificates.authority)
    assert admin_security(config)["sasl.mechanism"] == "SCRAM-SHA-512"


def test_our_own_certificate_goes_to_both_clients(tmp_path: Path) -> None:
    certificate, key = Certificates(tmp_path).sign("client")
    config = KafkaConfig(
        security_protocol="SSL", ssl_certfile=str(certificate), ssl_keyfile=str(key)
    )

    settings = admin_security(config)

    assert context_of(config).verify_mode is ssl.CERT_REQUIRED
    assert settings["ssl.certificate.location"] == str(certificate)
    assert settings["ssl.key.location"] == str(key)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    config = KafkaConfig(security_protocol="SSL", ssl_cafile=missing)

    with pytest.raises(ConfigurationError) as refused:
        consumer_security(config)

    assert str(refused.value) == (
        f"kafka.ssl_cafile: {missing!r} cannot be used: [Errno 2] No such file or directory"
    )


def test_a_certificate_that_is_none_is_named_with_its_key(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate", encoding="ascii")
    config = KafkaConfig(
        security_protocol="SSL", ssl_certfile=str(nonsense), ssl_keyfile="client.key"
    )

    with pytest.raises(ConfigurationError, match=r"'client\.key' cannot be used") as refused:
        consumer_security(config)

    assert refused.value.field == "kafka.ssl_certfile"


def test_a_password_is_in_no_error(tmp_path: Path) -> None:
    config = a_sasl_config("SASL_SSL")
    config.ssl_cafile = str(tmp_path / "none.pem")

    with pytest.raises(ConfigurationError) as refused:
        consumer_security(config)

    assert "secret" not in str(refused.value)
