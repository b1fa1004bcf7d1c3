"""Settings of a database: its addresses, its checks, and no password where people look."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.config import DatabaseConfig
from domain.errors import ConfigurationError

HARD = "p@ss:/?#[]%20 '\\ü"


def test_the_documented_defaults_make_the_documented_address() -> None:
    assert DatabaseConfig().connection_string == (
        "postgresql+psycopg://admin:admin@localhost:5432/sink_db"
    )


def test_credentials_are_percent_encoded() -> None:
    config = DatabaseConfig(username="a/b", password=HARD, database="my db")

    parts = urlsplit(config.connection_string)

    assert parts.hostname == "localhost"
    assert unquote(parts.username or "") == "a/b"
    assert unquote(parts.password or "") == HARD
    assert unquote(parts.path) == "/my db"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("::1", "@[::1]:5432/sink_db"),
        ("/run/postgresql", "@:5432/sink_db?host=%2Frun%2Fpostgresql"),
    ],
)
def test_hosts_of_every_kind_have_an_address(host: str, expected: str) -> None:
    assert DatabaseConfig(host=host).connection_string.endswith(expected)


def test_several_hosts_are_tried_in_turn_for_one_that_can_be_written() -> None:
    config = DatabaseConfig(host="db-a, db-b:6432,[::1]:7432,::2")

    config.validate()
    found = conninfo_to_dict(config.conninfo)

    assert (found["host"], found["port"]) == ("db-a,db-b,::1,::2", "5432,6432,7432,5432")
    assert found["target_session_attrs"] == "read-write"
    assert config.address == "db-a:5432,db-b:6432,[::1]:7432,[::2]:5432/sink_db"
    assert config.connection_string.endswith(
        "@/sink_db?host=db-a%2Cdb-b%2C%3A%3A1%2C%3A%3A2&port=5432%2C6432%2C7432%2C5432"
        "&target_session_attrs=read-write"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"target_session_attrs": "primary"}, "primary"),
        ({"host": "a,b", "target_session_attrs": "any"}, "any"),
    ],
)
def test_which_session_will_do_can_be_said(settings: dict[str, Any], expected: str | None) -> None:
    found = conninfo_to_dict(DatabaseConfig(**settings).conninfo)

    assert found.get("target_session_attrs") == expected


def test_tls_settings_are_in_both_addresses() -> None:
    config = DatabaseConfig(sslmode="verify-full", sslrootcert="/ca.pem")

    assert config.connection_string.endswith("?sslmode=verify-full&sslrootcert=%2Fca.pem")
    assert conninfo_to_dict(config.conninfo)["sslrootcert"] == "/ca.pem"


def test_the_conninfo_says_what_libpq_needs() -> None:
    found = conninfo_to_dict(DatabaseConfig(password=HARD, connect_timeout=3).conninfo)

    assert found["password"] == HARD
    assert found["connect_timeout"] == "3"
    assert found["client_encoding"] == "UTF8"


def test_the_password_is_in_no_representation() -> None:
    config = DatabaseConfig(password=HARD)

    assert HARD not in f"{config!r} {config} {config.address}"


def test_the_defaults_are_valid() -> None:
    DatabaseConfig().validate()


@pytest.mark.parametrize(
    ("settings", "field", "said"),
    [
        ({"port": 0}, "port", "0; allowed is 1 to 65,535"),
        ({"port": 65_536}, "port", "65536"),
        ({"pool_size": 0}, "pool_size", "allowed"),
        ({"max_overflow": -1}, "max_overflow", "-1"),
        ({"statement_timeout": 0}, "statement_timeout", "0.001"),
        ({"host": ""}, "host", "not empty"),
        ({"host": "a,,b"}, "host", "not empty"),
        ({"host": "a,b:70000"}, "host", "70000; allowed is 1 to 65,535"),
        ({"target_session_attrs": "rw"}, "target_session_attrs", "allowed are any, read-write"),
        ({"database": "a\0b"}, "database", "allowed is a name"),
        ({"schema": "s" * 64}, "schema", "64 bytes; PostgreSQL allows 63"),
        ({"sslmode": "on"}, "sslmode", "'on'; allowed are disable"),
        ({"partition_by": "week"}, "partition_by", "'week'; allowed are month, day, year"),
        ({"sslcert": "/c.pem"}, "sslkey", "is missing"),
        ({"writer_role": "w", "reader_role": "w"}, "reader_role", "two names"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_what_is_allowed(
    settings: dict[str, object], field: str, said: str
) -> None:
    config = DatabaseConfig(**settings)  # type: ignore[arg-type] # wrong on purpose  # pyright: ignore[reportArgumentType]

    with pytest.raises(ConfigurationError, match=said) as refused:
        config.validate()

    assert refused.value.field == field
