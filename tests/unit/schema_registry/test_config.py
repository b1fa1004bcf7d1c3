"""What the settings of the schema registry may be, and what is said of those that are wrong."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.schema_registry.config import SchemaRegistryConfig
from domain.errors import ConfigurationError
from entrypoints.settings import load_config
from entrypoints.settings_values import HIDDEN

SECRET = "hunter2"  # noqa: S105 - planted, to be looked for
USER = {"username": "audit", "password": SECRET}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "http://registry:8081"},
        {"url": "https://a.example/, https://b.example:8081/sr", **USER},
        {"url": "http://[::1]:8080/apis/registry/v3", "kind": "apicurio"},
        {"url": "https://registry", "bearer_token": "ey.J-_.~+/=", "logical_cluster": "lsrc-1"},
        {"url": "https://registry", "ssl_certfile": "both.pem"},
    ],
)
def test_sensible_settings_are_valid(settings: dict[str, Any]) -> None:
    SchemaRegistryConfig(**settings).validate()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"url": ""}, "url: is empty. Leave it out where there is no registry."),
        (
            {"url": "registry:8081"},
            "url: 'registry:8081' is not an address such as http://registry:8081.",
        ),
        (
            {"url": "http://registry:http"},
            "url: 'http://registry:http' is not an address such as http://registry:8081.",
        ),
        (
            {"url": "http://a,http://b", "kind": "apicurio"},
            "url: has several addresses: of Apicurio, give one.",
        ),
        ({"password": SECRET}, "password: is given without username: give both."),
        ({"username": "audit"}, "username: is given without password: give both."),
        (
            {**USER, "bearer_token": SECRET},
            "bearer_token: is given with username: the registry takes one of the two.",
        ),
        (
            {"username": "a:b", "password": SECRET},
            "username: has a colon in it, which basic authentication cannot carry.",
        ),
        (
            {"bearer_token": f"{SECRET}\n"},
            "bearer_token: is not a token: it has spaces, line ends or the like in it.",
        ),
        ({"ssl_keyfile": "key.pem"}, "ssl_keyfile: is given without ssl_certfile: give both."),
        ({"timeout": 0.0}, "timeout: is 0.0; allowed is 0.1 to 300."),
        ({"not_found_ttl": -1.0}, "not_found_ttl: is -1.0; allowed is 0 to 86,400."),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_do(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(text)}$"):
        SchemaRegistryConfig(**settings).validate()


@pytest.mark.parametrize(
    "url",
    [f"http://audit:{SECRET}@registry", f"http://{SECRET}@", f"http://registry?key={SECRET}"],
)
def test_credentials_in_the_address_are_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SchemaRegistryConfig(url=url).validate()

    assert SECRET not in str(caught.value)
    assert "username and password" in str(caught.value)


def test_secrets_do_not_show() -> None:
    config = SchemaRegistryConfig(
        url=f"http://u:{SECRET}@registry", password=SECRET, bearer_token=SECRET
    )
    printed = io.StringIO()
    Console(file=printed, width=400).print(config)

    shown = f"{config} {config!r} {printed.getvalue()}"

    assert SECRET not in shown
    assert "password='(hidden)'" in shown


def test_settings_come_from_the_environment_and_keep_secrets_to_themselves(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")

    config = load_config(
        environ={
            "CDC_AUDIT_SCHEMA_REGISTRY_URL": "https://registry",
            "CDC_AUDIT_SCHEMA_REGISTRY_BEARER_TOKEN_FILE": str(tmp_path / "token"),
            "CDC_AUDIT_SCHEMA_REGISTRY_ID_SIZE": "8",
        }
    )
    config.validate()

    assert config.schema_registry == SchemaRegistryConfig(
        url="https://registry", bearer_token=SECRET, id_size=8
    )
    assert config.to_dict()["schema_registry"]["bearer_token"] == HIDDEN
    assert SECRET not in repr(config)


def test_a_wrong_setting_is_named_with_its_section() -> None:
    config = load_config(environ={"CDC_AUDIT_SCHEMA_REGISTRY_URL": "registry"})

    with pytest.raises(ConfigurationError) as caught:
        config.validate()

    assert caught.value.field == "schema_registry.url"
    assert caught.value.source == "CDC_AUDIT_SCHEMA_REGISTRY_URL"
