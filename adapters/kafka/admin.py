"""
What aiokafka's Metadata is too old to tell: topic ids, `cleanup.policy`, the cluster's id.

librdkafka's admin client keeps its own connections and threads; its futures are awaited here.
"""

import asyncio
import concurrent.futures
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, cast

import msgspec
from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
    admin,
)

from adapters.kafka.config import KafkaConfig
from adapters.kafka.security import admin_security
from domain.errors import SourceUnavailableError
from domain.stream import LogPartition

logger = logging.getLogger(__name__)
librdkafka_logger = logging.getLogger("librdkafka")

REQUEST_TIMEOUT = 10.0
"""Seconds that one request may take."""

INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
"""The broker's own, which aiokafka leaves out of a pattern, too."""

MOCK_CLUSTER = "mockCluster"
"""librdkafka's own broker, which the demo uses, has no controller, no topic ids and no policies."""

# Its types are partial, and its module does not export its names in the way that checkers want.
librdkafka: Any = admin

Place = tuple[str, int]
"""Topic and partition."""


Life = tuple[str, str | None]
"""Ids of the cluster and of the topic: another life of a topic differs in one of them."""


class _Topic(msgspec.Struct, frozen=True):
    """What the cluster says of a topic."""

    topic_id: str | None = None
    compacted: bool = False


