"""Runs of `cdc-audit decode` over lines, and what they print."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrypoints.cli import main
from tests.unit.debezium.records import TOPIC, an_envelope

Printed = Mapping[str, Any]


class DecodeRuns:
    """
    Runs the command in a folder of its own.

    Args:
        folder: For the input.
        capsys: What catches the output.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file = folder / "records.jsonl"
        self._capsys = capsys
        self.errors = ""

    def decode(self, lines: Iterable[object], *options: str) -> tuple[int, list[Printed]]:
        """The exit status and what is printed: bytes are lines as they are, the rest is JSON."""
        texts = [x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines]
        self._file.write_bytes(b"\n".join(texts) + b"\n")
        return self.run(str(self._file), *options)

    def run(self, *arguments: str) -> tuple[int, list[Printed]]:
        """The exit status and what is printed with these arguments."""
        status = main(["decode", *arguments])
        shown = self._capsys.readouterr()
        self.errors = shown.err
        return status, [exactly(line) for line in shown.out.split("\n") if line]


def exactly(line: str) -> Printed:
    """JSON whose numbers with a fraction stay as they are written, and differ from texts."""
    found: Printed = json.loads(line, parse_float=lambda number: ["float", number])
    return found


def a_line(**fields: object) -> dict[str, object]:
    """A line with a heartbeat; `fields` replace its own."""
    value = msgspec.json.encode({"ts_ms": 1}).decode()
    line: dict[str, object] = {
        "topic": "__debezium-heartbeat.srv1",
        "key": '{"serverName":"srv1"}',
        "value": value,
    }
    return line | fields


def a_change(op: str = "c", **members: object) -> dict[str, object]:
    """A line with a change of a customer."""
    rows: Mapping[str, object] = members or {"after": {"id": 1, "name": "Ann"}}
    value = json.dumps(an_envelope(op, **rows))
    return a_line(topic=TOPIC, key='{"id":1}', value=value)
