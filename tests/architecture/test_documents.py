"""What the documents say about commands, settings, files and SQL is so."""

import re
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
import typer
from typer.core import TyperGroup

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import app
from entrypoints.settings import AppConfig

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()
DOCUMENTS = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]
SETTINGS = re.findall(r"^\| `([\w.]+)`.*?\| (?:`(.*?)`)? \|", README, re.MULTILINE)


def commands() -> set[str]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = README.splitlines()

    assert len(lines) <= 200
    assert {"$ make demo", "$ make test"} <= set(lines[:30])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_linked_file_is_there(document: Path) -> None:
    linked = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())

    assert [link for link in linked if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists(document: Path) -> None:
    text = document.read_text()
    named = set(re.findall(r"`cdc-audit ([a-z]+)", text))

    assert named <= commands()
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets()


def test_the_readme_names_every_command() -> None:
    firsts = re.findall(r"^\| (`cdc-audit [^|]+) \|", README, re.MULTILINE)

    assert set(re.findall(r"`cdc-audit ([a-z]+)`", " ".join(firsts))) == commands()


@pytest.mark.parametrize(("setting", "default"), SETTINGS)
def test_the_setting_has_the_default_that_the_readme_names(setting: str, default: str) -> None:
    value: Any = AppConfig()
    for name in setting.split("."):
        value = getattr(value, name)

    if isinstance(value, list):
        value = ",".join(str(item) for item in cast("list[object]", value))
    assert default == ("" if value is None else str(value))


def test_the_settings_table_is_read() -> None:
    assert len(SETTINGS) > 10


@pytest.mark.postgres
@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)```", OPERATIONS, re.DOTALL))
def test_the_sql_of_the_operations_page_runs(
    statement: str, trail_database: DatabaseConfig
) -> None:
    with psycopg.connect(trail_database.conninfo) as connection:
        connection.execute(statement.encode())