class KafkaAdmin:
    """
    Asks the cluster about its topics.

    Args:
        config: How to reach it.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        settings: dict[str, str | int] = {
            "bootstrap.servers": ",".join(config.bootstrap_servers),
            "client.id": f"{config.client_id}-admin",
            "socket.timeout.ms": int(REQUEST_TIMEOUT * 1000),
            "log_level": 4,
            **admin_security(config),
        }
        self._client = librdkafka.AdminClient(settings, logger=librdkafka_logger)
        self._isolation = (
            IsolationLevel.READ_COMMITTED
            if config.isolation_level == "read_committed"
            else IsolationLevel.READ_UNCOMMITTED
        )

    async def partitions(self, pattern: re.Pattern[str]) -> Sequence[Place]:
        """
        Every partition of every topic whose name `pattern` matches at its beginning.

        Raises:
            SourceUnavailableError: The cluster does not answer.
        """
        metadata = await self._metadata()
        return sorted(
            (name, partition)
            for name, topic in metadata.topics.items()
            if pattern.match(name) and name not in INTERNAL_TOPICS
            for partition in topic.partitions
        )

    async def describe(self, places: Collection[Place]) -> Sequence[LogPartition]:
        """
        What the broker says of each of `places`.

        Raises:
            SourceUnavailableError: The cluster does not answer, or knows nothing of one of them.
        """
        if not places:
            return []
        metadata = await self._metadata()
        names = sorted({topic for topic, _ in places})
        is_mock = metadata.cluster_id.startswith(MOCK_CLUSTER)
        topics = {n: _Topic() for n in names} if is_mock else await self._topics(names)
        starts = await self.offsets(places, librdkafka.OffsetSpec.earliest())
        ends = await self.offsets(places, librdkafka.OffsetSpec.latest())
        return [
            LogPartition(
                cluster_id=metadata.cluster_id,
                topic=topic,
                topic_id=topics[topic].topic_id,
                partition=partition,
                log_start=starts[topic, partition],
                log_end=ends[topic, partition],
                compacted=topics[topic].compacted,
            )
            for topic, partition in sorted(places)
        ]

    async def lives(self, topics: Collection[str]) -> Mapping[str, Life]:
        """
        Which lives the topics are in now; those that are not there are left out.

        Raises:
            SourceUnavailableError: The cluster does not answer.
        """
        metadata = await self._metadata()
        names = sorted(set(topics) & set(metadata.topics))
        if not names or metadata.cluster_id.startswith(MOCK_CLUSTER):
            return dict.fromkeys(names, (metadata.cluster_id, None))
        ids = await self._ids(names)
        return {name: (metadata.cluster_id, topic_id) for name, topic_id in ids.items()}

    async def ends(self, places: Collection[Place]) -> Mapping[Place, int]:
        """
        The log end of each of `places`, up to which committed records can be read.

        Raises:
            SourceUnavailableError: The cluster does not answer.
        """
        # librdkafka asks the leaders that it remembers, at the epochs that it remembers, and does
        # not mend that when they refuse: after an outage it has to be told to look again.
        await self._metadata()
        if not places:
            return {}
        return await self.offsets(places, librdkafka.OffsetSpec.latest())

    async def offsets(self, places: Collection[Place], spec: object) -> Mapping[Place, int]:
        """
        The offset at `spec` of each of `places`.

        Raises:
            SourceUnavailableError: The cluster does not answer, or knows nothing of one of them.
        """
        asked = {TopicPartition(topic, partition): spec for topic, partition in places}
        results = await self._ask(
            lambda: self._client.list_offsets(
                asked, isolation_level=self._isolation, request_timeout=REQUEST_TIMEOUT
            )
        )
        return {(at.topic, at.partition): found.offset for at, found in results.items()}

    async def _metadata(self) -> Any:  # noqa: ANN401 - confluent-kafka has no types here
        self._client.poll(0)  # hands what it wants to log to the logger, lest it piles up
        try:
            return await asyncio.to_thread(self._client.list_topics, timeout=REQUEST_TIMEOUT)
        except KafkaException as error:
            raise self._unavailable(error) from error

    async def _topics(self, names: Sequence[str]) -> Mapping[str, _Topic]:
        ids = await self._ids(names)
        policies = await self._policies(names)
        return {
            name: _Topic(topic_id, "compact" in policies.get(name, ""))
            for name, topic_id in ids.items()
        }

    async def _ids(self, names: Sequence[str]) -> Mapping[str, str | None]:
        described = await self._ask(
            lambda: self._client.describe_topics(
                TopicCollection(list(names)), request_timeout=REQUEST_TIMEOUT
            )
        )
        return {name: _text_of(topic.topic_id) for name, topic in described.items()}

    async def _policies(self, names: Sequence[str]) -> Mapping[str, str]:
        resources = [
            librdkafka.ConfigResource(librdkafka.ResourceType.TOPIC, name) for name in names
        ]
        try:
            found = await self._ask(
                lambda: self._client.describe_configs(resources, request_timeout=REQUEST_TIMEOUT)
            )
        except SourceUnavailableError as error:
            cause = cast("KafkaException", error.__cause__).args[0]
            if cause.code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise
            logger.warning(
                "cleanup.policy unknown, taken for delete: grant DescribeConfigs on the topics",
                extra={"topics": list(names)},
            )
            return {}
        return {r.name: str(entries["cleanup.policy"].value) for r, entries in found.items()}

    async def _ask(
        self, request: Callable[[], Mapping[Any, concurrent.futures.Future[Any]]]
    ) -> dict[Any, Any]:
        try:
            futures = request()
            answers: list[Awaitable[Any]] = [asyncio.wrap_future(f) for f in futures.values()]
            return dict(zip(futures, await asyncio.gather(*answers), strict=True))
        except KafkaException as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: KafkaException) -> SourceUnavailableError:
        servers = ", ".join(self._config.bootstrap_servers)
        return SourceUnavailableError(
            f"Kafka at {servers} does not answer as it should: {error.args[0].str()}. "
            f"The service asks again until it does."
        )


def _text_of(topic_id: Any) -> str | None:  # noqa: ANN401 - see `librdkafka`
    """
    Kafka's own spelling, which librdkafka's differs from in two letters.

    None for the id of all zeros, which means that there is none.
    """
    if topic_id is None:
        return None
    if not topic_id.get_most_significant_bits() and not topic_id.get_least_significant_bits():
        return None
    return str(topic_id).replace("+", "-").replace("/", "_")
