"""The command line: what it prints where, and its exit statuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import (
    CdcAuditError,
    ConfigurationError,
    ConnectionError,  # noqa: A004 - the documented name
    RivalWriterError,
    SchemaVersionError,
    StreamRefusedError,
)
from entrypoints.cli import main, status_of


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_version_is_one_line_that_names_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["version"])

    assert status == 0
    assert capsys.readouterr().out.startswith("cdc-audit ")


def test_version_gives_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["version", "--json"])

    assert set(json.loads(capsys.readouterr().out)) == {"version", "python"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run", "--nonsense"], "--nonsense"),
        (["config", "--config", "missing.toml"], "there is no file missing.toml"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_one_line_on_standard_error(
    capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    status = main(argv)

    shown = capsys.readouterr()
    assert status == 2
    assert shown.out == ""
    assert shown.err.startswith("cdc-audit: ")
    assert shown.err.count("\n") == 1
    assert said in shown.err


def test_without_a_command_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    status = main([])

    shown = capsys.readouterr()
    assert status == 2
    assert "Exit statuses" in shown.out + shown.err


def test_help_lists_the_commands_and_the_exit_statuses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--help"])

    shown = capsys.readouterr().out
    assert status == 0
    assert all(word in shown for word in ("Exit statuses", "run", "config", "version"))


def test_a_wrong_setting_is_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_HTTP_PORT", "eighty")

    status = main(["run"])

    assert status == 2
    assert "http.port (from CDC_AUDIT_HTTP_PORT): 'eighty'" in capsys.readouterr().err


def test_config_prints_each_setting_with_its_origin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "given.toml"
    file.write_text('[kafka]\ngroup_id = "auditors"\n')
    monkeypatch.setenv("CDC_AUDIT_HTTP_PORT", "9999")

    status = main(["config", "--config", str(file)])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert f'kafka.group_id = "auditors"  # {file}:2' in lines
    assert "http.port = 9999  # CDC_AUDIT_HTTP_PORT" in lines
    assert 'kafka.auto_offset_reset = "earliest"  # default' in lines


def test_config_gives_json_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_KAFKA_TOPICS", "one,two")

    main(["config", "--json"])

    settings = {s["name"]: s for s in json.loads(capsys.readouterr().out)["settings"]}
    assert settings["kafka.topics"] == {
        "name": "kafka.topics",
        "value": ["one", "two"],
        "origin": "CDC_AUDIT_KAFKA_TOPICS",
        "variable": "CDC_AUDIT_KAFKA_TOPICS",
    }


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_config_shows_no_secret_wherever_it_came_from(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: list[str],
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2-file")
    toml = tmp_path / "cdc-audit.toml"
    toml.write_text('[source_database]\npassword = "hunter2-toml"\n')
    monkeypatch.setenv("CDC_AUDIT_SINK_DATABASE_PASSWORD", "hunter2-variable")
    monkeypatch.setenv("CDC_AUDIT_KAFKA_SASL_PASSWORD_FILE", str(secret))

    status = main(["config", *options])

    shown = capsys.readouterr()
    assert status == 0
    assert "hunter2" not in shown.out + shown.err
    assert "(hidden)" in shown.out


def test_config_shows_the_settings_and_then_what_is_wrong_with_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_ENVIRONMENT", "production")

    status = main(["config"])

    shown = capsys.readouterr()
    assert status == 2
    assert 'environment = "production"' in shown.out
    assert shown.err.startswith("cdc-audit: sink_database.password: the default password")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("http.port", "is wrong"), 2),
        (SchemaVersionError(found=0, wanted=1), 3),
        (StreamRefusedError("orders", 0, problem="Gone.", remedy="Decide."), 4),
        (RivalWriterError("another", times=3, seconds=60.0), 4),
        (ConnectionError("the database is away"), 1),
        (CdcAuditError("something else"), 1),
    ],
)
def test_each_error_has_its_exit_status(error: CdcAuditError, status: int) -> None:
    assert status_of(error) == status


def test_version_starts_fast_since_it_imports_no_technology() -> None:
    program = (
        "import sys; from entrypoints.cli import main; main(['version']); "
        "print(sorted({'ray', 'aiokafka', 'psycopg', 'uvicorn'} & set(sys.modules)))"
    )

    ran = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("argv", ["gap list", "token list"])
def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path, argv: str) -> None:
    """In a process of its own: what clients log shows only where nobody collects logs."""
    address = {"CDC_AUDIT_SINK_DATABASE_HOST": "127.0.0.1", "CDC_AUDIT_SINK_DATABASE_PORT": "1"}

    ran = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-m", "entrypoints.cli", *argv.split()],
        env=os.environ | address | {"CDC_AUDIT_SINK_DATABASE_PASSWORD": "sesame"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("cdc-audit: the database 127.0.0.1:1/sink_db cannot be used now: ")
    assert "sesame" not in ran.stderr
