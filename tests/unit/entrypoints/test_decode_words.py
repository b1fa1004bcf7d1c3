"""What `cdc-audit decode` says of a record: values as they were sent, no guess."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from domain.control import SkippedRecord
from entrypoints.decode.json_lines import words_of
from entrypoints.decode.outcome import Outcome
from tests.unit.debezium.records import AT, TOPIC, a_source, an_envelope
from tests.unit.entrypoints.decode_runs import DecodeRuns, a_change, a_line


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DecodeRuns:
    return DecodeRuns(tmp_path, capsys)


def test_numbers_and_the_order_of_columns_are_printed_as_they_were_sent(
    runs: DecodeRuns, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = '{"z": 90071992547409931234567890, "a": 1.10, "e": 1E400}'
    value = json.dumps(an_envelope(after="ROW")).replace('"ROW"', row)
    file = tmp_path / "records.jsonl"
    file.write_text(json.dumps(a_line(topic=TOPIC, value=value)))

    runs.run(str(file))
    status, printed = runs.run(str(file), "--json")

    assert status == 0
    assert list(printed[0]["new"].items()) == [
        ("z", 90071992547409931234567890),
        ("a", ["float", "1.10"]),
        ("e", ["float", "1E400"]),
    ]
    assert capsys.readouterr().out == ""


def test_a_record_that_is_written_on_several_lines_becomes_one_line(runs: DecodeRuns) -> None:
    change = a_change(after={"id": 1, "note": "two\nlines"})
    change["value"] = json.dumps(json.loads(str(change["value"])), indent=2)

    _, printed = runs.decode([change])

    assert [p["new"] for p in printed] == [{"id": 1, "note": "two\nlines"}]


@pytest.mark.parametrize("note", ["a\0b", "\ud800"])
def test_what_the_store_must_escape_is_printed_as_it_was(runs: DecodeRuns, note: str) -> None:
    _, printed = runs.decode([a_change(after={"id": 1, "note": note})])

    assert printed[0]["new"] == {"id": 1, "note": note}


def test_a_name_that_the_store_must_escape_is_printed_as_it_was(runs: DecodeRuns) -> None:
    _, printed = runs.decode([a_change("u", before={"\ud800": 1}, after={"\ud800": 2})])

    assert (printed[0]["old"], printed[0]["new"]) == ({"\ud800": 1}, {"\ud800": 2})


def test_a_source_block_that_the_store_must_escape_is_read_all_the_same(runs: DecodeRuns) -> None:
    source = a_source(query="a\0b", snapshot="last")

    _, printed = runs.decode([a_change(after={"id": 1}, source=source)])

    assert (printed[0]["query"], printed[0]["snapshot"]) == ("a\0b", "last")
    assert printed[0]["position"]["sequence"] == ["24023119", "24023128"]


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [('"1700000000123"', 1_700_000_000), ("1e400", None)]
)
def test_a_cloud_event_has_its_position_whatever_its_fields_are_called(
    runs: DecodeRuns, milliseconds: str, seconds: int | None
) -> None:
    event = {
        "specversion": "1.0",
        "source": "/debezium/mongodb/srv1",
        "iodebeziumtsms": "TIME",
        "iodebeziumord": 28,
        "iodebeziumop": "c",
        "data": {"before": None, "after": '{"_id": 1}'},
    }
    value = json.dumps(event).replace('"TIME"', milliseconds)

    _, printed = runs.decode([a_line(topic=TOPIC, value=value)])

    assert printed[0]["position"] == {"ts_sec": seconds, "ord": 28, "wall_time": None}
    assert printed[0]["cloudevent"] is True


def test_a_snapshot_marker_is_text_and_nonsense_stays_what_it_is(runs: DecodeRuns) -> None:
    markers = (True, False, None, "first", [1])
    changes = [a_change(source=a_source(snapshot=m), after={"id": 1}) for m in markers]

    _, printed = runs.decode(changes)

    assert [p["snapshot"] for p in printed] == ["true", "false", "false", "first", [1]]


def test_the_time_of_another_clock_is_not_the_time_of_the_change(runs: DecodeRuns) -> None:
    change = a_change(source={"connector": "postgresql", "name": "srv1"}, after={"id": 1})

    _, printed = runs.decode([change | {"timestamp": AT}])

    assert printed[0]["change_timestamp"] is None


def test_a_record_that_a_rule_leaves_out_is_a_skip_with_the_rules_name() -> None:
    words = words_of(Outcome("it", SkippedRecord("noise")))

    assert words == {"kind": "skip", "reason": "rule:noise"}


def test_a_logical_message_whose_content_is_no_text_is_printed_as_it_came(
    runs: DecodeRuns,
) -> None:
    message: dict[str, Any] = {"prefix": "p", "content": base64.b64encode(b"\xff").decode()}

    _, printed = runs.decode([a_change("m", message=message)])

    assert printed[0]["operation"] == "message"
    assert printed[0]["new"] == {"prefix": "p", "content": "/w=="}
