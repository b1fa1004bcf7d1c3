"""
How fresh the trail is: from the broker's append of an event to when a query can see it.

    producer ──▶ Kafka (LogAppendTime) ──▶ service ──▶ trail
       └─ partition, offset, time of the append ─▶ difference ◀─ time of the first look that saw it

An offset and its rows move in one transaction: a look at the offsets tells which rows a query can
see. The broker's times have whole milliseconds, cut off: what is told is up to 1 ms too long.
"""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from confluent_kafka import KafkaError, Message, Producer

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks import events
from tests.benchmarks.measuring import Figures, percentile
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import TrailWatch, a_service, wait_for, watching
from tests.benchmarks.topics import a_producer

PARTITIONS = 8
PER_SECOND = 1_000
BURST = 10
LOOK_EVERY = 0.001

_POSITIONS = """
SELECT partition, next_offset FROM kafka_offset WHERE consumer_group IS NOT NULL
"""

Place = tuple[int, int]


class _Looker:
    """Looks at the offsets all the time, and notes when each became visible."""

    def __init__(self, database: DatabaseConfig) -> None:
        self._database = database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="looker", daemon=True)
        self.seen: dict[Place, float] = {}

    @contextmanager
    def looking(self) -> Generator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _look(self) -> None:
        known: dict[int, int] = {}
        with watching(self._database) as watch:
            while not self._stop.is_set():
                rows = watch.connection.execute(_POSITIONS.encode()).fetchall()
                now = time.time()
                for partition, next_offset in rows:
                    for offset in range(known.get(partition, 0), next_offset):
                        self.seen[partition, offset] = now
                    known[partition] = next_offset
                time.sleep(LOOK_EVERY)


class _Writer:
    """Appends events, and notes when the broker did so."""

    def __init__(self, rig: Rig, topic: str) -> None:
        self._producer: Producer = a_producer(rig, linger_ms=0)
        self._topic = topic
        self._number = 0
        self.appended: dict[Place, float] = {}

    def append(self) -> None:
        self._producer.produce(
            self._topic,
            events.plain(self._number),
            events.key(self._number),
            partition=self._number % PARTITIONS,
            on_delivery=self._confirm,
        )
        self._number += 1
        self._producer.poll(0)

    def flush(self) -> None:
        self._producer.flush()

    def _confirm(self, error: KafkaError | None, message: Message) -> None:
        partition, offset = message.partition(), message.offset()
        if error is not None or partition is None or offset is None:
            raise RuntimeError(f"the broker refused an event: {error}")
        self.appended[partition, offset] = message.timestamp()[1] / 1_000


def measure(rig: Rig) -> Figures:
    """Measure single changes on an idle service, and then a flow of 1,000 events a second."""
    topic = rig.cluster.create_topic(
        rig.cluster.scratch("fresh"), PARTITIONS, {"message.timestamp.type": "LogAppendTime"}
    )
    with rig.database() as database, a_service(rig, topic, database) as service:
        writer, looker = _Writer(rig, topic), _Looker(database)
        with watching(database) as watch, looker.looking():
            wait_for(service, lambda: watch.claimed_at() is not None)
            for _ in range(PARTITIONS):  # what a first change costs, others do not
                _single_change(writer, watch)
            for _ in rig.counted(range(rig.scale.single_changes), "single change"):
                _single_change(writer, watch)
            singles = len(writer.appended)
            rig.say(f"a flow of {PER_SECOND} events/s for {rig.scale.flow_seconds:g} s")
            _flow(writer, rig.scale.flow_seconds)
            wait_for(service, lambda: watch.stored() >= len(writer.appended))
    waits = _waits(writer, looker)
    return _figures(waits[PARTITIONS:singles], waits[singles:])


def _figures(single: Sequence[float], flow: Sequence[float]) -> Figures:
    return {
        "idle_change_p50_ms": percentile(single, 50, "ms"),
        "idle_change_p99_ms": percentile(single, 99, "ms"),
        "freshness_p50_ms": percentile(flow, 50, "ms"),
        "freshness_p99_ms": percentile(flow, 99, "ms"),
    }


def _single_change(writer: _Writer, watch: TrailWatch) -> None:
    writer.append()
    writer.flush()
    while watch.stored() < len(writer.appended):
        time.sleep(LOOK_EVERY)
    time.sleep(0.1)  # idle again


def _flow(writer: _Writer, seconds: float) -> None:
    began = time.monotonic()
    for burst in range(int(seconds * PER_SECOND / BURST)):
        for _ in range(BURST):
            writer.append()
        time.sleep(max(0.0, began + (burst + 1) * BURST / PER_SECOND - time.monotonic()))
    writer.flush()


def _waits(writer: _Writer, looker: _Looker) -> list[float]:
    """Milliseconds of each event, in the order in which they were appended."""
    return [(looker.seen[place] - at) * 1_000 for place, at in writer.appended.items()]
