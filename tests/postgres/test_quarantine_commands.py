"""`cdc-audit quarantine ...` over a real trail: what it shows, retries, resolves and exports."""

import json
from pathlib import Path

import pytest

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from tests.postgres.quarantine_runs import (
    MALFORMED,
    MENDED,
    SECRET,
    TOPIC,
    Run,
    a_bad_record,
    quarantine,
    run,
)
from tests.postgres.trails import rows

pytestmark = pytest.mark.postgres

__all__ = ["run"]


def test_an_empty_quarantine_is_told_in_words(run: Run) -> None:
    listed, retried, exported = run("list"), run("retry", "--all"), run("export")

    assert listed == (0, "Nothing in the quarantine matches.\n", "")
    assert retried[:2] == (
        0,
        "Nothing open in the quarantine matches: there is nothing to retry.\n",
    )
    assert exported == (0, "", "cdc-audit: nothing in the quarantine matches.\n")


def test_the_list_is_filtered_and_paged(run: Run, trail_database: DatabaseConfig) -> None:
    first, second, third = quarantine(
        trail_database,
        a_bad_record(0, b"a"),
        a_bad_record(1, b"b", error_type="SchemaNotFoundError"),
        a_bad_record(2, b"c"),
    )

    def listed(*options: str | int) -> list[int]:
        status, out, _ = run("list", "--json", *options)
        assert status == 0
        return [entry["id"] for entry in json.loads(out)["entries"]]

    assert listed() == [third, second, first]
    assert listed("--limit", 1, "--before", third) == [second]
    assert listed("--error-type", "SchemaNotFoundError") == [second]
    assert listed("--topic", "other") == []
    assert listed("--id", first, "--id", third, "--open") == [third, first]
    assert listed("--resolved") == []
    assert listed("--since", "1h") == [third, second, first]
    assert listed("--until", "2020-01-01") == []
    table = run("list")[1]
    assert TOPIC in table
    assert "SchemaNotFoundError" in table


def test_show_tells_why_what_happened_and_the_bytes(
    run: Run, trail_database: DatabaseConfig
) -> None:
    (number,) = quarantine(trail_database, a_bad_record(0, b"\xff\x00 no json"))

    status, out, _ = run("show", number)
    _, as_json, _ = run("show", number, "--json")

    assert status == 0
    assert "error message: the value is no JSON" in out
    assert "quarantined" in out
    assert '{"id":1}' in out
    assert "ff 00 20 6e 6f" in out
    found = json.loads(as_json)
    assert (found["state"], found["key_base64"]) == ("open", "eyJpZCI6MX0=")
    assert [event["what"] for event in found["history"]] == ["quarantined"]


def test_show_of_no_entry_says_what_to_do(run: Run) -> None:
    status, _, err = run("show", 7)

    assert status == 1
    assert err == (
        "cdc-audit: there is no entry 7. `cdc-audit quarantine list` shows which there are.\n"
    )


def test_a_dry_run_tells_what_would_become_and_changes_nothing(
    run: Run, trail_database: DatabaseConfig
) -> None:
    quarantine(trail_database, a_bad_record(0, MENDED.value), a_bad_record(1, MALFORMED.value))

    status, out, _ = run("retry", "--all", "--dry-run")

    assert status == 1
    assert "audited INSERT" in out
    assert "ValidationError" in out
    assert rows(trail_database, "SELECT count(*) FROM audit_logging") == [(0,)]
    assert rows(trail_database, "SELECT DISTINCT retry_count FROM processing_error") == [(0,)]


def test_a_retry_gives_the_mended_its_place_and_tells_of_the_others(
    run: Run, trail_database: DatabaseConfig
) -> None:
    mended, malformed = quarantine(
        trail_database, a_bad_record(0, MENDED.value), a_bad_record(1, MALFORMED.value)
    )

    status, out, _ = run("retry", "--topic", TOPIC)
    again, as_json, _ = run("retry", mended, malformed, "--json")

    assert status == 1
    assert "1 in their places now, 1 stay in quarantine, 0 were no longer open." in out
    stored = "SELECT kafka_offset, new_data::text FROM audit_logging"
    assert MENDED.row is not None
    assert rows(trail_database, stored) == [(0, MENDED.row.new)]
    counted = "SELECT audited, quarantined, next_offset FROM kafka_offset WHERE next_offset > 0"
    assert rows(trail_database, counted) == [(1, 1, 2)]
    found = json.loads(as_json)
    assert again == 1
    assert found["not_open"] == [mended]
    assert [(r["id"], r["outcome"]) for r in found["retries"]] == [(malformed, "failed")]


