"""`cdc-audit decode` over lines: forms of input, bad input, rules, pipes, exit statuses."""

import base64
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.debezium.records import TOPIC
from tests.unit.entrypoints.decode_runs import DecodeRuns, a_change, a_line

COMMAND = [sys.executable, "-m", "entrypoints.cli", "decode"]
REPOSITORY = Path(__file__).parents[3]
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
LONG = 60.0
"""Seconds that only a test that fails takes."""


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DecodeRuns:
    return DecodeRuns(tmp_path, capsys)


def test_a_line_without_a_name_is_named_after_its_place(runs: DecodeRuns) -> None:
    places: list[dict[str, object]] = [{"partition": 3, "offset": 9}, {}, {"name": "mine"}]

    _, printed = runs.decode([a_line(topic="t.heartbeat", **place) for place in places])

    assert [p["name"] for p in printed] == ["t.heartbeat/3/9", "t.heartbeat/0/1", "mine"]


def test_base64_wins_over_text_in_key_value_and_headers(runs: DecodeRuns) -> None:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    change = a_change(after={"id": 7})
    change["value_base64"] = encoded(str(change.pop("value")))
    change |= {"value": "nonsense", "key": "nonsense", "key_base64": encoded('{"id":7}')}
    change["headers"] = [["__debezium.oldkey", encoded('{"id":6}')]]

    status, printed = runs.decode([change])

    assert status == 0
    assert (printed[0]["key"], printed[0]["new"]) == ({"id": 7}, {"id": 7})
    assert printed[0]["key_change"] == {"role": "new", "old_key": {"id": 6}}


def test_bytes_in_the_form_of_the_examples_are_bytes_in_headers_too(runs: DecodeRuns) -> None:
    header = {"$base64": base64.b64encode(b'{"id":6}').decode()}
    change = a_change() | {"headers": [["__debezium.oldkey", header]]}

    _, printed = runs.decode([change])

    assert printed[0]["key_change"] == {"role": "new", "old_key": {"id": 6}}


def test_null_in_base64_is_a_tombstone_whatever_value_says(runs: DecodeRuns) -> None:
    _, printed = runs.decode([a_line(topic=TOPIC, key='{"id":1}', value_base64=None)])

    assert printed[0] == {
        "name": "srv1.public.customers/0/0",
        "kind": "skip",
        "reason": "tombstone",
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "JSON is malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"value": null}', "missing required field `topic`"),
        (b'{"topic": "t"}', "neither `value` nor `value_base64`"),
        (b'{"topic": "t", "value": 1}', "$.value"),
        (b'{"topic": "t", "value_base64": "%%%"}', "base64"),
        (b'{"topic": "t", "value": {"$base64": "A"}}', "base64"),
        (b'{"topic": "t", "value": null, "headers": [["a"]]}', "$.headers[0]"),
        (b'{"topic": "t", "value": null, "registry": {"nonsense": {}}}', "`nonsense`"),
        (b'{"topic": "\xff", "value": null}', "utf-8"),
    ],
)
def test_a_line_that_is_no_record_is_an_error_that_names_the_line(
    runs: DecodeRuns, line: bytes, said: str
) -> None:
    status, printed = runs.decode([a_line(), b"", line, a_line()])

    assert status == 1
    assert [p["kind"] for p in printed] == ["skip", "error", "skip"]
    assert (printed[1]["name"], printed[1]["reason"]) == ("line 3", "bad_line")
    assert printed[1]["detail"].startswith("line 3 is no record: ")
    assert said in printed[1]["detail"]


def test_a_record_that_would_be_quarantined_is_an_error_and_the_rest_goes_on(
    runs: DecodeRuns,
) -> None:
    status, printed = runs.decode([a_line(topic=TOPIC, value="[1]"), a_line()])

    assert status == 1
    assert printed[0]["kind"] == "error"
    assert printed[0]["reason"] == "not_a_change_event"
    assert "[1]" in printed[0]["detail"]
    assert printed[1]["kind"] == "skip"


def test_a_record_that_is_too_large_for_the_service_is_too_large_here(
    runs: DecodeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDC_AUDIT_CONSUMER_MAX_RECORD_BYTES", "1024")

    status, printed = runs.decode([a_change(after={"id": 1, "note": "x" * 2000})])

    assert status == 1
    assert printed[0]["reason"] == "record_too_large"


def test_the_rules_and_types_of_the_settings_hold(runs: DecodeRuns, tmp_path: Path) -> None:
    config = tmp_path / "given.toml"
    config.write_text(
        """
        [quarantine]
        raw = "withhold"
        [[redaction.rules]]
        table = "public.customers"
        column = "name"
        action = "mask"
        [tables."public.customers".types]
        id = "int8"
        name = "text"
        born = "date"
        """
    )
    change = a_change(after={"id": 1, "name": "Ann Secret", "born": 1})
    broken = a_line(topic=TOPIC, value="Ann Secret")

    status, printed = runs.decode([change, broken], "--config", str(config))

    assert status == 1
    assert printed[0]["new"] == {"id": 1, "name": "***", "born": "1970-01-02"}
    assert printed[0]["masked"] == ["name"]
    assert printed[1]["reason"] == "invalid_json"
    assert "Ann Secret" not in json.dumps(printed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl"], "there is no file missing.jsonl"),
        (["."], ". is a folder"),
        (["--from", "1"], "--from goes with --topic"),
        (["--count", "1"], "--count goes with --topic"),
        (["--topic", "t"], "--topic needs --from"),
        (["x.jsonl", "--topic", "t", "--from", "1"], "give a file or --topic"),
        (["--topic", "t", "--from", "-1"], "--from"),
        (["--registry", "nonsense"], "schema_registry.url (from --registry)"),
    ],
)
def test_a_wrong_command_line_is_status_2(
    runs: DecodeRuns, arguments: list[str], said: str
) -> None:
    status, printed = runs.run(*arguments)

    assert (status, printed) == (2, [])
    assert said in runs.errors


def test_standard_input_is_read_as_it_comes() -> None:
    line = json.dumps(a_line(name="first")).encode() + b"\n"

    with subprocess.Popen(  # noqa: S603 - our own interpreter and program
        COMMAND, cwd=REPOSITORY, env=BUFFERED, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        guard = threading.Timer(LONG, process.kill)  # else it would be waited for forever
        guard.start()
        process.stdin.write(line)
        process.stdin.flush()
        printed = json.loads(process.stdout.readline())  # while the input is still open
        guard.cancel()
        process.stdin.close()
        rest = process.stdout.read()

    assert printed["name"] == "first"
    assert (process.returncode, rest) == (0, b"")


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    line = json.dumps(a_line()).encode() + b"\n"

    with subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [*COMMAND, "-"],
        cwd=REPOSITORY,
        env=BUFFERED,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(line)
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(line)
        process.stdin.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (0, b"")
