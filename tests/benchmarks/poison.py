"""One record in a hundred is poison: how much of its speed is left to the service."""

from collections.abc import Iterator

from tests.benchmarks import kafka_to_postgres
from tests.benchmarks.measuring import Figures, alternate, figure, ratio
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import work_off
from tests.benchmarks.topics import FilledTopic

PARTITIONS = 4
EVERY = 100


def measure(rig: Rig) -> Figures:
    """Measure the service's rate with poison and without, in turn."""
    count = rig.scale.poisoned
    clean = FilledTopic(rig, "clean", partitions=PARTITIONS)
    clean.fill(kafka_to_postgres.plain_records(count))
    poisoned = FilledTopic(rig, "poisoned", partitions=PARTITIONS)
    poisoned.fill(_poisoned_records(count))

    def rate(topic: FilledTopic) -> float:
        rig.say(f"poison: {topic.name}")
        return work_off(rig, topic.name, count).events_per_second

    rates = alternate(
        {"clean": lambda: rate(clean), "poisoned": lambda: rate(poisoned)},
        rounds=rig.scale.rounds,
    )
    return {
        "poison_events_per_s": figure(rates["poisoned"], "1/s"),
        "poison_over_clean": ratio(rates["poisoned"], rates["clean"]),
    }


def _poisoned_records(count: int) -> Iterator[tuple[bytes, bytes]]:
    for number, (key, value) in enumerate(kafka_to_postgres.plain_records(count)):
        yield key, value[: len(value) // 2] if number % EVERY == EVERY // 2 else value
