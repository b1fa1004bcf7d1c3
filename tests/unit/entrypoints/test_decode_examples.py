"""The reference's examples and every recording, through the command `decode`."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.debezium.expectations import NOT_KEPT
from tests.unit.debezium.recordings import NAMES, RECORDED
from tests.unit.debezium.records import DATA
from tests.unit.debezium.test_examples import OURS
from tests.unit.debezium.test_recorded import CENSUS
from tests.unit.entrypoints.decode_runs import DecodeRuns, Printed

EXAMPLES = DATA / "examples.jsonl"

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
    examples = [_parsed(line) for line in EXAMPLES.read_text("utf-8").splitlines()]

    status, printed = runs.run(str(EXAMPLES))

    assert status == 1
    assert [p["name"] for p in printed] == [e["name"] for e in examples]
    expected = {e["name"]: _exact(_as_ours(e)) for e in examples}
    assert {p["name"]: _exact(_asked(p, e)) for p, e in zip(printed, examples, strict=True)} == (
        expected
    )


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


def _asked(printed: Printed, example: Mapping[str, Any]) -> dict[str, Any]:
    return {field: printed.get(field) for field in example["expect"]}


def _as_ours(example: Mapping[str, Any]) -> dict[str, Any]:
    """What is expected of an example, without what the trail does not keep."""
    expect = dict(example["expect"])
    expect.pop("flattened", None)
    if "transaction" in expect and expect["source_table"]["connector"] == "postgresql":
        expect["transaction"] = {k: v for k, v in expect["transaction"].items() if k != "raw_id"}
    for (name, field), (ours, _) in OURS.items():
        if name == example["name"]:
            expect[field] = None if ours == NOT_KEPT else ours
    return {field: expect.get(field) for field in example["expect"]}


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


def _parsed(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line, parse_float=lambda number: ["float", number])
    return found


def _exact(fields: Mapping[str, Any]) -> Sequence[str]:
    """JSON text, so that 1 and true differ; the order of columns counts in rows only."""
    return [
        f"{field} {json.dumps(value, sort_keys=field not in {'old', 'new'}, ensure_ascii=False)}"
        for field, value in fields.items()
    ]
