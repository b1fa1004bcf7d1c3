"""
Debezium's engine, which kills itself in the middle of a batch.

    python -I dying_debezium_program.py ORDERS

It is `adapters/embedded/debezium_program.py`, but for one file beside ORDERS, ``die``: a topic and
a number. Behind so many of the topic's changes, counted from the file's first sight, the broker
has them, the engine knows of none of their batch, and the process ends as ``kill -9`` ends it.
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydbzengine import BasePythonChangeHandler

PROGRAM = Path(__file__).parents[2] / "adapters" / "embedded" / "debezium_program.py"


class DyingHandler(BasePythonChangeHandler):
    """
    Hands records on until it is time to die.

    Args:
        handler: Writes them to Kafka.
        order: The file ``die``.
    """

    def __init__(self, handler: BasePythonChangeHandler, order: Path) -> None:
        self._handler = handler
        self._order = order
        self._sent = 0

    def handleJsonBatch(self, records: Iterable[Any]) -> None:  # noqa: N802 - the engine's name
        """Send all of `records`, or those before the end."""
        batch = list(records)
        topic, most = self._order.read_text("ascii").split() if self._order.exists() else ("", "0")
        places = [at for at, record in enumerate(batch, 1) if str(record.destination()) == topic]
        left = int(most) - self._sent
        self._sent += len(places)
        if not topic or len(places) < left:
            self._handler.handleJsonBatch(batch)
            return
        self._handler.handleJsonBatch(batch[: places[left - 1]])
        os.kill(os.getpid(), signal.SIGKILL)


def main(orders: Path) -> int:
    """Run the engine until it dies; see the module's docstring."""
    found = importlib.util.spec_from_file_location("debezium_program", PROGRAM)
    if found is None or found.loader is None:
        raise ImportError(f"{PROGRAM} cannot be loaded")
    program: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(program)

    def made(bootstrap: str) -> DyingHandler:
        return DyingHandler(program.KafkaHandler(bootstrap), orders.with_name("die"))

    return int(program.main(orders, made))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
