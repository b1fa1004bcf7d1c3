"""Reads topics again, record by record, without a group: what a trail is held against."""

from collections.abc import AsyncGenerator

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from adapters.kafka.admin import REQUEST_TIMEOUT, KafkaAdmin
from adapters.kafka.config import KafkaConfig
from adapters.kafka.damage import DAMAGE, one_by_one
from adapters.kafka.reader import new_reader
from application.bookkeeping import LogExtent
from domain.account import Account
from domain.consumed import ConsumedRecord
from domain.errors import SourceUnavailableError
from domain.stream import StreamPartition


class KafkaTopicReader:
    """
    Reads what there still is of topics.

    Args:
        config: How to reach Kafka.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._admin = KafkaAdmin(config)

    async def extent(self, account: Account) -> LogExtent | None:
        topic, partition = account.partition.topic, account.partition.partition
        life = (await self._admin.lives([topic])).get(topic)
        if life is None or life[0] != account.cluster_id:
            return None
        if None not in (life[1], account.topic_id) and life[1] != account.topic_id:
            return None
        (log,) = await self._admin.describe([(topic, partition)])
        return LogExtent(log.log_start, log.log_end)

    async def read(
        self, partition: StreamPartition, *, start: int, end: int
    ) -> AsyncGenerator[ConsumedRecord]:
        if start >= end:
            return
        place = TopicPartition(partition.topic, partition.partition)
        reader = new_reader(self._config)
        reached = start
        try:
            await reader.start()
            reader.assign([place])
            reader.seek(place, start)
            while reached < end:
                found = await reader.getmany(place, timeout_ms=int(REQUEST_TIMEOUT * 1000))
                before, reached = reached, await reader.position(place)
                if reached == before:
                    raise self._unreadable(place, before, "the broker gives nothing")
                for record in found.get(place, ()):
                    if record.offset < end:
                        yield record
        except DAMAGE:  # perhaps behind `end`, in the same fetch
            async for sound in one_by_one(self._config, place, start=reached, end=end):
                yield sound
        except KafkaError as error:
            raise self._unreadable(place, reached, f"{type(error).__name__}: {error}") from error
        finally:
            await reader.stop()

    def _unreadable(self, place: TopicPartition, offset: int, why: str) -> SourceUnavailableError:
        servers = ", ".join(self._config.bootstrap_servers)
        return SourceUnavailableError(
            f"topic {place.topic}, partition {place.partition} of Kafka at {servers} cannot be "
            f"read from offset {offset} on: {why}. Verify again when it can."
        )
