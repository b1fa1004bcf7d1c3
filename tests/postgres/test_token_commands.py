"""`cdc-audit token`: what an administrator makes, sees and ends."""

import json
from collections.abc import Callable, Generator

import pytest

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from tests.postgres.trails import rows
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trail() -> Generator[DatabaseConfig]:
    with scratch_database() as config:
        yield config


@pytest.fixture
def run(
    trail: DatabaseConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    for name in ("host", "port", "database", "username", "password", "schema"):
        value = str(getattr(trail, name))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{name.upper()}", value)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["token", *arguments])
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


def test_a_token_is_printed_once_and_kept_as_a_hash(run: Run, trail: DatabaseConfig) -> None:
    status, secret, said = run("create", "on-call", "--role", "operator", "--table", "public.*")

    assert status == 0
    assert secret.startswith("cdca_")
    assert "operator" in said
    kept = rows(trail, "SELECT name, role, tables, access_token::text FROM access_token")
    assert [row[:3] for row in kept] == [("on-call", "operator", ["public.*"])]
    assert secret.strip() not in str(kept)


def test_the_list_shows_what_each_is_for_and_no_secret(run: Run) -> None:
    _, secret, _ = run("create", "auditor")

    status, listed, _ = run("list")
    _, as_json, _ = run("list", "--json")

    assert status == 0
    assert [word in listed for word in ("auditor", "reader", "all", "valid")] == [True] * 4
    assert secret.strip() not in listed + as_json
    assert [token["name"] for token in json.loads(as_json)["tokens"]] == ["auditor"]


def test_a_revoked_token_is_shown_so(run: Run) -> None:
    _, made, _ = run("create", "auditor", "--json")

    status, said, _ = run("revoke", str(json.loads(made)["id"]))

    assert (status, "is revoked" in said) == (0, True)
    assert "revoked" in run("list")[1]


def test_what_is_not_there_cannot_be_revoked(run: Run) -> None:
    status, _, said = run("revoke", "4711")

    assert status == 1
    assert "no token 4711" in said


def test_too_many_days_are_refused(run: Run) -> None:
    status, _, said = run("create", "auditor", "--days", "9999")

    assert status == 2
    assert "9999" in said
