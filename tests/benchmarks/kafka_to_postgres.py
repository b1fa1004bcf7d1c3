"""
From Kafka to PostgreSQL: the whole service beside raw COPY, and beside a straightforward service.

Each round runs each of them once, into a new database, in turn. A rate is of one round, and so is
a ratio: what else the machine does then falls on both.
"""

from collections.abc import Callable, Iterator
from functools import partial

from tests.benchmarks import events
from tests.benchmarks.measuring import Figures, alternate, figure, ratio
from tests.benchmarks.naive_runs import naive_events_per_second
from tests.benchmarks.raw_copy import RawCopy
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import ServiceRun, work_off
from tests.benchmarks.topics import FilledTopic

PARTITIONS = 4


class _Measured:
    """The candidates, and what one of them must know of another."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        count = rig.scale.stored
        self._topic = FilledTopic(rig, "orders", partitions=PARTITIONS).fill(plain_records(count))
        self._raw = RawCopy(rig, count)
        self.runs: dict[int, list[ServiceRun]] = {1: [], 2: []}

    @property
    def topic_bytes(self) -> float:
        """Bytes of the topic's log for each event."""
        return self._topic.bytes_on_disk() / self._topic.events

    def service(self, writers: int) -> float:
        """Events a second of the service."""
        self._rig.say(f"Kafka to PostgreSQL, writers: {writers}")
        run = work_off(
            self._rig,
            self._topic.name,
            self._topic.events,
            days=self._raw.days,
            CONSUMER_WRITERS=str(writers),
        )
        self.runs[writers].append(run)
        return run.events_per_second

    def raw(self, writers: int) -> float:
        """Rows a second of raw COPY, in transactions as large as the service's last ones."""
        self._rig.say(f"raw COPY, writers: {writers}")
        ran = self.runs[writers]
        transactions = ran[-1].transactions if ran else writers
        seconds = self._raw.seconds(writers=writers, transactions=transactions)
        return self._topic.events / seconds

    def naive(self) -> float:
        """Events a second of the straightforward service."""
        self._rig.say("Kafka to PostgreSQL, the straightforward service")
        return naive_events_per_second(self._rig, self._topic.name, self._raw.days)


def plain_records(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of plain events."""
    for number in range(count):
        yield events.key(number), events.plain(number)


def measure(rig: Rig) -> Figures:
    """Measure rates, their ratios, and what an event costs in the service's process and on disk."""
    measured = _Measured(rig)
    candidates: dict[str, Callable[[], float]] = {
        "service_1": partial(measured.service, 1),
        "raw_1": partial(measured.raw, 1),
        "naive": measured.naive,
        "service_2": partial(measured.service, 2),
        "raw_2": partial(measured.raw, 2),
    }
    rounds = rig.scale.rounds
    rates = alternate(candidates, rounds=rounds)
    one, two = (measured.runs[n][-rounds:] for n in (1, 2))  # without the one that warms up
    return {
        "kafka_to_pg_events_per_s": figure(rates["service_1"], "1/s"),
        "kafka_to_pg_two_writers_events_per_s": figure(rates["service_2"], "1/s"),
        "raw_copy_rows_per_s": figure(rates["raw_1"], "1/s"),
        "raw_copy_two_writers_rows_per_s": figure(rates["raw_2"], "1/s"),
        "naive_events_per_s": figure(rates["naive"], "1/s"),
        "kafka_to_pg_over_naive": ratio(rates["service_1"], rates["naive"]),
        "kafka_to_pg_two_writers_over_naive": ratio(rates["service_2"], rates["naive"]),
        "kafka_to_pg_over_raw_copy": ratio(rates["service_1"], rates["raw_1"]),
        "kafka_to_pg_over_raw_copy_two_writers": ratio(rates["service_2"], rates["raw_2"]),
        "driver_cpu_us_per_event": figure([run.cpu_us_per_event for run in one], "us"),
        "driver_cpu_us_per_event_two_writers": figure([r.cpu_us_per_event for r in two], "us"),
        "batch_records": figure([run.events / run.transactions for run in one], "records"),
        "disk_bytes_per_event": figure([r.bytes_on_disk / r.events for r in one], "B"),
        "topic_bytes_per_event": figure([measured.topic_bytes], "B"),
    }
