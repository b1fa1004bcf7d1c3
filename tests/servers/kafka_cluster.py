"""What tests do to a Kafka besides reading it: topics, records, transactions, groups."""

import asyncio
import base64
import functools
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
    admin,
)

from tests.processes import wait_until

TIMEOUT = 30.0
"""Seconds that one request may take; only a test that fails waits so long."""

# Its types are partial, and its module does not export its names in the way that checkers want.
librdkafka: Any = admin


class KafkaCluster:
    """
    A cluster, by its address.

    Args:
        bootstrap: A broker's ``host:port``, plain text.
    """

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def scratch(self, name: str) -> str:
        """Give a name that no other test uses, for a topic or a group."""
        return f"{name}-{secrets.token_hex(6)}"

    def create_topic(
        self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> str:
        """Make a topic, wait until it can be used, and give its name."""
        new = librdkafka.NewTopic(
            topic, num_partitions=partitions, replication_factor=1, config=dict(config or {})
        )
        wait_until(lambda: self._takes(new), what=f"a broker that takes topic {topic}")
        wait_until(lambda: self.partitions(topic) == partitions, what=f"topic {topic}")
        return topic

    def _takes(self, new: Any) -> bool:  # noqa: ANN401 - librdkafka's own type is partial
        try:
            _done(self._client.create_topics([new], request_timeout=TIMEOUT))
        except KafkaException as refused:
            # A broker that was frozen beyond its session is fenced until it has said so again.
            if refused.args[0].code() == KafkaError.INVALID_REPLICATION_FACTOR:
                return False
            raise
        return True

    def add_partitions(self, topic: str, partitions: int) -> None:
        """Raise the number of partitions of `topic` to `partitions`."""
        more = librdkafka.NewPartitions(topic, partitions)
        _done(self._client.create_partitions([more], request_timeout=TIMEOUT))
        wait_until(lambda: self.partitions(topic) == partitions, what=f"partitions of {topic}")

    def delete_topic(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""
        _done(self._client.delete_topics([topic], request_timeout=TIMEOUT))
        wait_until(lambda: self.partitions(topic) == 0, what=f"the end of topic {topic}")

    def delete_records(self, topic: str, *, before: int, partition: int = 0) -> None:
        """Delete the records before the offset `before`, as retention does."""
        at = TopicPartition(topic, partition, before)
        _done(self._client.delete_records([at], request_timeout=TIMEOUT))

    def partitions(self, topic: str) -> int:
        """The number of partitions of `topic` that can be used; 0 without such a topic."""
        found = self._client.list_topics(timeout=TIMEOUT).topics.get(topic)
        if found is None or found.error is not None:
            return 0
        return sum(partition.leader >= 0 for partition in found.partitions.values())

    def ends(self, topic: str, partitions: int = 1) -> Sequence[int]:
        """The offsets that the next records of each partition will get."""
        asked = {
            TopicPartition(topic, partition): librdkafka.OffsetSpec.latest()
            for partition in range(partitions)
        }
        found = self._client.list_offsets(asked, request_timeout=TIMEOUT)
        return [found[at].result(TIMEOUT).offset for at in asked]

    def start(self, topic: str, partition: int = 0) -> int:
        """The first offset that can still be read."""
        at = TopicPartition(topic, partition)
        asked = {at: librdkafka.OffsetSpec.earliest()}
        return int(
            self._client.list_offsets(asked, request_timeout=TIMEOUT)[at].result(TIMEOUT).offset
        )

    def topic_id(self, topic: str) -> str:
        """The broker's id of this life of `topic`, as Kafka's own tools spell it."""
        names = TopicCollection([topic])
        described = self._client.describe_topics(names, request_timeout=TIMEOUT)
        found = described[topic].result(TIMEOUT).topic_id
        halves = (found.get_most_significant_bits(), found.get_least_significant_bits())
        whole = b"".join(half.to_bytes(8, "big", signed=True) for half in halves)
        return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()

    def committed(self, group: str, topic: str, partition: int = 0) -> int | None:
        """The next offset that `group` told; None if it told none."""
        asked = [ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition)])]
        found = self._client.list_consumer_group_offsets(asked, request_timeout=TIMEOUT)
        try:
            offset = found[group].result(TIMEOUT).topic_partitions[0].offset
        except KafkaException:  # a group that nobody ever joined
            return None
        return int(offset) if offset >= 0 else None

    def members(self, group: str) -> int:
        """How many members `group` has."""
        try:
            return len(self.describe_group(group).members)
        except KafkaException:  # a group that nobody ever joined
            return 0

    def describe_group(self, group: str) -> Any:  # noqa: ANN401 - see `librdkafka`
        """What the broker says of `group`: librdkafka's description."""
        found = self._client.describe_consumer_groups([group], request_timeout=TIMEOUT)
        return found[group].result(TIMEOUT)

    async def produce(
        self, topic: str, *values: bytes | None, partition: int = 0, key: bytes | None = None
    ) -> Sequence[int]:
        """Append records, and give their offsets."""
        async with self._producer() as producer:
            return [
                (await producer.send_and_wait(topic, value, key=key, partition=partition)).offset
                for value in values
            ]

    async def produce_in_transaction(
        self, topic: str, *values: bytes | None, partition: int = 0, commit: bool
    ) -> None:
        """Append records in one transaction; its end is a marker, which has an offset too."""
        last = -1
        async with self._producer(transactional_id=self.scratch("transaction")) as producer:
            await producer.begin_transaction()
            for value in values:
                last = (await producer.send_and_wait(topic, value, partition=partition)).offset
            if commit:
                await producer.commit_transaction()
            else:
                await producer.abort_transaction()
        await asyncio.to_thread(  # the answer comes before the marker
            wait_until,
            lambda: self.ends(topic, partition + 1)[partition] > last + 1,
            what="the marker of the transaction",
        )

    @asynccontextmanager
    async def transaction(
        self, topic: str, value: bytes
    ) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
        """Append a record in a transaction that stays open until what this gives is called."""
        async with self._producer(transactional_id=self.scratch("transaction")) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(topic, value, partition=0)
            yield producer.commit_transaction

    @functools.cached_property
    def _client(self) -> Any:  # noqa: ANN401 - see `librdkafka`
        return librdkafka.AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    @asynccontextmanager
    async def _producer(
        self, *, transactional_id: str | None = None
    ) -> AsyncGenerator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, acks="all", transactional_id=transactional_id
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()


def _done(futures: Mapping[Any, Any]) -> None:
    for future in futures.values():
        future.result(TIMEOUT)
