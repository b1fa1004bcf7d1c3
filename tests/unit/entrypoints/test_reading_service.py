"""Commands that ask a running service: what is said where it does not answer as it should."""

import pytest

from domain.errors import ConfigurationError
from entrypoints.cli import main
from entrypoints.settings import load_config


@pytest.mark.parametrize("url", ["localhost:8080", "http://", "ftp://host", "http://ada:pw@host"])
def test_what_is_no_address_of_a_service_is_a_wrong_command_line(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["show", "1-0-0", "--url", url])

    said = capsys.readouterr().err
    assert status == 2
    assert "--url" in said
    assert "pw" not in said


def test_a_service_that_is_away_is_named_without_the_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_TOKEN", "cdca_sesame")

    status = main(["show", "1-0-0", "--url", "http://127.0.0.1:1"])

    said = capsys.readouterr().err
    assert status == 1
    assert "http://127.0.0.1:1 cannot be asked now" in said
    assert "sesame" not in said


def test_the_variable_of_the_token_is_no_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDC_AUDIT_TOKEN", "cdca_sesame")

    load_config(None)

    monkeypatch.setenv("CDC_AUDIT_TOKENS", "cdca_sesame")
    with pytest.raises(ConfigurationError, match="CDC_AUDIT_TOKENS"):
        load_config(None)
