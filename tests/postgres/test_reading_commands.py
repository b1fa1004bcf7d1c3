"""The commands that ask a trail, over its database: what they print, and what they leave behind."""

import asyncio
import json
from collections.abc import Callable, Generator
from io import BytesIO
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from entrypoints.http.page_times import iso
from tests.builders import a_record
from tests.contract.row_stories import at, deleted, inserted, updated
from tests.postgres.trails import a_store, claim, keep, rows
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = pytest.mark.postgres

Run = Callable[..., tuple[int, str, str]]
NEW, PAID = {"status": "new"}, {"status": "paid"}
CHANGES = (
    {**inserted(1, status="new"), "transaction_id": "70", "change_user": "ada"},
    {**updated(1, NEW, PAID), "transaction_id": "71"},
    {**updated(2, NEW, PAID), "transaction_id": "71", "change_user": "ed"},
    deleted(2, status="[red]paid[/]\x1b[31m"),
)


@pytest.fixture
def trail() -> Generator[DatabaseConfig]:
    with scratch_database() as config:
        asyncio.run(_keep(config))
        yield config


async def _keep(config: DatabaseConfig) -> None:
    async with a_store(config) as store:
        stream = await claim(store)
        records = [a_record(o, stream_id=stream, **f) for o, f in enumerate(CHANGES)]
        await keep(store, records)


def dsn_of(config: DatabaseConfig, user: str | None = None) -> str:
    return config.connection_string.replace("+psycopg", "", 1).replace(
        f"//{config.username}:", f"//{user or config.username}:", 1
    )


@pytest.fixture
def run(trail: DatabaseConfig, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--dsn", dsn_of(trail)])
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


def test_the_history_of_a_row_tells_what_each_change_did_to_each_column(run: Run) -> None:
    status, out, err = run("log", "orders", "1")

    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [line[1] for line in lines if len(line) > 3 and line[0][0] == "2"] == [
        "UPDATE",
        "INSERT",
    ]
    assert ["~", "status", "new", "->", "paid"] in lines
    assert ["+", "status", "new"] in lines


def test_json_has_the_answer_of_the_api(run: Run) -> None:
    _, out, _ = run("log", "public.orders", '{"id":1}', "--limit", "1", "--json")

    page = json.loads(out)
    assert page["row"]["key"] == {"id": 1}
    assert [entry["change"]["operation"] for entry in page["changes"]] == ["UPDATE"]

    _, out, _ = run("log", "orders", "1", "--before", page["older"], "--json")

    assert [entry["change"]["operation"] for entry in json.loads(out)["changes"]] == ["INSERT"]


def test_nothing_of_a_record_is_markup_or_moves_the_cursor(run: Run) -> None:
    status, out, _ = run("log", "orders", "2")

    assert status == 0
    assert "[red]paid[/]\\u001b[31m" in out


def test_a_row_is_shown_as_it_was_and_what_differs_between_two_times(run: Run) -> None:
    earlier, later = iso(at(0)), iso(at(1))

    status, out, _ = run("at", "orders", "1", earlier)
    _, compared, _ = run("diff", "orders", "1", earlier, later)

    assert status == 0
    assert ["status", "new", "new"] in [line.split()[:3] for line in out.splitlines()]
    assert ["~", "status", "new", "->", "paid"] in [line.split() for line in compared.splitlines()]


def test_no_difference_is_status_1(run: Run) -> None:
    status, out, _ = run("diff", "orders", "1", "2023-12-01", "2023-12-02")

    assert status == 1
    assert "Nothing differs" in out


def test_a_transaction_is_shown_over_its_id_and_over_a_change(run: Run) -> None:
    _, by_id, _ = run("tx", "71", "--json")
    one = json.loads(by_id)["changes"][0]["id"]

    _, by_change, _ = run("tx", "--of", one, "--json")

    assert json.loads(by_change) == json.loads(by_id)
    assert len(json.loads(by_id)["changes"]) == 2


def test_revert_prints_a_script_and_executes_nothing(run: Run, trail: DatabaseConfig) -> None:
    _, found, _ = run("search", "--operation", "update", "--key", "1", "--json")
    before = rows(trail, "SELECT count(*) FROM audit_logging")

    status, out, err = run("revert", json.loads(found)["changes"][0]["id"])

    assert (status, err) == (0, "")
    assert 'UPDATE "public"."orders"\nSET "status" = \'new\'' in out
    assert rows(trail, "SELECT count(*) FROM audit_logging") == before


def test_a_search_that_finds_nothing_is_status_1(run: Run) -> None:
    status, _, _ = run("search", "--user", "nobody")
    found, out, _ = run("search", "--user", "ada", "--count")

    assert (status, found) == (1, 0)
    assert "1 changes match." in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "--operation", "nosuch"),
        ("search", "--since", "soon"),
        ("log", "orders", "1", "--before", "here"),
        ("log", "orders", "1", "--url", "http://127.0.0.1:1"),
        ("diff", "orders", "now", "yesterday"),
        ("at", "orders", "1"),
        ("tx",),
    ],
)
def test_a_wrong_command_line_is_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert err.startswith("cdc-audit: ")


