"""`cdc-audit config` on what it leaves open: columns of the trail that look like secrets."""

import asyncio
import io
import json
import socket
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from domain.source_table import SourceTable
from entrypoints.cli import main
from entrypoints.config_report import print_config
from entrypoints.settings import AppConfig
from tests.builders import a_batch, a_record
from tests.contract.trail_writing import stored, stream_of

USERS = SourceTable("postgresql", "shop", "shop", "public", 'users "old" [1]')
COLUMNS = frozenset({"id", "password", "api_token"})
NOT_ASKED = "# the trail could not be asked for unmasked secrets: "


class ATerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trail_with_users(trail_database: DatabaseConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name a trail that has met users with a password and a token."""
    asyncio.run(meet_users(trail_database))
    name_in_environment(trail_database, monkeypatch)


async def meet_users(database: DatabaseConfig) -> None:
    async with open_pool(database) as pool:
        store = PostgresAuditStore(pool, database, consumer_group="group")
        batch = a_batch(await store.encoder(), [a_record(stream_id=await stream_of(store))])
        await stored(store, msgspec.structs.replace(batch, sources={USERS: COLUMNS}))


def name_in_environment(database: DatabaseConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    for field in ("host", "port", "username", "password", "database"):
        name = f"CDC_AUDIT_SINK_DATABASE_{field.upper()}"
        monkeypatch.setenv(name, str(getattr(database, field)))


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    status = main(["config", *options])

    shown = capsys.readouterr()
    assert status == 0
    assert shown.err == ""
    return shown.out


def as_json(capsys: pytest.CaptureFixture[str]) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(printed(capsys, "--json"))
    return document


def rules_below(text: str) -> Sequence[Mapping[str, str]]:
    """The rules below the settings, as TOML reads them."""
    _, _, pasted = text.partition("\n\n")
    rules: Sequence[Mapping[str, str]] = tomllib.loads(pasted)["redaction"]["rules"]
    return rules


@pytest.mark.postgres
@pytest.mark.usefixtures("trail_with_users")
def test_each_unmasked_secret_of_the_trail_comes_with_its_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys)

    assert [(rule["column"], rule["action"]) for rule in rules_below(text)] == [
        ("api_token", "mask"),
        ("password", "mask"),
    ]
    assert text.startswith("environment = ")


@pytest.mark.postgres
@pytest.mark.usefixtures("trail_with_users")
def test_nothing_is_exposed_once_what_was_printed_is_pasted_as_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, _, below = printed(capsys).partition("\n\n")

    (tmp_path / "cdc-audit.toml").write_text('[quarantine]\nraw = "withhold"\n\n' + below)

    assert below.count("[[redaction.rules]]") == 2
    assert printed(capsys).endswith(
        "\n# no column in the trail looks like a secret and is left unmasked\n"
    )
    assert as_json(capsys)["exposed_columns"] == []


@pytest.mark.postgres
def test_a_trail_without_secrets_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
    trail_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_in_environment(trail_database, monkeypatch)

    text = printed(capsys)

    assert "\n# no column in the trail looks like a secret and is left unmasked\n" in text
    assert as_json(capsys)["exposed_columns"] == []


@pytest.mark.postgres
@pytest.mark.usefixtures("trail_with_users")
def test_json_names_table_column_and_rule(capsys: pytest.CaptureFixture[str]) -> None:
    document = as_json(capsys)

    first, second = document["exposed_columns"]
    assert set(document) >= {"settings", "exposed_columns"}
    assert "exposed_columns_reason" not in document
    assert (first["table"], first["column"]) == ('public.users "old" [1]', "api_token")
    assert tomllib.loads(second["rule"])["redaction"]["rules"][0]["column"] == "password"


@pytest.mark.postgres
@pytest.mark.usefixtures("trail_with_users")
def test_a_terminal_shows_the_rules_unwrapped() -> None:
    terminal = ATerminal()

    print_config(AppConfig.from_env(), as_json=False, stream=terminal)

    assert "setting" in terminal.getvalue()
    assert [rule["column"] for rule in rules_below(terminal.getvalue())] == [
        "api_token",
        "password",
    ]


@pytest.mark.postgres
def test_a_database_without_tables_is_told_with_the_command_to_make_them(
    capsys: pytest.CaptureFixture[str],
    empty_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_in_environment(empty_database, monkeypatch)

    last = printed(capsys).splitlines()[-1]
    document = as_json(capsys)

    assert last.startswith(NOT_ASKED)
    assert "cdc-audit migrate" in last
    assert document["exposed_columns"] is None
    assert document["exposed_columns_reason"] == last.removeprefix(NOT_ASKED)


def test_a_database_that_is_away_is_one_plain_line_and_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_SINK_DATABASE_PORT", "1")

    lines = printed(capsys).splitlines()
    document = as_json(capsys)

    assert [line for line in lines if " = " not in line] == [lines[-1]]
    assert lines[-1].startswith(f"{NOT_ASKED}the database localhost:1/sink_db cannot be used now")
    assert document["exposed_columns"] is None
    assert "localhost:1/sink_db" in document["exposed_columns_reason"]


def test_a_database_that_never_answers_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CDC_AUDIT_SINK_DATABASE_HOST", "127.0.0.1")
        monkeypatch.setenv("CDC_AUDIT_SINK_DATABASE_PORT", str(silent.getsockname()[1]))

        last = printed(capsys).splitlines()[-1]

    assert last.startswith(NOT_ASKED)


def test_wrong_settings_are_shown_and_not_tried_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_ENVIRONMENT", "production")

    status = main(["config"])

    shown = capsys.readouterr()
    assert status == 2
    assert shown.out.splitlines()[-1] == f"{NOT_ASKED}a setting is wrong"
    assert shown.err.count("\n") == 1
