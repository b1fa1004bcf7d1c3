"""
A real Debezium for tests, in any of its formats: what it sends is written to a file.

    database ──▶ engine, in a process of its own ──▶ JSON, Avro or Protobuf ──▶ `Engine.records`
"""

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from adapters.embedded.guarded_process import GuardedProcess, Launch
from domain.consumed import RawRecord

PROGRAM = Path(__file__).with_name("debezium_program.py")


class Jars(msgspec.Struct, frozen=True):
    """
    What Java's class path is made of.

    Attributes:
        paths: Jars.
        only: Whether they are all; else they come before those of the wheel.
    """

    paths: Sequence[Path] = ()
    only: bool = False


class Engine:
    """
    Debezium, which starts at once.

    Args:
        home: Folder for its files; made if missing.
        properties: Its settings.
        own_format: ``Json``, ``Avro`` or ``Protobuf``.
        jars: Its class path.

    Attributes:
        process: The process.
    """

    def __init__(
        self,
        home: Path,
        properties: Mapping[str, str],
        *,
        own_format: str = "Json",
        jars: Jars | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._output, order, jars = home / "records.jsonl", home / "order.json", jars or Jars()
        order.write_text(
            json.dumps(
                {
                    "format": own_format,
                    "properties": dict(properties),
                    "output": str(self._output),
                    "jars": [str(jar) for jar in jars.paths],
                    "only": jars.only,
                }
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-I", str(PROGRAM), str(order)]
        self.process = GuardedProcess(
            Launch(name="Debezium", command=command, log=home / "debezium.log")
        )

    def records(self, topic: str | None = None) -> Sequence[RawRecord]:
        """What it has sent so far, to `topic` or to all."""
        self.process.check()
        if not self._output.exists():
            return ()
        lines = self._output.read_text("ascii").splitlines()
        records = [_record(line, offset) for offset, line in enumerate(lines)]
        return [record for record in records if topic in {None, record.topic}]

    def changes(self, topic: str) -> Sequence[RawRecord]:
        """What it has sent to `topic` so far, without tombstones."""
        return [record for record in self.records(topic) if record.value is not None]


def _record(line: str, offset: int) -> RawRecord:
    topic, key, value = json.loads(line)
    return RawRecord(
        topic=topic,
        partition=0,
        offset=offset,
        timestamp=0,
        key=None if key is None else base64.b64decode(key),
        value=None if value is None else base64.b64decode(value),
        headers=(),
    )
