"""Settings of who may look: what is refused, with what words."""

from typing import Any

import pytest

from domain.access import Role
from domain.errors import ConfigurationError
from entrypoints.http.access_config import AccessConfig, check_access
from entrypoints.http.config import PageConfig
from entrypoints.settings import AppConfig

PROVIDER: dict[str, Any] = {
    "oidc_issuer": "https://id.example.org",
    "oidc_client_id": "cdc-audit",
    "oidc_client_secret": "x",
    "oidc_roles": {"auditors": Role.READER},
}


def a_config(**settings: Any) -> AccessConfig:  # noqa: ANN401 - any setting
    config = AccessConfig()
    for name, value in settings.items():
        setattr(config, name, value)
    return config


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "audit.example.org"])  # noqa: S104 - must be refused
def test_off_loopback_somebody_must_be_asked(host: str) -> None:
    with pytest.raises(ConfigurationError, match="cdc-audit token create") as refused:
        check_access(AccessConfig(), PageConfig(host=host))

    assert refused.value.field == "http.host"
    check_access(AccessConfig(mode="tokens"), PageConfig(host=host))
    check_access(AccessConfig(), PageConfig(host=host, enabled=False))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_on_loopback_nobody_need_be_asked(host: str) -> None:
    check_access(AccessConfig(), PageConfig(host=host))


def test_the_settings_check_it() -> None:
    config = AppConfig()
    config.http.host = "192.0.2.7"

    with pytest.raises(ConfigurationError, match="reachable from other machines"):
        config.validate()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"session_secret": "short"}, "session_secret"),
        ({"session_hours": 0}, "session_hours"),
        ({"login_attempts": 0}, "login_attempts"),
        ({**PROVIDER, "oidc_issuer": "http://id.example.org"}, "oidc_issuer"),
        ({**PROVIDER, "oidc_issuer": "http://127.0.0.1.example.org"}, "oidc_issuer"),
        ({**PROVIDER, "oidc_issuer": "https://u:p@id.example.org"}, "oidc_issuer"),
        ({**PROVIDER, "oidc_client_id": None}, "oidc_client_id"),
        ({**PROVIDER, "oidc_client_secret": ""}, "oidc_client_secret"),
        ({**PROVIDER, "oidc_roles": {}}, "oidc_roles"),
        ({"proxy_header": "X-User"}, "trusted_proxies"),
        ({"proxy_header": "X-User", "trusted_proxies": ["proxy"]}, "trusted_proxies"),
        ({"proxy_header": "X-User", "trusted_proxies": ["10.0.0.1/8"]}, "trusted_proxies"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        a_config(**settings).validate()

    assert refused.value.field == field


@pytest.mark.parametrize(
    "settings",
    [
        {},
        PROVIDER,
        {"trusted_proxies": ["10.0.0.1"]},
        {"proxy_header": "X-User", "trusted_proxies": ["10.0.0.0/8", "::1"]},
    ],
)
def test_what_makes_sense_is_taken(settings: dict[str, Any]) -> None:
    a_config(**settings).validate()


def test_no_secret_of_it_is_shown() -> None:
    config = AppConfig()
    config.access.session_secret = "a-secret-of-more-than-thirty-two-characters"  # noqa: S105 - of this test
    config.access.oidc_client_secret = "another-secret"  # noqa: S105 - of this test

    assert "a-secret" not in repr(config.to_dict())
    assert "another-secret" not in repr(config.to_dict())
