"""A topic, and the list of everything that was written to it: the truth about its offsets."""

import itertools
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as Delivered

from tests.e2e.messages import Message, a_change, a_tombstone
from tests.processes import PATIENCE
from tests.servers.kafka_cluster import KafkaCluster

Place = tuple[int, int]
"""Partition and offset."""

CHUNK = 10
PAUSE = 0.01  # seconds between two chunks: a load of at most 1,000 records a second


class WrittenTopic:
    """
    A topic that nobody else writes to.

    Args:
        cluster: The broker.
        name: Its name; it is made here.
        partitions: How many it has; messages go to them in turn.

    Attributes:
        records: What was written where, as the broker has confirmed it.
    """

    def __init__(self, cluster: KafkaCluster, name: str, *, partitions: int = 3) -> None:
        self.cluster = cluster
        self.name = cluster.create_topic(name, partitions)
        self.partitions = partitions
        self.records: dict[Place, Message] = {}
        self._numbers = itertools.count()
        self._refused: list[KafkaError] = []
        self._producer = self._new_producer()

    def write(self, messages: Iterable[Message]) -> None:
        """Append `messages`, to one partition after the other; returns when all are confirmed."""
        self._send(messages)
        left = self._producer.flush(PATIENCE)
        assert not left, f"{left} records were not confirmed"
        assert not self._refused, self._refused

    @contextmanager
    def flow(self) -> Generator[None]:
        """Append changes all the time, until the context is left and all are confirmed."""
        stop = threading.Event()
        changes = _changes()

        def keep_writing() -> None:
            while not stop.wait(PAUSE):
                self._send(itertools.islice(changes, CHUNK))

        thread = threading.Thread(target=keep_writing, name="flow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        self.write(())

    def ends(self) -> Mapping[int, int]:
        """The next offset of each partition, as the broker tells it."""
        # librdkafka looks for the leaders again; after a restart it asks in vain at old epochs.
        assert self.cluster.partitions(self.name) == self.partitions
        return dict(enumerate(self.cluster.ends(self.name, self.partitions)))

    def make_again(self) -> None:
        """Delete the topic, and make one of the same name: another life, from offset 0."""
        self.cluster.delete_topic(self.name)
        self.cluster.create_topic(self.name, self.partitions)
        self.records.clear()
        self._producer = self._new_producer()  # the old one numbers on where the old life ended

    def _new_producer(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.cluster.bootstrap,
                "enable.idempotence": True,
                "log_level": 0,
            }
        )

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._producer.produce(
                self.name,
                key=message.key,
                value=message.value,
                partition=next(self._numbers) % self.partitions,
                on_delivery=self._confirming(message),
            )
        self._producer.poll(0)

    def _confirming(self, message: Message) -> "_Confirm":
        return _Confirm(self.records, self._refused, message)


class _Confirm:
    """Remembers where the broker has put a message."""

    def __init__(
        self, records: dict[Place, Message], refused: list[KafkaError], message: Message
    ) -> None:
        self._records = records
        self._refused = refused
        self._message = message

    def __call__(self, error: KafkaError | None, delivered: Delivered) -> None:
        partition, offset = delivered.partition(), delivered.offset()
        if error is not None or partition is None or offset is None:
            self._refused.append(error or delivered.error() or KafkaError(KafkaError.UNKNOWN))
        else:
            self._records[partition, offset] = self._message


def _changes() -> Iterator[Message]:
    """Every order is placed, paid and deleted, with a tombstone."""
    for number in itertools.count():
        yield a_change("c", number)
        yield a_change("u", number)
        yield a_change("d", number)
        yield a_tombstone(number)
