"""
Building aiokafka's consumer, always with the settings that losing nothing depends on.

- Offsets come from the database: `auto_offset_reset` is ``none``, and nothing is committed by
  itself. aiokafka's own default isolation would invent aborted changes.
- Checksums are checked: what was damaged on a disk must not become a change.
- A list of topics is subscribed as a pattern: asked for a name, aiokafka would have the broker
  make a topic that is not there yet, with other settings than Debezium's.
- The setting `consumer_timeout_ms` is not handed on: there it is the pace of the fetch loop.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from adapters.kafka.config import LONGEST_METADATA_AGE_MS, KafkaConfig
from adapters.kafka.reader import REQUEST_GRACE_MS
from adapters.kafka.security import consumer_security

_ASSIGNORS: dict[str, type[AbstractPartitionAssignor]] = {
    "roundrobin": RoundRobinPartitionAssignor,
    "range": RangePartitionAssignor,
    "sticky": StickyPartitionAssignor,
}


MOST_BUFFERED_BYTES = 64 * 1024 * 1024
"""About how much of all partitions together waits in aiokafka, as it came from the brokers."""

LEAST_FETCH_BYTES = 64 * 1024
MOST_RESPONSE_BYTES = 16 * 1024 * 1024


class RebalanceCallbacks(ConsumerRebalanceListener):
    """
    Hands aiokafka's two callbacks on.

    Args:
        revoked: Called with all partitions before a rebalance takes them; aiokafka awaits it, and
            goes on with the heartbeats meanwhile.
        assigned: Called with the partitions after a rebalance; no heartbeats until it is done.
    """

    def __init__(
        self,
        *,
        revoked: Callable[[], Awaitable[None]],
        assigned: Callable[[Collection[TopicPartition]], None],
    ) -> None:
        self._revoked = revoked
        self._assigned = assigned

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        del revoked  # eager rebalancing takes all of them
        await self._revoked()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._assigned(assigned)


def new_consumer(config: KafkaConfig) -> AIOKafkaConsumer:
    """
    Build a consumer that is not started, and subscribed to nothing yet.

    Raises:
        ConfigurationError: A certificate or key cannot be read.
    """
    settings: dict[str, Any] = {
        "bootstrap_servers": config.bootstrap_servers,
        "client_id": config.client_id,
        "group_id": config.group_id,
        "group_instance_id": config.group_instance_id,
        "auto_offset_reset": "none",
        "enable_auto_commit": False,
        "isolation_level": config.isolation_level,
        "check_crcs": True,
        "session_timeout_ms": config.session_timeout_ms,
        "rebalance_timeout_ms": config.session_timeout_ms,
        "heartbeat_interval_ms": config.heartbeat_interval_ms,
        "max_poll_interval_ms": config.max_poll_interval_ms,
        "max_poll_records": config.max_poll_records,
        "fetch_max_wait_ms": config.fetch_max_wait_ms,
        "max_partition_fetch_bytes": config.max_partition_fetch_bytes,
        "fetch_max_bytes": max(MOST_RESPONSE_BYTES, config.max_partition_fetch_bytes),
        "metadata_max_age_ms": min(config.metadata_max_age_ms, LONGEST_METADATA_AGE_MS),
        "request_timeout_ms": config.session_timeout_ms + REQUEST_GRACE_MS,
        "partition_assignment_strategy": [_ASSIGNORS[config.partition_assignment]],
        **consumer_security(config),
    }
    return AIOKafkaConsumer(**settings)


def limit_fetches(consumer: AIOKafkaConsumer, config: KafkaConfig, partitions: int) -> None:
    """
    Share what may be buffered among so many partitions: aiokafka holds a fetch of each.

    A record that is larger than its share still comes, alone.

    Args:
        consumer: Started.
        config: Its `max_partition_fetch_bytes` is not exceeded.
        partitions: How many are assigned.
    """
    share = max(LEAST_FETCH_BYTES, MOST_BUFFERED_BYTES // max(1, partitions))
    most = min(share, config.max_partition_fetch_bytes)
    inside: Any = consumer
    inside._fetcher._max_partition_fetch_bytes = most  # noqa: SLF001 - no other way, once started


def topics_pattern(config: KafkaConfig) -> re.Pattern[str]:
    """The names to read, as a pattern that is matched at the beginning of a name."""
    if config.topic_pattern:
        return re.compile(config.topic_pattern)
    return re.compile(f"(?:{_any_of(config.topics)})$")


def _any_of(names: Sequence[str]) -> str:
    return "|".join(re.escape(name) for name in names)