def test_an_export_has_its_name_when_it_is_whole(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "changes.parquet"

    status, out, _ = run("export", "--table", "orders", "--output", str(file))

    assert (status, out) == (0, "")
    assert pq.read_table(BytesIO(file.read_bytes())).num_rows == len(CHANGES)
    assert [path.name for path in tmp_path.iterdir()] == ["changes.parquet"]


def test_tail_shows_the_latest_oldest_first(run: Run) -> None:
    _, out, _ = run("tail", "-n", "2", "--json")

    assert [json.loads(line)["operation"] for line in out.splitlines()] == ["UPDATE", "DELETE"]


def test_statistics_and_health_are_told(run: Run) -> None:
    assert run("stats", "--since", "2023-11-14", "--until", "2023-11-15")[0] == 0
    assert run("stats")[0] == 1
    status, out, _ = run("health", "--json")

    assert status == 0
    assert json.loads(out)["unaccounted"] == 0


def test_each_look_is_written_down_before_its_answer(run: Run, trail: DatabaseConfig) -> None:
    run("log", "orders", "1")
    run("show", "9-9-9")
    run("export", "--user", "ada")

    looks = rows(trail, "SELECT via, action, query, status, row_count FROM access_log ORDER BY id")
    assert looks == [
        ("dsn", "cdc-audit log", "table=orders&key=1&limit=50", 200, 2),
        ("dsn", "cdc-audit show", "id=9-9-9", 404, 0),
        ("dsn", "cdc-audit export", "user=ada&format=ndjson", 200, None),
        ("dsn", "cdc-audit export (end)", "user=ada&format=ndjson", 200, 1),
    ]


def test_who_may_only_read_gets_the_answer_and_is_told_that_no_look_is_kept(
    trail: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    with scratch_role("LOGIN") as reader:
        with psycopg.connect(trail.conninfo, autocommit=True) as connection:
            name = sql.Identifier(reader)
            connection.execute(
                sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(name)
            )
        status = main(["export", "--user", "ada", "--dsn", dsn_of(trail, reader)])
        written = capsys.readouterr()
        with psycopg.connect(trail.conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(name))

    assert status == 0
    assert len(written.out.splitlines()) == 1
    assert written.err.count("this look is not in the access log") == 1
    assert "permission denied" in written.err


def test_a_database_that_is_away_is_named_without_its_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["log", "orders", "1", "--dsn", "postgresql://ada:sesame@127.0.0.1:1/db"])

    written = capsys.readouterr()
    assert (status, written.out) == (1, "")
    assert "127.0.0.1:1/db" in written.err
    assert "sesame" not in written.err


def test_tail_of_a_database_without_tables_is_status_3_and_one_line(
    empty_database: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["tail", "--dsn", dsn_of(empty_database)])

    written = capsys.readouterr()
    assert (status, written.out) == (3, "")
    assert written.err.count("\n") == 1
    assert "Run `cdc-audit migrate` first." in written.err