def test_resolving_keeps_the_reason_and_the_count(run: Run, trail_database: DatabaseConfig) -> None:
    (number,) = quarantine(trail_database, a_bad_record(0, MALFORMED.value))

    status, out, _ = run("resolve", number, "--reason", "a test of the producer")
    again, others, _ = run("resolve", number, 99, "--reason", "once more")
    _, shown, _ = run("show", number)

    assert (status, out) == (0, f"resolved: {number}\n")
    assert again == 1
    assert f"not there, or not open: {number}, 99" in others
    assert "resolution note: a test of the producer" in shown
    assert f"resolved by database user {trail_database.username}  a test" in shown
    counted = "SELECT quarantined FROM kafka_offset WHERE next_offset > 0"
    assert rows(trail_database, counted) == [(1,)]


def test_resolving_without_a_reason_is_refused(run: Run) -> None:
    assert run("resolve", 1)[0] == 2
    assert run("resolve", 1, "--reason", " ")[0] == 2


def test_what_is_exported_decode_reads(
    run: Run,
    trail_database: DatabaseConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    quarantine(
        trail_database,
        a_bad_record(0, MENDED.value, headers=(("h", b"\xff"), ("h", None))),
        a_bad_record(1, None),
    )

    status, out, _ = run("export", "--topic", TOPIC)
    (tmp_path / "lines").write_text(out)
    decoded = main(["decode", "lines"])

    assert status == 0
    first = json.loads(out.splitlines()[0])
    assert first["headers"] == [["h", "/w=="], ["h", None]]
    assert (first["topic"], first["offset"]) == (TOPIC, 0)
    kinds = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert decoded == 0
    assert len(kinds) == 2
    assert "INSERT" in str(kinds[0]).upper()
    assert "tombstone" in str(kinds[1])


def test_encrypted_bytes_are_opened_only_when_asked_and_with_the_key(
    run: Run,
    trail_database: DatabaseConfig,
    tmp_path: Path,
) -> None:
    (number,) = quarantine(
        trail_database, a_bad_record(0, b"planted secret", error_type="Encrypted")
    )

    closed, keyless = run("show", number), run("show", number, "--raw")
    left_out = run("export")
    (tmp_path / "key").write_text(SECRET.hex())
    (tmp_path / "cdc-audit.toml").write_text(
        '[[quarantine.encryption_keys]]\nid = "q1"\nfile = "key"\n'
    )
    still_closed, opened = run("show", number), run("show", number, "--raw")
    exported = run("export", "--raw")

    assert "planted" not in "".join(map(str, (closed, keyless, left_out, still_closed)))
    assert "encrypted with the key 'q1'" in closed[1]
    assert keyless[0] == 1
    assert "quarantine.encryption_keys" in keyless[2]
    assert left_out == (
        1,
        "",
        f"cdc-audit: left out: entry {number} is encrypted: --raw opens it\n",
    )
    assert "planted secret" in opened[1]
    assert json.loads(exported[1])["value_base64"] == "cGxhbnRlZCBzZWNyZXQ="


def test_what_a_record_says_does_nothing_to_a_terminal(
    run: Run, trail_database: DatabaseConfig
) -> None:
    (number,) = quarantine(
        trail_database, a_bad_record(0, b"\x1b[31mred", error_message="\x1b]0;title\x07")
    )

    shown, listed = run("show", number), run("list")

    assert "\x1b" not in shown[1] + listed[1]
    assert "\\u001b[31mred" in shown[1]


def test_an_export_of_a_number_that_is_not_there_says_so_and_is_status_1(
    run: Run, trail_database: DatabaseConfig
) -> None:
    (number,) = quarantine(trail_database, a_bad_record(0, MALFORMED.value))

    alone, beside = run("export", 999), run("export", number, 999)

    said = (
        "cdc-audit: left out: entry 999 is not there, or the other options leave it out. "
        "`cdc-audit quarantine list` shows which there are.\n"
    )
    assert alone == (1, "", said)
    assert (beside[0], beside[1].count("\n"), beside[2]) == (1, 1, said)


@pytest.mark.parametrize(
    "argv",
    [
        ["retry"],
        ["--clear"],
        ["list", "--since", "yesterday"],
        ["--all-of", TOPIC, "--until", "x"],
        ["--all-of", TOPIC, "list"],
        ["--clear", "list"],
    ],
)
def test_a_wrong_command_line_is_status_2(run: Run, argv: list[str]) -> None:
    assert run(*argv)[0] == 2
