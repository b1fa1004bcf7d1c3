"""`cdc-audit config` on certificates and keys: each that cannot be used is named, and status 2."""

from pathlib import Path

import pytest

from entrypoints.cli import main
from tests.unit.kafka.certificates import Certificates


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDC_AUDIT_SINK_DATABASE_PORT", "1")


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def test_files_that_fit_each_other_are_no_trouble(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certificates.sign("ours")
    for section in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.setenv(f"CDC_AUDIT_{section}_SSL_CAFILE", str(certificates.authority))
        monkeypatch.setenv(f"CDC_AUDIT_{section}_SSL_CERTFILE", str(certificate))
        monkeypatch.setenv(f"CDC_AUDIT_{section}_SSL_KEYFILE", str(key))
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("CDC_AUDIT_SCHEMA_REGISTRY_URL", "https://registry:8081")

    assert main(["config"]) == 0


def test_a_key_that_does_not_belong_to_its_certificate_is_named(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (certificate, _), (_, other) = certificates.sign("ours"), certificates.sign("theirs")
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SSL_CERTFILE", str(certificate))
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SSL_KEYFILE", str(other))

    status = main(["config"])

    assert status == 2
    wrong = "cdc-audit: kafka.ssl_keyfile (from CDC_AUDIT_KAFKA_SSL_KEYFILE): "
    assert capsys.readouterr().err.startswith(f"{wrong}'{other}' for '{certificate}' cannot be")


def test_a_file_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDC_AUDIT_SCHEMA_REGISTRY_URL", "https://registry:8081")
    monkeypatch.setenv("CDC_AUDIT_SCHEMA_REGISTRY_SSL_CAFILE", "missing.pem")

    status = main(["config"])

    assert status == 2
    assert "schema_registry.ssl_cafile (from " in (said := capsys.readouterr().err)
    assert "'missing.pem' cannot be used" in said


def test_files_of_a_connection_that_is_not_secured_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SSL_CAFILE", "missing.pem")

    assert main(["config"]) == 0
