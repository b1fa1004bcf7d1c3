"""The reference's examples and every recording, through the command `decode`."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.debezium.examples import EXAMPLES
from tests.unit.debezium.recordings import NAMES, RECORDED
from tests.unit.debezium.records import DATA
from tests.unit.debezium.test_examples import as_ours, exact
from tests.unit.debezium.test_recorded import CENSUS
from tests.unit.entrypoints.decode_runs import DecodeRuns

WORDS = {
    "DELETE": "delete",
    "INSERT": "insert",
    "SNAPSHOT": "snapshot_read",
    "TRUNCATE": "truncate",
    "UPDATE": "update",
    "UPSERT": "upsert",
    "logical_message": "message",
    "outbox": "message",
    "transaction_begin": "transaction",
    "transaction_end": "transaction",
}
"""What the command says of what the trail calls otherwise."""


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DecodeRuns:
    return DecodeRuns(tmp_path, capsys)


def test_every_example_is_printed_as_the_reference_expects(runs: DecodeRuns) -> None:
    status, printed = runs.run(str(DATA / "examples.jsonl"))

    assert status == 1
    assert [p["name"] for p in printed] == [e.name for e in EXAMPLES]
    for said, example in zip(printed, EXAMPLES, strict=True):
        assert {field: exact(field, said.get(field)) for field in example.expect} == {
            field: exact(field, value) for field, value in as_ours(example).items()
        }


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_is_read_without_an_error(runs: DecodeRuns, name: str) -> None:
    lines = (RECORDED / f"{name}.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    registry = _registry(name)

    status, printed = runs.decode([r | {"registry": registry} for r in records])

    expected: Counter[str] = Counter()
    for word, number in (part.split("=") for part in CENSUS[name].split()):
        expected[WORDS.get(word, word)] += int(number)
    assert Counter(p["operation"] if p["kind"] == "change" else p["reason"] for p in printed) == (
        expected
    )
    assert [p["name"] for p in printed] == [r["name"] for r in records]
    assert status == 0


def _registry(name: str) -> dict[str, dict[str, object]] | None:
    path = RECORDED / f"{name}.schemas.json"
    if not path.exists():
        return None
    recorded = json.loads(path.read_text("utf-8"))
    schemas = {
        number: answer["body"].get("schema", answer["body"])
        for number, answer in recorded["by_id"].items()
    }
    numbering = "apicurio_global_ids" if recorded["wire"] == "def8" else "confluent_ids"
    return {numbering: schemas}
