"""The address of a trail's database on a command line."""

import pytest
import typer

from entrypoints.reading.dsn import read_dsn


def test_a_dsn_names_host_port_user_password_and_database() -> None:
    config = read_dsn("postgresql://ada:p%40ss@db.example:6543/audit?sslmode=require")

    assert (config.host, config.port, config.username) == ("db.example", 6543, "ada")
    assert (config.password, config.database, config.sslmode) == ("p@ss", "audit", "require")
    assert (config.schema, config.writer_role, config.reader_role) == ("public", None, None)


def test_the_search_path_of_a_dsn_names_the_schema() -> None:
    config = read_dsn("host=/run/pg dbname=audit user=ada options='-c search_path=trail,public'")

    assert (config.host, config.schema) == ("/run/pg", "trail")


def test_what_a_dsn_leaves_out_comes_from_the_variables_of_libpq(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPASSWORD", "from-the-environment")
    monkeypatch.setenv("PGPORT", "6000")

    config = read_dsn("postgresql://ada@db.example/audit")

    assert (config.password, config.port) == ("from-the-environment", 6000)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ada:sesame%zz@host/db",
        "postgresql://ada:sesame@host:port/db",
        "postgresql://ada:sesame@host:0/db",
        "postgresql://ada:sesame@host/db?nosuch=1",
        "sesame",
    ],
)
def test_no_error_about_a_dsn_has_anything_secret_of_it(dsn: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read_dsn(dsn)

    assert "--dsn" in str(refused.value)
    assert "sesame" not in str(refused.value)
