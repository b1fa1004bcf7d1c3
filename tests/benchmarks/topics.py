"""Topics that are full before anything is measured."""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, Message, Producer

from tests.benchmarks.rig import Rig

_LONGEST_FLUSH = 120.0

_Confirm = Callable[[KafkaError | None, Message], None]


class FilledTopic:
    """
    A topic that nobody writes to any more.

    Args:
        rig: Whose broker has it.
        name: What its name begins with.
        partitions: How many it has.

    Attributes:
        name: Its name.
        partitions: How many it has.
        events: How many records it has.
    """

    def __init__(self, rig: Rig, name: str, *, partitions: int) -> None:
        self._rig = rig
        self.name = rig.cluster.create_topic(rig.cluster.scratch(name), partitions)
        self.partitions = partitions
        self.events = 0

    def fill(self, records: Iterable[tuple[bytes, bytes]]) -> "FilledTopic":
        """Append keys and values to one partition after the other, and wait until all are there."""
        refused: list[KafkaError] = []

        def confirm(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                refused.append(error)

        producer = a_producer(self._rig, linger_ms=20)
        for key, value in records:
            self._produce(producer, key, value, confirm)
        if producer.flush(_LONGEST_FLUSH) or refused:
            raise RuntimeError(f"the broker did not take all records: {refused[:3]}")
        return self

    def bytes_on_disk(self) -> int:
        """Bytes of its log at the broker: segments, without indexes that are made ahead."""
        logs = self._rig.home.glob(f"kafka/data/{self.name}-*/*.log")
        return sum(log.stat().st_size for log in logs)

    def _produce(self, producer: Producer, key: bytes, value: bytes, confirm: _Confirm) -> None:
        partition = self.events % self.partitions
        while True:
            try:
                producer.produce(self.name, value, key, partition=partition, on_delivery=confirm)
            except BufferError:
                producer.poll(0.1)
                continue
            break
        self.events += 1
        if self.events % 1_000 == 0:
            producer.poll(0)


def a_producer(rig: Rig, *, linger_ms: float) -> Producer:
    """Make a producer that neither compresses nor loses."""
    return Producer(
        {
            "bootstrap.servers": rig.kafka.bootstrap,
            "acks": "all",
            "linger.ms": linger_ms,
            "log_level": 0,
        }
    )
